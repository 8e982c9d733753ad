"""AdaShare: what is skipped, and what it costs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from mtl_jax import layers
from mtl_jax.schemes import adashare
from tests import small
from tests.schemes import plain, reference
from tests.schemes.test_reductions import assert_same

quick = small.quick

K = len(small.TASKS)
DEPTH = 4


def deep(name, depth=DEPTH, **fields):
  """A scheme on stages of equal widths."""
  stages = small.stages(widths=(6,) * depth)
  return small.scheme(name, **fields).clone(stages=stages)


def case(**fields):
  """A scheme of four stages, rows, and parameters in numpy."""
  scheme, x = deep('adashare', **fields), small.inputs()
  return scheme, x, jax.device_get(small.params(scheme, x))


def expected(params, x, use):
  """Predictions where task t takes `use[t, i - 1]` of stage i."""
  features = [reference.layer(params['shared_stage_0'], np.asarray(x))] * K
  for i in range(1, DEPTH):
    features = [
      use[t, i - 1] * reference.layer(params[f'shared_stage_{i}'], h)
      + (1 - use[t, i - 1]) * h
      for t, h in enumerate(features)
    ]
  return plain.heads(params, features)


def policies(params):
  """Logits `[K, stages, 2]` to use the stage, and to skip it."""
  return np.stack([params[f'policy_{i}'] for i in range(1, DEPTH)], axis=1)


def test_evaluation_skips_where_that_is_likelier():
  scheme, x, params = case()
  out, recorded = reference.run(scheme, {'params': params}, x)
  logits = policies(params)
  use = logits[..., 0] > logits[..., 1]
  assert set(use.ravel()) == {False, True}
  reference.close(out, expected(params, x, use))
  for i in range(1, DEPTH):
    chances = special.softmax(params[f'policy_{i}'], axis=1)[:, 0]
    result = recorded[f'use of stage {i} (task)']
    np.testing.assert_allclose(result, chances, rtol=1e-5)


def test_policies_start_even_and_use_every_stage():
  scheme, x, _ = case()
  params = reference.start(scheme, x)['params']
  assert not policies(params).any()
  actual, _ = reference.run(scheme, {'params': params}, x)
  reference.close(actual, expected(params, x, np.ones((K, DEPTH - 1))))


def settled(name, use, depth):
  """`tower, heads -> [K]` losses of a scheme; of a policy where it has one."""
  scheme, split = deep(name, depth), small.split()
  result = small.losses(scheme, split)
  chosen = jnp.array([[1.0, 0.0] if use else [0.0, 1.0]] * K)

  def losses(tower, heads):
    if name == 'hard':
      kept = {f'stage_{i}': tower[f'stage_{i}'] for i in range(depth)}
      return result({'shared_encoder': kept, **heads})
    policy = {f'policy_{i}': chosen for i in range(1, depth)}
    return result({**reference.staged(tower), **policy, **heads})

  return losses


@pytest.mark.parametrize(('use', 'depth'), [(True, DEPTH), (False, 1)])
def test_using_all_is_hard_and_skipping_all_is_its_first_stage(use, depth):
  whole = small.params(deep('hard'), small.inputs())
  own = {name: tree for name, tree in whole.items() if 'head' in name}
  assert_same(
    settled('adashare', use, DEPTH),
    settled('hard', None, depth),
    whole['shared_encoder'],
    own,
  )


def test_shortcuts_of_images_take_every_second_pixel():
  """Where a stage halves the image; new channels are 0."""
  draw = np.random.default_rng(0)
  for side, half in [(6, 3), (5, 3), (5, 2)]:
    h = jnp.array(draw.normal(size=(2, 3, side, side, 4)))
    result = adashare.shortcut(h, jnp.zeros((2, 3, half, half, 7)))
    kept = np.asarray(h)[:, :, ::2, ::2][:, :, :half, :half]
    np.testing.assert_array_equal(result[..., :4], kept)
    assert result.shape[-1] == 7
    assert not result[..., 4:].any()


@pytest.mark.parametrize(
  ('past', 'new'),
  [
    ((2, 3, 6), (2, 3, 4)),  # vectors of another length
    ((2, 3, 6, 6, 4), (2, 3, 3, 3, 2)),  # fewer channels
    ((2, 3, 6, 6, 4), (2, 3, 2, 2, 4)),  # neither the size nor its half
    ((2, 3, 5, 4), (2, 3, 4)),  # a text that is summed up
  ],
)
def test_no_shortcut_leads_past_other_shapes(past, new):
  assert adashare.shortcut(jnp.zeros(past), jnp.zeros(new)) is None


def test_skipping_leaves_the_padding_of_texts():
  scheme = small.scheme('adashare', 'transformer')
  words = jnp.array([[3, 1, 2], [4, 0, 0]])
  params = small.params(scheme, words)
  policy = jnp.array([[0.0, 1.0]] * 2 + [[1.0, 0.0]])
  params = {'params': params | {'policy_1': policy}}
  short, _ = reference.run(scheme, params, words)
  longer, _ = reference.run(scheme, params, jnp.pad(words, [(0, 0), (0, 2)]))
  reference.close(short, longer, 1e-5)
  embedded = layers.Sequence(jnp.zeros((2, 3, 4)), jnp.ones((2, 3)))
  assert adashare.shortcut(embedded, embedded) is embedded.values


# --- What it costs


def test_penalties_are_sparsity_and_sharing():
  """Eq. 4 and 5; a stage weighs the more the lower it is."""
  scheme, x, params = case(sparsity=0.3, sharing=0.7)
  chances = special.softmax(policies(params), axis=2)  # [K, stages, 2]
  sparsity = -np.log(chances[..., 1]).mean(axis=1).sum()
  sharing = sum(
    (DEPTH - i) / DEPTH * abs(chances[s, i - 1, 0] - chances[t, i - 1, 0])
    for i in range(1, DEPTH)
    for s in range(K)
    for t in range(s)
  )
  # By this step all stages are open to choice.
  _, recorded = reference.run(scheme, {'params': params}, x, step=49, steps=100)
  penalized = 0.3 * sparsity + 0.7 * sharing
  np.testing.assert_allclose(recorded['penalty'], penalized, rtol=1e-4)


def test_a_stage_that_is_not_open_yet_costs_nothing():
  """And so its policy stays, where the penalty alone would make it skip."""
  scheme, x, params = case(sparsity=0.3, sharing=0.7)
  for step, is_open in ((9, 0), (10, 1), (49, DEPTH - 1)):
    now = {'step': step, 'steps': 100}

    def price(params, now=now):
      variables = {'params': params, 'now': now}
      _, recorded = scheme.apply(variables, x, False, mutable=['intermediates'])
      return recorded['intermediates']['penalty']

    gradients = jax.grad(price)(params)
    moved = [
      np.abs(gradients[f'policy_{i}']).max() > 0 for i in range(1, DEPTH)
    ]
    assert moved == [i >= DEPTH - is_open for i in range(1, DEPTH)]


# --- What is refused


@pytest.mark.parametrize('encoder', ['lstm', 'gru'])
def test_an_encoder_without_equal_features_is_refused(encoder):
  scheme, x = small.scheme('adashare', encoder), small.inputs(encoder)
  with pytest.raises(ValueError, match='equal widths, or resnet or transf'):
    small.params(scheme, x)


def test_unequal_widths_are_refused():
  scheme = small.scheme('adashare').clone(stages=small.stages())
  with pytest.raises(ValueError, match='take one with equal widths'):
    small.params(scheme, small.inputs())


@pytest.mark.parametrize('search', [0.0, 1.0])
def test_a_search_of_no_or_of_all_steps_is_refused(search):
  with pytest.raises(ValueError, match='take a share above 0 and below 1'):
    small.scheme('adashare', search=search)
