"""Names of the parameters of schemes that users write."""

import pytest

from mtl_jax.errors import InputError
from tests import small
from tests.cells.test_build import make

quick = small.quick


@pytest.mark.parametrize('name', ['encoder', 'aux_encoder'])
def test_a_shared_parameter_must_be_called_so(name):
  fields = {'misnamed': {'called': name}}
  with pytest.raises(InputError) as error:
    _ = make(scheme='tests.cells.misnamed', schemes=fields).traced
  text = str(error.value)
  assert '\n' not in text
  for part in ('tests.cells.misnamed', 'sum and first', f"'{name}'"):
    assert part in text
  assert "'shared_encoder'" in text


@pytest.mark.parametrize(
  'name',
  ['tests.cells.misnamed', 'mtl_jax.schemes.dmtrl', 'mtl_jax.schemes.ple'],
)
def test_right_names_pass(name):
  _ = make(scheme=name).traced
