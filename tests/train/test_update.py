"""Many steps: resuming, selecting the best, mapped runs, and failures."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import devices, train
from mtl_jax.tasks import scores
from mtl_jax.train import batches, parameters, selection
from tests import small

quick = small.quick

K = len(small.TASKS)
KEY = jax.random.key(5)

stepped = jax.jit(train.step, static_argnums=0)
advanced = jax.jit(train.advance, static_argnums=(0, 6, 7))
evaluated = train.evaluate


def rows_of(split):
  return jnp.array(len(split.mask))


SEED = jnp.array(0)


@functools.partial(jax.jit, static_argnums=(0, 1))
def order_of(steps, batch):
  """The rows of the first batches of 10 rows under `SEED`."""
  key, rows = train.stream(SEED, 'order'), jnp.array(10)
  return batches.rows(key, jnp.array(0), steps, batch, 10, rows)


def test_twice_n_steps_are_n_and_n_to_the_bit():
  """A system with moments, a balancer's state and dropout."""
  split = small.split(rows=10)
  stages = small.stages('mlp', dropout=0.3)
  system = small.system(balancer='uncertainty', rule='adam')
  system = system._replace(scheme=system.scheme.clone(stages=stages))
  hp = small.hp(lr=0.01)
  start = small.start(system, split, hp)
  run = functools.partial(advanced, system, hp, SEED)
  whole, _ = run(start, split, rows_of(split), 8, 4)
  half, _ = run(start, split, rows_of(split), 4, 4)
  resumed, _ = run(half, split, rows_of(split), 4, 4)
  small.same(whole, resumed)
  assert whole.step == 8


def test_advance_takes_the_batches_of_its_seed_and_step():
  split = small.split(rows=10)
  system, hp = small.system(), small.hp()
  state = small.start(system, split, hp)
  whole, metrics = advanced(
    system, hp, SEED, state, split, rows_of(split), 4, 4
  )
  order = order_of(steps=4, batch=4)
  losses = []
  for rows in np.asarray(order):
    batch = small.take(jax.device_get(split), rows)
    state, one = stepped(system, hp, state, batch, KEY)
    losses.append(one.losses)
  small.close(whole.params, state.params)
  np.testing.assert_allclose(metrics.losses, np.mean(losses, axis=0), rtol=1e-5)


def test_evaluation_does_not_depend_on_its_batches():
  split = small.split(rows=9, known=0.8)
  system = small.system()
  params = small.params(system.scheme, split.inputs)
  results = {
    size: evaluated(system, params, {}, split, size) for size in (9, 1, 7, 20)
  }
  for other in results.values():
    small.close(other, results[9], 1e-5)
  apply = jax.jit(system.scheme.apply, static_argnums=2)
  predictions = apply({'params': params}, split.inputs, False)
  for t, task in enumerate(small.TASKS):
    labelled = predictions[t], split.labels[t], split.mask[:, t]
    expected = scores.of_run(task, *jax.device_get(labelled))
    expected['loss'] = float(task.loss(*labelled))
    assert results[9][task.name] == pytest.approx(expected, rel=1e-5)


def test_a_summary_made_on_the_device_gives_the_same_metrics(monkeypatch):
  split = small.split(rows=9, known=0.8)
  system = small.system()
  params = small.params(system.scheme, split.inputs)
  whole = evaluated(system, params, {}, split, 4)
  monkeypatch.setattr(scores, 'MOST', 0)
  small.close(evaluated(system, params, {}, split, 5), whole, 1e-6)


def test_evaluation_is_given_whether_towers_have_met():
  """Until then it is that of separate ones; outside training they have."""
  split = small.split()
  system = small.system('cross_stitch', warm_start=5)
  params = small.params(system.scheme, split.inputs)
  apart, met = (
    evaluated(system, params, {}, split, 8, {'step': jnp.array(at), 'steps': 9})
    for at in (4, 5)
  )
  small.close(met, evaluated(system, params, {}, split, 8))
  towers = {f'stage_{i}': params[f'shared_tower_{i}'] for i in (0, 1)}
  heads = {k: v for k, v in params.items() if k.startswith('head_')}
  single = small.system('single')
  small.close(
    apart, evaluated(single, {'towers': towers, **heads}, {}, split, 8)
  )
  assert abs(met['age']['loss'] - apart['age']['loss']) > 1e-3


# --- The best parameters


_keep_best = jax.jit(selection.keep_best, static_argnums=0)


def kept(name, history, **fields):
  """The state after validations, with parameters that hold their step."""
  system, split, hp = small.system(name, **fields), small.split(), small.hp()
  state = small.start(system, split, hp)
  for i, losses in enumerate(history, start=1):
    params = jax.tree.map(lambda p, i=i: np.full_like(p, i), state.params)
    state = state._replace(step=jnp.array(10 * i), params=params)
    best = _keep_best(
      system, params, state.extra, state.step, state.best, jnp.array(losses)
    )
    state = state._replace(best=best)
  return jax.device_get(state.best)


HISTORY = [(3.0, 1.0, 2.0), (2.0, 1.5, 2.0), (2.5, 0.5, 9.0)]


def test_one_model_is_kept_at_the_best_mean():
  best = kept('hard', HISTORY)
  np.testing.assert_allclose(best.score, [5.5 / 3], rtol=1e-6)
  np.testing.assert_array_equal(best.step, [20])
  assert all((leaf == 2).all() for leaf in jax.tree.leaves(best.params))


def test_each_tower_is_kept_at_its_own_best():
  best = kept('single', HISTORY)
  np.testing.assert_array_equal(best.score, [2.0, 0.5, 2.0])
  np.testing.assert_array_equal(best.step, [20, 30, 10])
  for t, i in enumerate((2, 3, 1)):
    for leaf in jax.tree.leaves(best.params.tree['towers']):
      assert (leaf[t] == i).all()
    for leaf in jax.tree.leaves(best.params.tree[f'head_{t}']):
      assert (leaf == i).all()


def test_towers_that_have_not_met_are_never_the_best():
  history = [(1.0, 1.0, 1.0), (3.0, 3.0, 3.0), (2.0, 2.0, 2.0)]
  for warm_start, step in ((0, 10), (10, 10), (11, 30)):
    best = kept('cross_stitch', history, warm_start=warm_start)
    np.testing.assert_array_equal(best.step, [step])


def test_a_score_that_is_nan_is_never_the_best():
  best = kept('hard', [(2.0, 2.0, 2.0), (np.nan, 0.0, 0.0)])
  np.testing.assert_array_equal(best.step, [10])


# --- Towers and runs


SIZES = selection.Sizes(steps=5, batch=6, eval_batch=8)


def plain(system):
  """Scores that are means of the losses themselves."""
  count = len(system.tasks)
  return selection.Scoring(
    jnp.ones(count), jnp.full(count, system.groups / count)
  )


def to_next(system, hp, seed, num_rows, state, data, valid):
  """Steps, then an evaluation on validation data, as in `Programs`."""
  state, metrics = train.advance(
    system, hp, seed, state, data, num_rows, SIZES.steps, SIZES.batch
  )
  best, losses, _ = selection.measured(
    system,
    SIZES,
    state.params,
    state.extra,
    state.step,
    state.best,
    plain(system),
    valid,
  )
  return state._replace(best=best), metrics, losses


def trained(system, hp, state, data, valid, count=6):
  period = jax.jit(functools.partial(to_next, system))
  for _ in range(count):
    state, _, _ = period(hp, SEED, rows_of(data), state, data, valid)
  return state


def of_task(split, t):
  return split._replace(
    labels=(split.labels[t],), mask=split.mask[:, t : t + 1]
  )


def tower(params, t):
  """The parameters of one task's tower, as a system of one task has them."""
  params = jax.device_get(params).tree
  towers = small.take(params['towers'], slice(t, t + 1))
  return {'towers': towers, 'head_0': params[f'head_{t}']}


@pytest.fixture(scope='module')
def towers():
  """K towers trained together: their start, their end and what they saw."""
  data, valid = small.split(rows=16, known=0.7), small.split(rows=8, seed=9)
  system = small.system('single', rule='adamw')
  hp = small.hp(lr=0.05, weight_decay=0.1, clip=0.1)
  start = small.start(system, data, hp)
  return start, trained(system, hp, start, data, valid), data, valid, hp


@pytest.mark.parametrize('t', range(K))
def test_a_tower_is_a_training_of_its_own(towers, t):
  start, together, data, valid, hp = towers
  tasks = small.TASKS[t : t + 1]
  system = small.system('single', tasks=tasks, rule='adamw')
  hp = hp._replace(task_weights=jnp.ones(1))
  data, valid = of_task(data, t), of_task(valid, t)
  alone = small.start(system, data, hp, at=tower(start.params, t))
  alone = trained(system, hp, alone, data, valid)
  together, alone = jax.device_get((together, alone))
  small.close(tower(together.params, t), alone.params.tree)
  small.close(tower(together.best.params, t), alone.best.params.tree)
  assert together.best.step[t] == alone.best.step[0]
  np.testing.assert_allclose(
    together.best.score[t], alone.best.score[0], rtol=1e-5
  )
  assert together.unlabelled[t] == alone.unlabelled[0]


def test_towers_are_best_at_steps_of_their_own(towers):
  """Without this the test above would prove little."""
  start, together, data, valid, hp = towers
  assert len(set(np.asarray(together.best.step))) > 1
  system = small.system('single', rule='adamw')
  norms = parameters.pack(movement_of(system, start, data), K).norms
  assert (np.asarray(norms) > hp.clip).all()


def movement_of(system, state, data):
  losses = small.losses(system.scheme, data)
  params = jax.device_get(state.params).tree
  return jax.jit(jax.grad(lambda p: losses(p).sum()))(params)


RUNS = 3


def stack_hps(rates):
  return small.pile([small.hp(lr=rate, clip=0.5) for rate in rates])


@pytest.fixture(scope='module')
def mapped():
  """Several runs in one program, and what is needed to run one alone."""
  data, valid = small.split(rows=16), small.split(rows=8, seed=9)
  system = small.system('hard', balancer='pcgrad', rule='adam')
  init = devices.map_runs(functools.partial(train.init, system), (0, 0, None))
  period = devices.map_runs(
    functools.partial(to_next, system),
    (0, 0, None, 0, None, None),
  )

  def run(rates, seeds, count=2):
    hp, seeds = devices.place((stack_hps(rates), seeds), over_runs=True)
    rows = rows_of(data)
    fixed = devices.place((rows, data, valid), over_runs=False)
    state = init(hp, seeds, data.inputs)
    for _ in range(count):
      state, metrics, results = period(hp, seeds, fixed[0], state, *fixed[1:])
    return state, metrics, results

  return system, data, valid, run, period


def test_a_mapped_run_is_the_lone_run(mapped):
  system, data, valid, run, _ = mapped
  rates, seeds = (0.01, 0.03, 0.1), jnp.array([4, 0, 7])
  together = run(rates, seeds)
  start = jax.jit(functools.partial(train.init, system))
  period = jax.jit(functools.partial(to_next, system))
  for i, rate in enumerate(rates):
    hp = small.hp(lr=rate, clip=0.5)
    state = start(hp, seeds[i], data.inputs)
    for _ in range(2):
      state, metrics, results = period(
        hp, seeds[i], rows_of(data), state, data, valid
      )
    small.close(
      small.take(jax.device_get(together), i), (state, metrics, results), 1e-4
    )


def test_a_sweep_compiles_once(mapped):
  *_, run, period = mapped
  run((0.01, 0.03, 0.1), jnp.array([4, 0, 7]))
  run((0.2, 0.5, 0.0), jnp.array([1, 2, 3]), count=3)
  assert period._cache_size() == 1


def test_seeds_and_rates_matter(mapped):
  *_, run, _ = mapped
  state, _, _ = run((0.01, 0.01, 0.1), jnp.array([0, 1, 0]), count=1)
  kernel = jax.device_get(state.params).tree['shared_encoder']['stage_0'][
    'Dense_0'
  ]['kernel']
  assert (kernel[0] != kernel[1]).any()
  assert (kernel[0] != kernel[2]).any()


# --- Failure


def poisoned(split, row):
  """A valid label that is infinite: its loss is not finite."""
  labels = (*split.labels[:2], split.labels[2].at[row].set(jnp.inf))
  return split._replace(labels=labels)


def test_a_failed_run_stays_where_it_was_and_alone():
  """Marked at the exact step; the other runs continue."""
  clean, steps, at = small.split(rows=10), 4, 2
  order = np.asarray(order_of(steps, 4))
  row = next(r for r in order[at] if r not in order[:at])
  system, hp = small.system(), small.hp()
  states = [small.start(system, clean, hp)]
  for rows in order:
    batch = small.take(jax.device_get(clean), rows)
    states.append(stepped(system, hp, states[-1], batch, KEY)[0])

  @jax.jit
  @jax.vmap
  def runs(data):
    return train.advance(
      system, hp, SEED, states[0], data, jnp.array(10), steps, 4
    )

  data = small.pile([clean, poisoned(clean, row), clean])
  together, _ = jax.device_get(runs(data))
  np.testing.assert_array_equal(together.failed, [-1, at, -1])
  np.testing.assert_array_equal(together.step, steps)
  for i, until in enumerate((steps, at, steps)):
    small.close(small.take(together.params, i), states[until].params)


def test_a_gradient_that_is_not_finite_fails_the_run():
  split = small.split()
  system, hp = small.system(), small.hp()
  state = small.start(system, split, hp)
  huge = jax.tree.map(lambda p: p * 1e30, state.params)
  new, _ = stepped(system, hp, state._replace(params=huge), split, KEY)
  assert new.failed == 0
  small.same(new.params, huge)


# --- The start


def test_schemes_of_one_seed_see_the_same_batches():
  """So differences between schemes are paired."""
  split, hp = small.split(rows=10), small.hp(lr=0.0)
  tied = jax.device_get(small.params(small.scheme('hard'), split.inputs))
  hard = small.system('hard')
  state = small.start(hard, split, hp, at=tied)
  _, ours = advanced(hard, hp, SEED, state, split, rows_of(split), 4, 4)
  single = small.system('single')
  encoder = tied['shared_encoder']
  towers = jax.tree.map(lambda w: np.stack([w] * K), encoder)
  heads = {k: v for k, v in tied.items() if k.startswith('head_')}
  state = small.start(single, split, hp, at={'towers': towers, **heads})
  _, theirs = advanced(single, hp, SEED, state, split, rows_of(split), 4, 4)
  np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-5)


def test_streams_of_random_numbers_differ_by_purpose():
  keys = [train.stream(SEED, p) for p in ('init', 'order', 'noise')]
  drawn = {float(jax.random.uniform(key)) for key in keys}
  assert len(drawn) == 3
