"""Search, then retrain: what moves when, and what is forgotten between."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtl_jax import train
from mtl_jax.train import evaluation, selection
from tests import small
from tests.schemes import reference

quick = small.quick

STEPS = 16
CUT = 8  # the first step of the second training
LR = 0.01
FIELDS = {
  'ltb': {'search': 0.5, 'warmup': 0.2},
  'adashare': {'search': 0.5, 'warmup': 0.25, 'block': 2, 'mix_lr': 3.0},
}
# Steps in which the mixing parameters learn, and in which all others do.
LEARN = {
  'ltb': ({2, 3, 4, 5, 6, 7}, set(range(STEPS))),
  'adashare': ({2, 3, 6, 7}, {0, 1, 4, 5, *range(CUT, STEPS)}),
}

both = pytest.mark.parametrize('name', FIELDS)


@functools.cache
def system(name):
  return reference.of_steps(small.system(name, **FIELDS[name]), STEPS)


def hp():
  return small.hp(LR, penalty=1.0)


@functools.cache
def stepped(name):
  """`state, key -> state` after one step on the split."""
  return jax.jit(
    lambda state, key: train.step(
      system(name), hp(), state, small.split(), key
    )[0]
  )


@functools.cache
def states(name):
  """Before every step, and after the last; mixing is away from its start."""
  split = small.split()
  state = small.start(system(name), split, hp(), noise=False)
  mixed = apart(name, small.params(system(name).scheme, split.inputs))[0]
  params = state.params.replace(state.params.tree | mixed)
  state = state._replace(params=params)
  result = [state]
  for i in range(STEPS):
    result.append(stepped(name)(result[-1], jax.random.key(i)))
  return jax.device_get(result)


def apart(name, params):
  """What mixes tasks, and all else."""
  mix = system(name).scheme.mix
  mixed = {k: v for k, v in params.items() if k.startswith(mix)}
  return mixed, {k: v for k, v in params.items() if k not in mixed}


@both
def test_mixing_is_learned_in_the_search_alone(name):
  pairs = [apart(name, state.params.tree) for state in states(name)]
  moved = [
    {
      i
      for i in range(STEPS)
      if reference.differ(pairs[i][part], pairs[i + 1][part])
    }
    for part in range(2)
  ]
  assert moved == list(LEARN[name])


def retrained(name):
  """Adam from the first parameters, with the choices of the search.

  By an independent rule, on the losses as at evaluation: nothing is drawn.
  """
  split = small.split()
  losses = small.losses(system(name).scheme, split)
  result, _ = apart(name, states(name)[CUT].params.tree)
  _, rest = apart(name, states(name)[0].params.tree)
  rule = optax.adam(LR)

  @jax.jit
  def step(rest, opt):
    gradients = jax.grad(lambda rest: losses({**result, **rest}).sum())(rest)
    updates, opt = rule.update(gradients, opt)
    return optax.apply_updates(rest, updates), opt

  opt = rule.init(rest)
  for _ in range(CUT, STEPS):
    rest, opt = step(rest, opt)
    yield result | rest


@both
def test_after_the_search_all_else_is_trained_as_in_a_new_run(name):
  """From its first parameters, without the optimizer's moments."""
  for state, expected in zip(
    states(name)[CUT + 1 :], retrained(name), strict=True
  ):
    small.close(state.params.tree, expected, 1e-5)


@both
def test_the_search_left_its_first_parameters(name):
  """Otherwise a restart would equal going on."""
  first, last = (
    apart(name, state.params.tree)[1]
    for state in states(name)[0 : CUT + 1 : CUT]
  )
  sizes = jax.tree.map(lambda a, b: np.abs(a - b).max(), first, last)
  assert max(jax.tree.leaves(sizes)) > LR


def evaluated(name, state):
  """The state after an evaluation that nothing was ever better than."""
  best = selection.keep_best(
    system(name),
    state.params,
    state.extra,
    jnp.asarray(state.step),
    state.best,
    jnp.full(len(small.TASKS), -1e6),
  )
  return state._replace(best=best)


@both
def test_predictions_after_the_last_step_are_those_outside_training(name):
  """Validation and test have one program, which is given the step."""
  state, split = states(name)[STEPS], small.split()
  chosen, carried = system(name), (states(name)[STEPS].extra, split.inputs, 8)
  predict = jax.jit(evaluation.predict, static_argnums=(0, 4))
  now = {'step': jnp.array(STEPS), 'steps': STEPS}
  recorded = predict(chosen, state.params.tree, *carried, now)
  small.same(recorded, predict(chosen, state.params.tree, *carried))


@both
def test_nothing_of_the_search_is_kept(name):
  for step in (0, 1, CUT - 1):
    state = states(name)[step]
    small.same(evaluated(name, state).best, state.best)


@both
def test_the_second_training_is_kept(name):
  for step in (CUT + 1, STEPS):
    state = states(name)[step]
    result = evaluated(name, state).best
    small.same(result.params, state.params)
    assert result.step == step


@both
def test_an_evaluation_between_both_trainings_keeps_nothing(name):
  """The best so far is of the search, and the restart reads it."""
  state = states(name)[CUT]
  result = evaluated(name, state)
  small.same(result.best, state.best)
  new = stepped(name)(result, jax.random.key(CUT))
  small.close(new.params, states(name)[CUT + 1].params, 1e-6)
