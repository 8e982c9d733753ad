"""What holds for every encoder file."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import plugins
from mtl_jax.encoders import gru, lenet, lenet_sener_koltun, lstm, mlp
from mtl_jax.schemes import base
from tests import small
from tests.encoders import traced

quick = small.quick

ROWS = 4


@functools.cache
def encoder(name, **fields):
  """The encoder as one module, its parameters and a batch."""
  module = base.Encoder(small.stages(name, **fields))
  x = small.inputs(name, ROWS)
  return module, start(module, x), x


@functools.partial(jax.jit, static_argnums=0)
def start(module, x):
  return module.init(jax.random.key(0), x, False)


@functools.partial(jax.jit, static_argnums=(0, 3))
def apply(module, variables, x, train=False, seed=0):
  rngs = {'dropout': jax.random.key(seed)}
  return module.apply(variables, x, train, rngs=rngs)


@pytest.mark.parametrize('name', small.ENCODERS)
def test_features_have_a_row_per_row(name):
  module, variables, x = encoder(name)
  features = apply(module, variables, x)
  assert base.summary(features).shape[0] == ROWS
  assert base.summary(features).ndim == 2


@pytest.mark.parametrize('name', small.ENCODERS)
def test_rows_do_not_meet(name):
  module, variables, x = encoder(name)
  order = jnp.array([2, 0, 3, 1])
  whole = base.summary(apply(module, variables, x))
  moved = jax.tree.map(lambda leaf: leaf[order], x)
  other = base.summary(apply(module, variables, moved))
  small.close(other, whole[order])


@pytest.mark.parametrize('name', small.ENCODERS)
def test_every_stage_has_parameters_of_its_own(name):
  module, variables, _ = encoder(name)
  expected = {f'stage_{i}' for i in range(len(module.stages))}
  assert set(variables['params']) == expected


def _with_dropout():
  makes = {
    n: plugins.find('mtl_jax.encoders', n, 'make') for n in small.ENCODERS
  }
  return [n for n, m in makes.items() if 'dropout' in plugins.fields(m)]


@pytest.mark.parametrize('name', _with_dropout())
def test_dropout_acts_in_training_alone(name):
  module, variables, x = encoder(name, dropout=0.5)

  def features(train, seed):
    return base.summary(apply(module, variables, x, train, seed))

  np.testing.assert_array_equal(features(False, 0), features(False, 1))
  np.testing.assert_array_equal(features(True, 0), features(True, 0))
  assert (features(True, 0) != features(True, 1)).any()
  plain, _, _ = encoder(name)
  expected = base.summary(apply(plain, variables, x))
  np.testing.assert_array_equal(features(False, 0), expected)


def test_mlp_equals_plain_numpy():
  module = base.Encoder(mlp.make(widths=(6, 3)))
  x = np.random.default_rng(0).normal(size=(4, 2, 5)).astype(np.float32)
  variables = start(module, jnp.array(x))
  h = x.reshape(4, 10)
  for stage in ('stage_0', 'stage_1'):
    dense = jax.tree.map(np.asarray, variables['params'][stage]['Dense_0'])
    h = np.maximum(h @ dense['kernel'] + dense['bias'], 0)
  actual = apply(module, variables, jnp.array(x))
  np.testing.assert_allclose(actual, h, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('side', [4, 7, 28])
def test_lenet_halves_the_image_at_each_block(side):
  stages = lenet.make(channels=(3, 4), width=5)
  x = jax.ShapeDtypeStruct((2, side, side, 1), jnp.float32)
  sizes = [side // 2, side // 4]
  expected = [(2, s, s, c) for s, c in zip(sizes, (3, 4), strict=True)]
  for i, shape in enumerate([*expected, (2, 5)]):
    # Each prefix of the stages shows the shape that its last one makes.
    module = base.Encoder(stages[: i + 1])
    out, _ = jax.eval_shape(
      lambda x, m=module: m.init_with_output(jax.random.key(0), x, False), x
    )
    assert out.shape == shape


def test_lenet_scales_bytes():
  module = base.Encoder(lenet.make(channels=(3,), width=5))
  bytes_ = small.inputs('lenet')
  variables = start(module, bytes_)
  small.close(
    apply(module, variables, bytes_),
    apply(module, variables, bytes_.astype(jnp.float32) / 255),
  )


@pytest.mark.parametrize('make', [lstm.make, gru.make])
def test_padding_changes_nothing_in_a_recurrent_network(make):
  module = base.Encoder(make(vocab_size=7, embedding=4, width=5))
  words = jnp.array([[3, 1, 2], [4, 0, 0]])
  variables = start(module, words)
  longer = jnp.pad(words, [(0, 0), (0, 3)])
  np.testing.assert_array_equal(
    apply(module, variables, words),
    apply(module, variables, longer),
  )


def shapes(stages, side):
  """Of the kernels behind pictures of so many pixels, by stage."""
  x = jax.ShapeDtypeStruct((2, side, side, 1), jnp.uint8)
  _, variables = traced.features(stages, x)
  kernels = jax.tree_util.tree_leaves_with_path(variables['params'])
  return [leaf.shape for path, leaf in kernels if 'kernel' in str(path[-1])]


def test_published_lenets_have_the_published_shapes():
  """Of ParetoMTL, COSMOS, and Sener and Koltun: 500, 720 and 320 inputs."""
  pareto = lenet.make(sizes=(9, 5), padding='VALID')
  assert shapes(pareto, 36) == [(9, 9, 1, 10), (5, 5, 10, 20), (500, 50)]
  cosmos = lenet.make(padding='VALID')
  assert shapes(cosmos, 36) == [(5, 5, 1, 10), (5, 5, 10, 20), (720, 50)]
  first = [(5, 5, 1, 10), (5, 5, 10, 20), (320, 50), (50, 50)]
  assert shapes(lenet_sener_koltun.make(), 28) == first


def test_channels_are_dropped_for_a_whole_batch():
  dropped = lenet_sener_koltun.make(channels=(8, 8), size=1)[1]()
  x = jnp.ones((ROWS, 4, 4, 8))
  variables = dropped.init(jax.random.key(0), x, False)
  ones = jax.tree.map(jnp.ones_like, variables)
  out = dropped.apply(ones, x, True, rngs={'dropout': jax.random.key(1)})
  # Each channel is 0 everywhere, or twice the 8 + 1 of evaluation.
  channels = np.asarray(out).reshape(-1, 8)
  assert (channels == channels[0]).all()
  assert {*channels[0].tolist()} == {0.0, 18.0}
