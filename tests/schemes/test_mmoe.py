"""Mixture of experts: its gates, its stem, and what it refuses."""

import jax
import numpy as np
import pytest
from scipy import special

from tests import small

quick = small.quick


def start(encoder, **fields):
  scheme = small.scheme('mmoe', encoder, **fields)
  x = small.inputs(encoder)
  return jax.eval_shape(lambda: scheme.init(jax.random.key(0), x, False))


@pytest.mark.parametrize('encoder', ['lenet', 'lstm'])
def test_gates_do_not_read_raw_pixels_or_words(encoder):
  with pytest.raises(ValueError, match='expert_from=1'):
    start(encoder, expert_from=0)


@pytest.mark.parametrize(('encoder', 'cut'), [('mlp', 2), ('lenet', 4)])
def test_no_stage_for_the_experts_is_refused(encoder, cut):
  with pytest.raises(ValueError, match='no stage for the experts'):
    start(encoder, expert_from=cut)


@pytest.mark.parametrize(
  ('encoder', 'width'), [('mlp', 5), ('lenet', 2), ('lstm', 4)]
)
def test_gates_read_the_input_or_the_pooled_stem(encoder, width):
  params = start(encoder, num_experts=2)['params']
  assert params['gates'].shape == (3, width, 2)
  assert ('shared_stem' in params) == (encoder != 'mlp')


def test_a_task_mixes_the_experts_by_its_gate():
  scheme = small.scheme('mmoe', num_experts=2)
  x = small.inputs()
  params = small.params(scheme, x)
  out = scheme.apply({'params': params}, x, False)
  params = jax.tree.map(np.asarray, params)
  x = np.asarray(x)
  features = []
  for e in range(2):
    h = x
    for i in range(2):
      dense = params['shared_experts'][f'stage_{i}']['Dense_0']
      h = np.maximum(h @ dense['kernel'][e] + dense['bias'][e], 0)
    features.append(h)
  for t in range(3):
    gate = special.softmax(x @ params['gates'][t], axis=1)
    mixed = gate[:, :1] * features[0] + gate[:, 1:] * features[1]
    head = params[f'head_{t}']['Dense_0']
    expected = mixed @ head['kernel'] + head['bias']
    np.testing.assert_allclose(out[t], expected, rtol=1e-4, atol=1e-5)
