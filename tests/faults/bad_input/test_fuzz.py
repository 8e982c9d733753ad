"""Drawn input is used or refused in one line; MTL_JAX_FUZZ draws more."""

import warnings

import pytest

from tests.faults.bad_input import fuzzing


@pytest.mark.parametrize('name', fuzzing.PROPERTIES)
def test_drawn_input_is_used_or_refused_in_one_line(name):
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # of pandas, about dates of mixed forms
    fuzzing.PROPERTIES[name](fuzzing.examples(15))
