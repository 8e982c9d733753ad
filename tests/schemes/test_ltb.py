"""Learning to branch: what is read, what is drawn, and how it cools."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from tests import small
from tests.schemes import plain, reference
from tests.schemes.test_reductions import (
  assert_same,
  heads,
  losses,
  tied,
  tower,
  towers,
)

quick = small.quick

K = len(small.TASKS)
STEPS = 100


def case(**fields):
  """A scheme, rows, and parameters in numpy."""
  scheme, x = small.scheme('ltb', **fields), small.inputs()
  return scheme, x, jax.device_get(small.params(scheme, x))


def expected(params, x, choose):
  """Predictions where readers weigh the nodes below by `choose(logits)`."""
  nodes = len(params['shared_nodes_0']['Dense_0']['bias'])
  features = np.stack([np.asarray(x)] * nodes)
  for i in range(2):
    if i:
      shares = choose(params[f'shared_choice_{i}'])
      features = np.einsum('ji,ibc->jbc', shares, features)
    stage = params[f'shared_nodes_{i}']
    features = np.stack(
      [reference.layer(small.take(stage, j), features[j]) for j in range(nodes)]
    )
  features = np.einsum('ti,ibc->tbc', choose(params['choice']), features)
  return plain.heads(params, features)


def most_likely(logits):
  return np.eye(logits.shape[1])[logits.argmax(axis=1)]


@pytest.mark.parametrize('num_nodes', [0, 2])
def test_evaluation_reads_the_most_likely_node(num_nodes):
  scheme, x, params = case(num_nodes=num_nodes)
  nodes = num_nodes or K
  assert params['shared_choice_1'].shape == (nodes, nodes)
  assert params['choice'].shape == (K, nodes)
  out, recorded = reference.run(scheme, {'params': params}, x)
  reference.close(out, expected(params, x, most_likely))
  for name, key in [
    ('shared_choice_1', 'shared choice 1 (node, parent)'),
    ('choice', 'choice (task, parent)'),
  ]:
    chances = special.softmax(params[name], axis=1)
    np.testing.assert_allclose(recorded[key], chances, rtol=1e-5)


def layout(towers, choices):
  """Nodes of every stage, and logits that settle every choice."""
  result = {
    f'shared_nodes_{i}': towers[f'stage_{i}'] for i in range(len(towers))
  }
  result |= {f'shared_choice_{i}': choices for i in range(1, len(towers))}
  return result | {'choice': choices}


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_choosing_the_own_node_is_single(encoder):
  ltb, single = losses('ltb', encoder), losses('single', encoder)
  assert_same(
    lambda w, h: ltb(layout(w, jnp.eye(K)), h),
    lambda w, h: single({'towers': w}, h),
    towers(encoder, K),
    heads(encoder),
  )


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_all_choosing_the_first_node_is_hard(encoder):
  """Whatever the other nodes are."""
  ltb, hard = losses('ltb', encoder), losses('hard', encoder)
  first = jnp.zeros((K, K)).at[:, 0].set(1)
  others = towers(encoder, K)

  def nodes(w):
    return jax.tree.map(lambda o, w: o.at[0].set(w), others, w)

  assert_same(
    lambda w, h: ltb(layout(nodes(w), first), h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


def test_equal_nodes_are_hard_whatever_is_drawn():
  """Shares of one reader sum to 1."""
  scheme, x, params = case()
  nodes = layout(tied(tower('mlp'), K), params['shared_choice_1'])
  own = {k: v for k, v in params.items() if 'head' in k}
  one = {'params': {'shared_encoder': tower('mlp'), **own}}
  actual, _ = reference.run(
    scheme, {'params': nodes | own}, x, jax.random.key(0), 40, STEPS
  )
  hard, _ = reference.run(small.scheme('hard'), one, x)
  reference.close(actual, hard)


# --- What is drawn in training


def trained(params, key, step, **fields):
  scheme, x, _ = case(**fields)
  variables = {'params': params}
  key = jax.random.key(key)
  return np.hstack(reference.run(scheme, variables, x, key, step, STEPS)[0])


def test_search_draws_and_evaluation_does_not():
  scheme, x, params = case()
  settled = np.hstack(reference.run(scheme, {'params': params}, x)[0])
  again = np.hstack(reference.run(scheme, {'params': params}, x)[0])
  np.testing.assert_array_equal(settled, again)
  draws = [trained(params, key, 40) for key in (0, 1)]
  np.testing.assert_array_equal(draws[0], trained(params, 0, 40))
  for one, other in [draws, (draws[0], settled)]:
    assert np.abs(one - other).max() > 1e-2


def test_search_begins_with_the_mean_of_all_nodes():
  """In the first `warmup` of its steps; the search has 50 here."""
  _, x, params = case()
  mean = np.hstack(expected(params, x, lambda d: np.full(d.shape, 1 / K)))
  for step, warm in [(0, True), (4, True), (6, False)]:
    result = trained(params, 0, step, warmup=0.1)
    assert np.allclose(result, mean, rtol=1e-4, atol=1e-5) == warm


def test_after_the_search_training_is_as_evaluation():
  scheme, x, params = case()
  settled = np.hstack(reference.run(scheme, {'params': params}, x)[0])
  for step, done in [(49, False), (50, True), (99, True)]:
    same = np.allclose(trained(params, 0, step), settled, rtol=1e-6)
    assert same == done


def drawn(step, logits, key=0, **fields):
  """What a reader draws at a step."""
  scheme = small.scheme('ltb', **fields)
  return scheme.apply(
    {'now': {'step': step, 'steps': STEPS}},
    logits,
    rngs={'gates': jax.random.key(key)},
    method='drawn',
  )


def scores():
  return jnp.array(np.random.default_rng(0).normal(size=(K, K)), jnp.float32)


def test_temperature_falls_with_the_root_of_the_search():
  """Over 100 epochs, as published: 5 / sqrt(epoch + 1)."""

  def apart(step):
    logs = np.log(np.asarray(drawn(step, scores()), np.float64))
    return logs[:, 1:] - logs[:, :1]

  # The same noise over another temperature.
  ratio = np.sqrt((1 + 100 * 40 / 50) / (1 + 100 * 10 / 50))
  np.testing.assert_allclose(apart(40), ratio * apart(10), rtol=1e-3)


def test_without_temperature_a_clear_choice_is_made():
  clear = 100 * jnp.eye(K)[::-1]
  cold = drawn(10, clear, temperature=1e-3)
  np.testing.assert_allclose(cold, np.eye(K)[::-1], atol=1e-6)
  warm = np.asarray(drawn(10, clear, temperature=1e3))
  assert warm.max() < 0.5


def test_hard_samples_choose_one_and_learn_as_soft_ones():
  weights = jnp.arange(9.0).reshape(K, K)

  @jax.jit
  def gradients(logits):
    def total(logits, hard):
      result = drawn(10, logits, hard_samples=hard)
      return (weights * result).sum(), result

    return [jax.grad(total, has_aux=True)(logits, h) for h in (False, True)]

  (soft_slope, soft), (hard_slope, hard) = jax.device_get(gradients(scores()))
  np.testing.assert_allclose(hard, most_likely(soft), atol=1e-6)
  np.testing.assert_allclose(hard_slope, soft_slope, rtol=1e-6)
  assert np.abs(hard_slope).max() > 1e-2


@pytest.mark.parametrize('search', [0.0, 1.0])
def test_a_search_of_no_or_of_all_steps_is_refused(search):
  with pytest.raises(ValueError, match='take a share above 0 and below 1'):
    small.scheme('ltb', search=search)
