"""Multi-task attention: masks, what is carried on, and whose moments."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from mtl_jax.schemes import base
from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import (
  K,
  assert_same,
  encoders,
  heads,
  losses,
  tower,
)

quick = small.quick


def drawn(encoder='mlp', tasks=small.TASKS):
  """A scheme, random parameters and running statistics, and rows.

  Biases are above 0, so that few ReLUs are dead.
  """
  scheme, x = small.scheme('mtan', encoder, tasks), small.inputs(encoder)
  params = jax.tree_util.tree_map_with_path(
    lambda path, w: abs(w) + 0.3 if path[-1].key == 'bias' else w,
    small.params(scheme, x),
  )
  return scheme, params, plain.statistics(scheme, x), x


def masks(params, stats, h):
  """One task's attention to `[..., C]`."""
  for i, act in enumerate((functools.partial(np.maximum, 0), special.expit)):
    h = plain.dense(params[f'Dense_{i}'], h)
    own = stats and stats[f'BatchNorm_{i}']
    h = act(plain.batch_norm(params[f'BatchNorm_{i}'], h, own))
  return h


def conv(kernel, images):
  """3 x 3, zero padding of one pixel, no bias."""
  rows, columns = images.shape[1:3]
  padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)])
  return sum(
    padded[:, i : i + rows, j : j + columns] @ kernel[i, j]
    for i in range(3)
    for j in range(3)
  )


def resized(images, shape):
  """Linear interpolation; where pixels get fewer, over as many as one takes."""
  for axis, size in zip((1, 2), shape[1:3], strict=True):
    before = images.shape[axis]
    scale = before / size
    centres = (np.arange(size)[:, None] + 0.5) * scale - 0.5
    distance = np.abs(centres - np.arange(before)) / max(scale, 1)
    weights = np.maximum(0, 1 - distance)
    weights /= weights.sum(1, keepdims=True)
    images = np.moveaxis(np.tensordot(weights, images, (1, axis)), 0, axis)
  return images


def unit(params, stats, h):
  """Convolution, normalisation and ReLU."""
  h = conv(params['Conv_0']['kernel'], h)
  own = stats and stats['BatchNorm_0']
  return np.maximum(plain.batch_norm(params['BatchNorm_0'], h, own), 0)


def windows(images):
  """Pixels of 2 x 2 windows: `[B, H / 2, 2, W / 2, 2, C]`."""
  b, height, width, c = images.shape
  return images.reshape(b, height // 2, 2, width // 2, 2, c)


def carried(params, stats, kept, shape):
  """A task's masked features, in the next stage's shape."""
  if len(shape) == 2 and kept.ndim > 2:
    kept = kept.mean((1, 2))
  if kept.ndim > 2:
    return resized(unit(params, stats, kept), shape)
  h = plain.dense(params['Dense_0'], kept)
  own = stats and stats['BatchNorm_0']
  return np.maximum(plain.batch_norm(params['BatchNorm_0'], h, own), 0)


def reference(params, stats, outputs):
  """Features of all tasks and their mean masks; stages' outputs are given."""
  kept, means = [None] * K, []
  for i, u in enumerate(outputs):
    attended = []
    for t in range(K):
      own = small.take(params[f'attention_{i}'], t)
      moments = stats and small.take(stats[f'attention_{i}'], t)
      read = u if i == 0 else np.concatenate([u, kept[t]], axis=-1)
      attended.append(masks(own, moments, read))
    means.append(np.array([a.mean() for a in attended]))
    kept = [a * u for a in attended]
    if i < len(outputs) - 1:
      following = outputs[i + 1].shape
      name = f'shared_carry_{i}'
      kept = [
        carried(
          params[name], stats and small.take(stats[name], t), h, following
        )
        for t, h in enumerate(kept)
      ]
  return kept, means


def outputs(scheme, params, x):
  """Of each stage; the encoder has tests of its own."""
  result = []
  for i, stage in enumerate(scheme.stages):
    variables = {'params': params[f'shared_stage_{i}']}
    x = stage(parent=None).apply(variables, x, False)
    result.append(np.asarray(x, np.float64))
  return result


@pytest.mark.parametrize('encoder', ['mlp', 'lenet'])
def test_a_task_masks_every_stage_by_what_it_kept_before(encoder):
  scheme, params, stats, x = drawn(encoder)
  actual, kept = plain.applied(scheme, params, x, batch_stats=stats)
  p, s = plain.host((params, stats))
  features, means = reference(p, s, outputs(scheme, params, x))
  small.close(actual, plain.heads(p, features), 1e-4)
  recorded = {f'mask of stage {i} (task)': m for i, m in enumerate(means)}
  small.close(dict(kept['intermediates']), recorded, 1e-5)


def test_segnet_is_masked_inside_its_stages():
  """As published: before pooling, and by what is unpooled."""
  scheme, params, stats, x = drawn('segnet', small.MAPS)
  actual, kept = plain.applied(scheme, params, x, batch_stats=stats)
  p, s = plain.host((params, stats))
  selected, means = [None] * K, []
  for i, (first, last, output) in enumerate(insides(scheme, p, s, x)):
    attended = []
    for t in range(K):
      read = [first]
      if i == 2 or i == 3:  # They double the picture.
        name = f'shared_enlarge_{i}'
        own = small.take(s[name], t)
        selected[t] = unit(p[name], own, resized(selected[t], first.shape))
      if i:
        read.append(selected[t])
      own = (small.take(tree[f'attention_{i}'], t) for tree in (p, s))
      attended.append(masks(*own, np.concatenate(read, axis=-1)))
    means.append(np.array([a.mean() for a in attended]))
    selected = [a * last for a in attended]
    if i < 2:  # They halve it.
      name = f'shared_carry_{i}'
      selected = [
        windows(unit(p[name], small.take(s[name], t), h)).max((2, 4))
        for t, h in enumerate(selected)
      ]
      small.close(output.values, windows(last).max((2, 4)), 1e-5)
  maps = tuple(head(p[f'head_{t}'], h) for t, h in enumerate(selected))
  small.close(actual, maps, 1e-3)
  recorded = {f'mask of stage {i} (task)': m for i, m in enumerate(means)}
  small.close(dict(kept['intermediates']), recorded, 1e-4)


def insides(scheme, params, stats, x):
  """What stages of SegNet show: the first features are checked here."""
  for i, stage in enumerate(scheme.stages):
    name = f'shared_stage_{i}'
    own = {'params': params[name], 'batch_stats': stats[name]}
    seen = stage(parent=None).apply(own, x, False, method='inside')
    read = np.asarray(getattr(x, 'values', x), np.float64)
    if i < 2:
      block, moments = params[name]['Block_0'], stats[name]['Block_0']
      h = conv(block['Conv_0']['kernel'], read / (255 if i == 0 else 1))
      norm = 'BatchNorm_0'
      layers = block[norm][norm], moments[norm][norm]
      first = np.maximum(plain.batch_norm(layers[0], h, layers[1]), 0)
      small.close(seen.first, first, 1e-4)
    else:
      small.close(windows(seen.first).sum((2, 4)), read, 1e-5)
    yield seen
    x = seen.output


def head(params, h):
  """Convolutions of 3 x 3 and 1 x 1 pixels, with biases."""
  h = conv(params['Conv_0']['kernel'], h) + params['Conv_0']['bias']
  return h @ params['Conv_1']['kernel'][0, 0] + params['Conv_1']['bias']


def test_in_training_each_task_is_normalised_by_its_own_rows():
  """Also in the convolution that all share: moments are one task's."""
  scheme, params, stats, x = drawn()
  actual, kept = plain.applied(scheme, params, x, True, batch_stats=stats)
  p, s = plain.host((params, stats))
  us = outputs(scheme, params, x)
  features, _ = reference(p, None, us)
  small.close(actual, plain.heads(p, features), 1e-3)
  dense = p['shared_carry_0']['Dense_0']
  first = [
    masks(small.take(p['attention_0'], t), None, us[0]) * us[0]
    for t in range(K)
  ]
  means = np.stack([plain.dense(dense, h).mean(0) for h in first])
  assert np.ptp(means, axis=0).max() > 0.1
  result = kept['batch_stats']['shared_carry_0']['BatchNorm_0']['mean']
  before = s['shared_carry_0']['BatchNorm_0']['mean']
  np.testing.assert_allclose(result, 0.9 * before + 0.1 * means, rtol=1e-4)


@encoders
def test_masks_of_1_are_hard(encoder):
  """A last bias so large that the sigmoid is 1, whatever is carried."""
  mtan, hard = losses('mtan', encoder), losses('hard', encoder)
  rest = small.params(small.scheme('mtan', encoder), small.inputs(encoder))
  rest = {k: v for k, v in rest.items() if k.startswith(('att', 'shared_c'))}
  for name, params in rest.items():
    if name.startswith('attention'):
      norm = params['BatchNorm_1']
      norm['bias'] = jnp.full_like(norm['bias'], 1000)

  def actual(w, h):
    stages = {f'shared_{stage}': params for stage, params in w.items()}
    return mtan(stages, rest, h)

  assert_same(
    actual,
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


def test_padding_has_no_part_in_masks_and_moments():
  scheme, params, _, _ = drawn('transformer')
  words = jnp.array([[3, 1, 2], [4, 5, 0], [6, 0, 0]])
  longer = jnp.pad(words, [(0, 0), (0, 3)])
  stats = plain.statistics(scheme, words)
  short, long = (
    plain.applied(scheme, params, x, True, batch_stats=stats)
    for x in (words, longer)
  )
  small.close(short, long, 1e-4)


def test_one_convolution_serves_all_tasks_and_the_rest_is_their_own():
  params = plain.start(small.scheme('mtan', 'lenet'), small.inputs('lenet'))
  shared, private = base.split(params)
  assert {k for k in shared if 'stage' not in k} == {
    'shared_carry_0',
    'shared_carry_1',
  }
  assert shared['shared_carry_0']['Conv_0']['kernel'].shape == (3, 3, 2, 4)
  for i, (read, width) in enumerate([(2, 2), (8, 4), (12, 6)]):
    first, second = (private[f'attention_{i}'][f'Dense_{j}'] for j in (0, 1))
    assert first['kernel'].shape == (K, read, width)
    assert second['kernel'].shape == (K, width, width)
    # Each task begins with an attention of its own.
    assert not np.array_equal(first['kernel'][0], first['kernel'][1])
    norm = private[f'attention_{i}']['BatchNorm_1']
    np.testing.assert_array_equal(norm['scale'], np.ones((K, width)))
    np.testing.assert_array_equal(norm['bias'], np.zeros((K, width)))


def test_masks_start_about_one_half():
  """Normalised scores of no bias: no stage is open or shut yet."""
  scheme, x = small.scheme('mtan'), small.inputs(rows=64)
  params = plain.start(scheme, x)
  stats = small.extra(scheme, x)
  _, kept = plain.applied(scheme, params, x, True, **stats)
  for i in range(2):
    recorded = kept['intermediates'][f'mask of stage {i} (task)']
    assert (np.abs(recorded - 0.5) < 0.1).all()


def test_what_a_task_kept_comes_in_the_shape_of_the_next_stage():
  """Inferred without computing, also for other kinds of features."""
  scheme, words = small.scheme('mtan', 'lstm'), small.inputs('lstm')
  assert scheme.following(0, words) == (8, 5, 4)
  shapes = jax.eval_shape(lambda: scheme.init(jax.random.key(0), words, False))
  carry = shapes['params']['shared_carry_0']
  assert carry['Dense_0']['kernel'].shape == (4, 6)
