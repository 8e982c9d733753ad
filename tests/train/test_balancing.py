"""What a balancer is given, and what its weights are used for."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from mtl_jax import plugins, train
from mtl_jax.balancers import base as balancers
from mtl_jax.cells import build
from mtl_jax.errors import InputError
from mtl_jax.schemes import base as schemes
from mtl_jax.train import balancing, forward, task_gradients
from tests import small

quick = small.quick

KEY, ZERO = jax.random.key(5), jnp.int32(0)
HP = small.hp(task_weights=(2.0, 0.5, 0.5), penalty=0.1)
SPLIT = small.split()
MARKED = ('hard', 'hard_wide', 'omoe', 'mmoe', 'cgc', 'moore', 'dselect_k')
MARKED += ('snr', 'shared_private')


@functools.cache
def stepped(name='hard', balancer='mgda', over='shared', kept=2**28, **fields):
  """The opened state and metrics behind one step."""
  system = small.system(name, balancer=balancer, **fields)
  system = system._replace(gram_over=over)
  state = small.start(system, SPLIT, HP)
  before, balancing.KEPT = balancing.KEPT, kept
  try:
    # A new trace: `KEPT` is not an argument of `train.step`.
    step = jax.jit(lambda s: train.step(system, HP, s, SPLIT, KEY))
    new, metrics = jax.device_get(step(state))
    return new.opened, metrics
  finally:
    balancing.KEPT = before


@pytest.mark.parametrize('name', ['hard', 'mmoe'])
def test_a_second_backward_pass_is_the_sum_of_what_was_kept(name):
  fields = {'balance': 0.1} if name == 'mmoe' else {}
  once = stepped(name, **fields)
  twice = stepped(name, kept=0, **fields)
  small.close(once, twice, 2e-6)


def marking(name):
  """A system whose Gram matrix is that of marked features, and a state."""
  system = small.system(name, balancer='mgda')._replace(gram_over='features')
  return system, small.start(system, SPLIT, HP)


@functools.partial(jax.jit, static_argnums=0)
def both_ways(system, state, weights):
  """Gradients of the weighted losses: by parameters, and through features."""
  state = state.opened
  point = forward.Point(system, state, SPLIT, KEY)
  evaluated, _ = forward.forward_pass(point)

  def marked(params):
    found = forward.apply(point, params, (), ['spots'])
    return found[1]['spots']

  no_penalty = jax.tree.map(jnp.zeros_like, evaluated.penalty)
  by_params, by_features = evaluated.pullback(weights, no_penalty)
  _, pullback = jax.vjp(marked, state.params)
  return by_params, pullback(by_features)[0]


@pytest.mark.parametrize('name', MARKED)
def test_behind_marked_features_nothing_is_shared(name):
  """By the chain rule they give the whole shared gradient."""
  ways = both_ways(*marking(name), jnp.array([1.0, 2.0, -0.5]))
  shared, through = (schemes.split(way)[0] for way in jax.device_get(ways))
  small.close(shared, through, 1e-5)
  assert sum(np.abs(g).sum() for g in jax.tree.leaves(shared)) > 0


def test_a_scheme_that_marks_nothing_is_refused():
  with pytest.raises(ValueError, match='does not call `last_shared`'):
    both_ways(*marking('film'), jnp.ones(3))


def test_the_gram_of_all_is_the_sum_of_the_modules():
  draw = np.random.default_rng(0)
  rows = {
    'shared_encoder': {
      f'stage_{i}': {'kernel': draw.normal(size=(3, 4 + i))} for i in range(3)
    },
    'shared_gate': draw.normal(size=(3, 2)),
  }
  rows = jax.tree.map(lambda x: jnp.array(np.float32(x)), rows)
  names = ['shared_encoder/stage_0', 'shared_encoder/stage_1']
  names += ['shared_encoder/stage_2', 'shared_gate']
  assert task_gradients.modules(rows) == names
  grams = task_gradients.by_module(rows)
  np.testing.assert_allclose(grams.sum(0), balancers.gram(rows), rtol=1e-5)
  own = rows['shared_encoder']['stage_1']['kernel']
  np.testing.assert_allclose(grams[1], own @ own.T, rtol=1e-5)


@functools.partial(jax.jit, static_argnums=(0, 1))
def rows_at(system, over, state, split, key):
  """Raw losses, and each task's weighted shared gradient."""
  point = forward.Point(system, state.opened, split, key)
  evaluated, _ = forward.forward_pass(point)
  return evaluated.losses, task_gradients.rows(evaluated, HP.task_weights, over)


def test_each_module_has_the_weights_that_its_own_gram_gives():
  system = small.system('hard', balancer='mgda')._replace(gram_over='module')
  state = small.start(system, SPLIT, HP)
  losses, rows = jax.device_get(rows_at(system, 'module', state, SPLIT, KEY))
  before = jax.device_get(state).params.tree['shared_encoder']
  new, metrics = stepped('hard', over='module')
  weigh = jax.jit(lambda *given: system.balancer.update(*given, (), None)[0])
  weights = []
  for stage in ('stage_0', 'stage_1'):
    own = rows['shared_encoder'][stage]
    flat = np.concatenate([g.reshape(3, -1) for g in jax.tree.leaves(own)], 1)
    found = np.asarray(weigh(losses, flat @ flat.T))
    weights.append(found)
    moved = jax.tree.map(
      lambda p, g, w=found: p - np.float32(0.1) * np.tensordot(w, g, 1),
      before[stage],
      own,
    )
    small.close(new.params['shared_encoder'][stage], moved, 1e-5)
  mean = np.mean(weights, 0) * np.asarray(HP.task_weights)
  np.testing.assert_allclose(metrics.weights, mean, rtol=1e-4)
  assert np.abs(weights[0] - weights[1]).max() > 1e-3


@pytest.mark.parametrize('name', ['mgda', 'graddrop', 'famo', 'modo'])
def test_task_parameters_keep_their_own_gradient(name):
  """The raw gradient, bit for bit, with methods that weigh gradients."""
  if name == 'famo':  # which weighs losses, heads and all
    weighed = stepped(balancer='famo')[0].params['head_0']
    assert (
      np.abs(
        weighed['Dense_0']['kernel']
        - stepped(balancer='mgda')[0].params['head_0']['Dense_0']['kernel']
      ).max()
      > 1e-5
    )
    return
  if name == 'modo':
    new, _ = three_batches(gamma=0.3)
  else:
    new, _ = stepped(balancer=name)
  plain, _ = stepped(balancer='pcgrad')
  small.same(new.params['head_1'], plain.params['head_1'])


@functools.cache
def modo(gamma):
  """A system of `modo` whose weights have this rate."""
  make = plugins.find('mtl_jax.balancers', 'modo', 'make')
  return small.system('hard', balancer=make(gamma=gamma))


@functools.cache
def three_batches(gamma):
  """A step of modo on other rows twice and then on the usual ones."""
  system = modo(gamma)
  state = small.start(system, SPLIT, HP)
  batch = small.pile([small.split(seed=1), small.split(seed=2), SPLIT])
  new, metrics = jax.device_get(one_step(system, state, batch))
  return new.opened, metrics


@functools.partial(jax.jit, static_argnums=0)
def one_step(system, state, batch):
  return train.step(system, HP, state, batch, KEY)


def test_the_third_batch_is_the_one_that_is_descended_on():
  """With rate 0 `modo` is `equal` on the last batch."""
  new, metrics = three_batches(gamma=0.0)
  equal, plain = stepped(balancer='equal')
  small.close(new.params, equal.params, 1e-6)
  np.testing.assert_array_equal(metrics.losses, plain.losses)


def test_weights_come_from_the_gradients_of_two_other_batches():
  system = small.system('hard', balancer='modo')
  state = small.start(system, SPLIT, HP)
  noise = jax.random.split(KEY)[0]
  rows = []
  for i in range(2):
    split, key = small.split(seed=i + 1), jax.random.fold_in(noise, 2 + i)
    rows.append(rows_at(system, 'shared', state, split, key)[1])
  one, other = (
    np.concatenate([g.reshape(3, -1) for g in jax.tree.leaves(r)], 1)
    for r in jax.device_get(rows)
  )
  weights, _ = jax.jit(
    lambda product: modo(0.3).balancer.update(
      jnp.ones(3), product, jnp.full(3, 1 / 3), None
    )
  )(one @ other.T)
  _, metrics = three_batches(gamma=0.3)
  expected = np.asarray(weights) * np.asarray(HP.task_weights)
  np.testing.assert_allclose(metrics.weights, expected, rtol=1e-4)


def test_several_batches_are_rows_one_after_the_other():
  """No row is repeated within an epoch."""
  system = small.system('hard', balancer='modo')
  state = small.start(system, SPLIT, HP)
  rows = jax.device_get(
    jax.jit(
      lambda key: train.batches.rows(key, ZERO, 2, 3 * 2, 12, jnp.int32(12))
    )(train.stream(ZERO, 'order'))
  )
  assert sorted(rows.ravel()) == list(range(12))
  data = small.split(rows=12)
  run = jax.jit(
    lambda s: train.advance(system, HP, ZERO, s, data, jnp.int32(12), 2, 2)
  )
  by_hand = state
  step = jax.jit(train.step, static_argnums=0)
  for i, own in enumerate(rows.reshape(2, 3, 2)):
    batch = jax.tree.map(lambda x: x[own], jax.device_get(data))  # noqa: B023
    key = jax.random.fold_in(train.stream(ZERO, 'noise'), i)
    by_hand, _ = step(system, HP, by_hand, batch, key)
  small.close(run(state)[0].params, by_hand.params, 1e-5)


@pytest.mark.parametrize(
  ('balancer', 'over'),
  [('graddrop', 'module'), ('modo', 'features'), ('modo', 'module')],
)
def test_what_needs_gradients_of_parameters_says_so(balancer, over):
  config = default.get_config()
  config.balancer, config.gram_over = balancer, over
  with pytest.raises(InputError, match='gram_over=shared'):
    build.system(config, small.TASKS)


def test_an_unknown_gram_names_the_nearest():
  config = default.get_config()
  config.gram_over = 'feature'
  with pytest.raises(InputError, match="did you mean 'features'"):
    build.check(config)
