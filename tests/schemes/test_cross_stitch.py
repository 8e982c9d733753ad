"""Cross-stitch units: how they start, their shapes, their bounds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import small

quick = small.quick


def start(num_tasks=3, **fields):
  tasks = (small.TASKS[0],) * num_tasks
  scheme = small.scheme('cross_stitch', tasks=tasks, **fields)
  init = jax.jit(lambda: scheme.init(jax.random.key(0), small.inputs(), False))
  params = init()['params']
  return {name: unit for name, unit in params.items() if 'stitch' in name}


@pytest.mark.parametrize('num_tasks', range(1, 6))
def test_rows_sum_to_one(num_tasks):
  for unit in start(num_tasks).values():
    np.testing.assert_allclose(unit.sum(axis=1), 1, rtol=1e-6)
    own = np.asarray(unit)[np.arange(num_tasks), np.arange(num_tasks)]
    np.testing.assert_allclose(own, 0.9 if num_tasks > 1 else 1, rtol=1e-6)


def test_one_alpha_per_channel_or_per_stage():
  shapes = {name: unit.shape for name, unit in start().items()}
  assert shapes == {
    'shared_stitch_0': (3, 3, 6),
    'stitch_1': (3, 3, 4),
  }
  per_stage = start(per_channel=False)
  assert {unit.shape for unit in per_stage.values()} == {(3, 3, 1)}


def test_the_last_unit_is_private():
  assert set(start(stitch_after=(0, 1))) == {'shared_stitch_0', 'stitch_1'}
  assert set(start(stitch_after=(0,))) == {'stitch_0'}


def test_stitch_behind_the_last_stage_is_refused():
  with pytest.raises(ValueError, match=r'stitch_after=\(0, 2\).*stages 0..1'):
    start(stitch_after=(0, 2))


def test_stitch_mixes_tasks_channel_by_channel():
  """Equation 1, on features of a Dense stage with one unit at the end."""
  tasks = (small.TASKS[2],) * 2
  scheme = small.scheme('cross_stitch', tasks=tasks, stitch_after=(1,))
  x = small.inputs()
  params = small.params(scheme, x)
  h = [np.asarray(x)] * 2
  for i in range(2):
    dense = jax.tree.map(np.asarray, params[f'shared_tower_{i}']['Dense_0'])
    h = [
      np.maximum(h[t] @ dense['kernel'][t] + dense['bias'][t], 0)
      for t in range(2)
    ]
  alpha = np.asarray(params['stitch_1'])
  out = scheme.apply({'params': params}, x, False)
  for t in range(2):
    mixed = alpha[t, 0] * h[0] + alpha[t, 1] * h[1]
    head = jax.tree.map(np.asarray, params[f'head_{t}']['Dense_0'])
    expected = mixed @ head['kernel'] + head['bias']
    np.testing.assert_allclose(out[t], expected, rtol=1e-4, atol=1e-5)


def test_padding_stays_out_of_stitched_sequences():
  scheme = small.scheme('cross_stitch', 'lstm')
  words = jnp.array([[3, 1, 2], [4, 0, 0]])
  params = small.params(scheme, words)
  short = scheme.apply({'params': params}, words, False)
  longer = jnp.pad(words, [(0, 0), (0, 2)])
  small.close(short, scheme.apply({'params': params}, longer, False), 1e-6)
