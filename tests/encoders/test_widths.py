"""An encoder of more channels: what `WIDTHS` says is so in every file."""

import importlib

import pytest

from mtl_jax import encoders, plugins
from mtl_jax.schemes import base
from tests import small
from tests.encoders import traced

quick = small.quick


def module(name):
  return importlib.import_module(f'mtl_jax.encoders.{name}')


def channels(stages, name):
  """Of the features of every stage."""
  features, _ = traced.features(stages, small.inputs(name, rows=2))
  return [base.channels(h) for h in features]


@pytest.mark.parametrize('factor', [0.5, 3.0])
@pytest.mark.parametrize('name', small.ENCODERS)
def test_every_stage_has_so_many_times_the_channels(name, factor):
  one = channels(small.stages(name), name)
  other = channels(small.resized(name, factor), name)
  assert other == [factor * width for width in one]


@pytest.mark.parametrize('name', small.ENCODERS)
def test_defaults_are_resized_to_themselves_and_to_fields(name):
  make, widths = module(name).make, module(name).WIDTHS
  fields = plugins.fields(make)
  assert {*widths, *filter(None, widths.values())} <= set(fields)
  assert encoders.resized(fields, widths, 1.0) == fields
  more = encoders.resized(fields, widths, 1.9)
  assert {k for k in fields if more[k] != fields[k]} == set(widths)
  assert len(make(**more)) == len(make(**fields))


def test_each_number_is_rounded_by_itself_and_one_at_least():
  fields = {'widths': [10, 4, 1], 'depth': 2, 'width': 5}
  widths = {'widths': '', 'width': ''}
  result = encoders.resized(fields, widths, 0.3)
  assert result == {'widths': (3, 1, 1), 'depth': 2, 'width': 2}
  assert fields == {'widths': [10, 4, 1], 'depth': 2, 'width': 5}


@pytest.mark.parametrize(
  ('factor', 'width'), [(1.3, 12), (0.8, 8), (0.01, 4), (2.49, 20)]
)
def test_width_of_a_transformer_stays_a_multiple_of_its_heads(factor, width):
  fields = {'width': 8, 'heads': 4, 'depth': 1}
  result = encoders.resized(fields, module('transformer').WIDTHS, factor)
  assert result == {'width': width, 'heads': 4, 'depth': 1}
