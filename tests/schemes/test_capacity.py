"""Controls of equal capacity: how many parameters they have, and which."""

import functools
import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import encoders, plugins
from mtl_jax.schemes.parts import capacity
from tests import small
from tests.schemes import plain, reference

quick = small.quick

K = len(small.TASKS)


@functools.cache
def default(name, encoder, tasks=K):
  """A scheme over an encoder as it is by default, and shapes of rows."""
  module = importlib.import_module(f'mtl_jax.encoders.{encoder}')
  fields = plugins.fields(module.make)

  def resize(factor):
    return module.make(**encoders.resized(fields, module.WIDTHS, factor))

  shape, dtype = {
    'mlp': ((2, 12), jnp.float32),
    'lenet': ((2, 12, 12, 1), jnp.uint8),
    'lstm': ((2, 5), jnp.int32),
  }[encoder]
  heads = (small.scheme('hard').heads * 2)[:tasks]
  scheme = small.scheme(name).clone(
    stages=module.make(), heads=heads, resize=resize
  )
  return scheme, jax.ShapeDtypeStruct(shape, dtype)


@functools.cache
def count(name, encoder, tasks=K):
  return capacity.parameters(*default(name, encoder, tasks))


@pytest.mark.parametrize(
  ('encoder', 'tasks'), [('mlp', 2), ('mlp', 6), ('lenet', K), ('lstm', K)]
)
@pytest.mark.parametrize(
  ('name', 'other'), [('hard_wide', 'single'), ('single_small', 'hard')]
)
def test_capacity_is_that_of_the_other_scheme(name, other, encoder, tasks):
  """Within what one channel more or less makes."""
  wanted = count(other, encoder, tasks)
  alike = {'hard_wide': 'hard', 'single_small': 'single'}[name]
  assert abs(count(name, encoder, tasks) / wanted - 1) < 0.04
  assert abs(count(alike, encoder, tasks) / wanted - 1) > 0.3


def test_parameters_are_counted():
  """12 inputs, widths 64 and 64, heads of 1, 3 and 1 outputs."""
  encoder, heads = 12 * 64 + 64 + 64 * 64 + 64, 65 * (1 + 3 + 1)
  assert count('hard', 'mlp') == encoder + heads
  assert count('single', 'mlp') == K * encoder + heads


def widths(name):
  """Widths of the mlp that a scheme takes for that with 64 and 64."""
  scheme, rows = default(name, 'mlp')
  result = jax.eval_shape(
    lambda x: scheme.init(jax.random.key(0), x, False), rows
  )['params']
  trunk = result.get('shared_encoder') or result['towers']
  return [trunk[f'stage_{i}']['Dense_0']['bias'].shape[-1] for i in range(2)]


@pytest.mark.parametrize('name', ['hard_wide', 'single_small'])
def test_no_width_would_match_better(name):
  def parameters(width, towers):
    return towers * (13 * width + width * (width + 1)) + (width + 1) * 5

  towers, others = {'hard_wide': (1, K), 'single_small': (K, 1)}[name]
  wanted = parameters(64, others)
  best = min(
    range(1, 200), key=lambda width: abs(parameters(width, towers) - wanted)
  )
  assert widths(name) == [best, best]


@pytest.mark.parametrize('name', ['hard_wide', 'single_small'])
def test_one_task_needs_no_resizing(name):
  assert count(name, 'mlp', 1) == count('hard', 'mlp', 1)


def test_wide_is_one_encoder_for_all():
  scheme, x = small.scheme('hard_wide'), small.inputs()
  params = jax.device_get(small.params(scheme, x))
  out, _ = reference.run(scheme, {'params': params}, x)
  h = plain.encoder(params['shared_encoder'], np.asarray(x))
  reference.close(out, plain.heads(params, [h] * K))


def test_small_is_one_tower_per_task():
  scheme, x = small.scheme('single_small'), small.inputs()
  params = jax.device_get(small.params(scheme, x))
  out, _ = reference.run(scheme, {'params': params}, x)
  features = plain.encoders(params['towers'], np.asarray(x))
  reference.close(out, plain.heads(params, features))


@pytest.mark.parametrize('name', ['hard_wide', 'single_small'])
def test_an_encoder_of_unknown_widths_is_refused(name):
  scheme = small.scheme(name).clone(resize=None)
  with pytest.raises(
    ValueError, match='does not declare its WIDTHS; see .*mlp'
  ):
    jax.eval_shape(
      lambda: scheme.init(jax.random.key(0), small.inputs(), False)
    )
