"""`import mtl_jax` is quick, and its functions are found by name."""

import subprocess
import sys

import pytest

import mtl_jax as mtl

LAZY = """
import sys
import mtl_jax as mtl
assert {*mtl.__all__} <= {*dir(mtl)}
assert not {'jax', 'numpy', 'pandas', 'ml_collections'} & {*sys.modules}
mtl.InputError
assert 'jax' not in sys.modules
assert callable(mtl.interference)
import mtl_jax.interference
assert mtl.interference is mtl_jax.interference and callable(mtl.interference)
from mtl_jax import interference
interference.cosines
"""


def test_no_jax_is_imported_before_it_is_needed():
  subprocess.run([sys.executable, '-c', LAZY], check=True, timeout=100)


def test_an_unknown_name_is_no_attribute():
  with pytest.raises(AttributeError, match="no attribute 'comprae'"):
    mtl.comprae  # noqa: B018


def test_a_room_and_the_function_of_its_name_are_one():
  with pytest.raises(mtl.InputError, match="did you mean 'actg175'"):
    mtl.interference('actg157')
