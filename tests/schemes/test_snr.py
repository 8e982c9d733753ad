"""Sub-network routing: switches, what they let through, and their penalty."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from mtl_jax.schemes import snr
from mtl_jax.train import precision
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
# Further from 0 than any draw.
OPEN, SHUT = 100.0, -100.0


def case(**fields):
  """A scheme, rows, and parameters in numpy."""
  scheme, x = small.scheme('snr', **fields), small.inputs()
  return scheme, x, jax.device_get(small.params(scheme, x))


def switch(s):
  """Louizos, Welling, Kingma, eq. 11 to 13, of a number in (0, 1)."""
  return np.clip(s * (1.1 + 0.1) - 0.1, 0, 1)


def expected(params, x, transform):
  """Predictions at evaluation."""
  n = params['switches'].shape[1]
  features = np.stack([np.asarray(x)] * n)

  def route(suffix, switches, features):
    z = switch(special.expit(params[switches]))
    if not transform:
      return np.einsum('ji,ibc->jbc', z, features)
    return np.einsum('ji,jicd,ibc->jbd', z, params[f'{suffix}'], features)

  for i in range(2):
    if i:
      names = f'shared_transform_{i}', f'shared_switches_{i}'
      features = route(*names, features)
    stage = params[f'shared_subnets_{i}']
    features = np.stack(
      [reference.layer(small.take(stage, j), features[j]) for j in range(n)]
    )
  features = route('transform', 'switches', features)
  return plain.heads(params, features)


@pytest.mark.parametrize('transform', [False, True])
def test_readers_sum_what_their_switches_let_through(transform):
  scheme, x, params = case(transform=transform)
  out, recorded = reference.run(scheme, {'params': params}, x)
  reference.close(out, expected(params, x, transform))
  for name, key in [
    ('shared_switches_1', 'shared switches 1 (to, subnet)'),
    ('switches', 'switches (task, subnet)'),
  ]:
    z = switch(special.expit(params[name]))
    np.testing.assert_allclose(recorded[key], z, rtol=1e-5, atol=1e-6)


def layout(towers, logits):
  """Sub-networks of every stage, all routed alike."""
  n = len(logits)
  result = {
    f'shared_subnets_{i}': towers[f'stage_{i}'] for i in range(len(towers))
  }
  result |= {f'shared_switches_{i}': logits for i in range(1, len(towers))}
  rows = jnp.broadcast_to(logits, (K, n)) if n == 1 else logits
  return result | {'switches': rows}


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_one_open_subnetwork_is_hard(encoder):
  actual = losses('snr', encoder, num_subnets=1)
  hard = losses('hard', encoder)
  assert_same(
    lambda w, h: actual(layout(tied(w, 1), jnp.full((1, 1), OPEN)), h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_reading_the_own_subnetwork_alone_is_single(encoder):
  actual = losses('snr', encoder, num_subnets=K)
  single = losses('single', encoder)
  own = jnp.where(jnp.eye(K, dtype=bool), OPEN, SHUT)
  assert_same(
    lambda w, h: actual(layout(w, own), h),
    lambda w, h: single({'towers': w}, h),
    towers(encoder, K),
    heads(encoder),
  )


def test_identities_as_matrices_are_plain_sums():
  scheme, x, params = case(num_subnets=2)
  other = small.scheme('snr', num_subnets=2, transform=True)
  unit = {
    'shared_transform_1': np.tile(np.eye(6, dtype=np.float32), (2, 2, 1, 1)),
    'transform': np.tile(np.eye(4, dtype=np.float32), (K, 2, 1, 1)),
  }
  actual, _ = reference.run(scheme, {'params': params}, x)
  desired, _ = reference.run(other, {'params': params | unit}, x)
  reference.close(actual, desired, 1e-5)


# --- What is drawn in training


def together(scheme, params, x, *key):
  """All predictions of one run in one array."""
  return np.hstack(reference.run(scheme, {'params': params}, x, *key)[0])


def test_training_draws_and_evaluation_does_not():
  scheme, x, params = case()
  out = together(scheme, params, x)
  np.testing.assert_array_equal(out, together(scheme, params, x))
  draws = [together(scheme, params, x, jax.random.key(k)) for k in (0, 0, 1)]
  np.testing.assert_array_equal(draws[0], draws[1])
  assert np.abs(draws[0] - draws[2]).max() > 1e-2
  assert np.abs(draws[0] - out).max() > 1e-2


def test_settled_switches_are_not_drawn():
  """So that the identities hold in training, too."""
  scheme, x, params = case()
  sides = {
    name: np.where(leaf > 0, OPEN, SHUT).astype(np.float32)
    for name, leaf in params.items()
    if 'switches' in name
  }
  params = params | sides
  drawn = together(scheme, params, x, jax.random.key(0))
  np.testing.assert_allclose(drawn, together(scheme, params, x), rtol=1e-5)


def test_switches_are_stretched_concrete_variables():
  key, logits = jax.random.key(2), np.linspace(-3, 3, 50, dtype=np.float32)
  noise = jax.random.uniform(key, (50,), minval=1e-6, maxval=1 - 1e-6)
  scores = (special.logit(np.asarray(noise, np.float64)) + logits) / (2 / 3)
  drawn = snr.hard_concrete(jnp.array(logits), key)
  np.testing.assert_allclose(
    drawn, switch(special.expit(scores)), rtol=1e-4, atol=1e-5
  )
  assert {0.0, 1.0} < set(np.asarray(drawn).tolist())


@pytest.mark.parametrize('logit', [-2.0, 0.0, 1.0])
def test_chance_of_an_open_switch_is_its_price(logit):
  logits = jnp.full(40_000, logit)
  share = (snr.hard_concrete(logits, jax.random.key(0)) > 0).mean()
  np.testing.assert_allclose(share, snr.is_open(logits[0]), atol=0.01)
  price = special.expit(logit - 2 / 3 * np.log(0.1 / 1.1))
  np.testing.assert_allclose(snr.is_open(logits[0]), price, rtol=1e-5)


def test_switches_start_open_nine_times_in_ten():
  scheme, x, _ = case()
  params = reference.start(scheme, x)['params']
  for name in ('shared_switches_1', 'switches'):
    np.testing.assert_allclose(
      snr.is_open(jnp.array(params[name])), 0.9, rtol=1e-5
    )
  drawn = snr.hard_concrete(
    jnp.full(40_000, params['switches'][0, 0]), jax.random.key(1)
  )
  np.testing.assert_allclose((drawn > 0).mean(), 0.9, atol=0.01)


def test_switches_learn_where_they_are_between_0_and_1():
  logits, key = jnp.zeros(1000), jax.random.key(0)
  gradients = jax.grad(lambda x: snr.hard_concrete(x, key).sum())(logits)
  drawn = snr.hard_concrete(logits, key)
  np.testing.assert_array_equal(gradients != 0, (drawn > 0) & (drawn < 1))
  assert (gradients != 0).mean() > 0.3


def test_penalty_is_the_expected_number_of_open_switches():
  scheme, x, params = case()
  expected = sum(
    special.expit(params[name] - 2 / 3 * np.log(0.1 / 1.1)).sum()
    for name in ('shared_switches_1', 'switches')
  )
  penalty = scheme.penalty(jax.tree.map(jnp.array, params))
  np.testing.assert_allclose(penalty, expected, rtol=1e-5)
  first = jax.tree.map(jnp.array, reference.start(scheme, x)['params'])
  count = first['shared_switches_1'].size + first['switches'].size
  np.testing.assert_allclose(scheme.penalty(first), 0.9 * count, rtol=1e-5)


@pytest.mark.parametrize('transform', [False, True])
def test_routing_keeps_the_dtype_of_the_arithmetic(transform):
  """Draws are in float32; the features that they weigh need not be."""
  scheme, x, params = case(transform=transform)
  seen = []

  def head(name):
    return functools.partial(seen_by, seen)

  watched = scheme.clone(heads=(head,) * K)
  jax.eval_shape(
    lambda params, key: precision.apply(
      watched, 'bfloat16', params, {}, x, True, rngs={'gates': key}
    ),
    {name: tree for name, tree in params.items() if 'head' not in name},
    jax.random.key(0),
  )
  assert seen == [jnp.bfloat16] * K


def seen_by(seen, h):
  """A head that notes what it reads."""
  seen.append(h.dtype)
  return h


def test_no_subnetwork_is_refused():
  with pytest.raises(ValueError, match='num_subnets is 0; take 1 or more'):
    small.scheme('snr', num_subnets=0)
