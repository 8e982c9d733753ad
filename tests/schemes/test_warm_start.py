"""Towers that are trained apart first, as in `single`, and then meet."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.train.losses import task_losses
from tests import small
from tests.schemes.test_reductions import assert_same, heads

quick = small.quick

NAMES = pytest.mark.parametrize('name', ['cross_stitch', 'sluice', 'nddr'])
STEPS = 10


def scheme(name, **fields):
  """Stages of one shape: a sluice network would read both."""
  stages = small.stages('mlp', widths=(4, 4))
  return small.scheme(name, **fields).clone(stages=stages)


def losses(scheme, step, training):
  """`parameters -> [K]` losses, as they are at a step of ten."""
  split = small.split()
  carried = small.extra(scheme, split.inputs)
  now = {'step': jnp.array(step), 'steps': STEPS, 'mask': split.mask}
  kinds = list(carried) if training else False

  def function(params):
    variables = {'params': params, 'now': now, **carried}
    result = scheme.apply(variables, split.inputs, training, mutable=kinds)
    predictions = result[0] if training else result
    return task_losses(small.TASKS, predictions, split)

  return function


def mixing(scheme):
  """Random parameters that mix tasks."""
  params = small.params(scheme, small.inputs())
  return {k: v for k, v in params.items() if k.startswith(scheme.mix)}


def towers():
  return small.params(scheme('single'), small.inputs())['towers']


def renamed(towers):
  return {f'shared_tower_{i}': w for i, w in enumerate(towers.values())}


@NAMES
@pytest.mark.parametrize(('step', 'training'), [(0, True), (4, False)])
def test_before_it_ends_a_scheme_is_single(name, step, training):
  waiting = scheme(name, warm_start=5)
  actual = losses(waiting, step, training)
  single = losses(scheme('single'), step, training)
  units = mixing(waiting)
  assert_same(
    lambda w, h: actual({**renamed(w), **units, **h}),
    lambda w, h: single({'towers': w, **h}),
    towers(),
    heads('mlp'),
  )


@NAMES
def test_what_mixes_tasks_has_no_gradient_before_it_ends(name):
  waiting = scheme(name, warm_start=5)
  rest = {**renamed(towers()), **heads('mlp')}

  @jax.jit
  @jax.grad
  def gradient(units, step):
    return losses(waiting, step, True)({**rest, **units}).sum()

  def gradients(step):
    return jax.tree.leaves(jax.device_get(gradient(mixing(waiting), step)))

  assert not any(gradient.any() for gradient in gradients(4))
  assert all(gradient.any() for gradient in gradients(5))


@NAMES
def test_from_then_on_it_is_the_scheme_without_warm_start(name):
  params = {
    **renamed(towers()),
    **mixing(scheme(name)),
    **heads('mlp'),
  }
  waiting, without = scheme(name, warm_start=5), scheme(name)

  # With the step as a constant, which leaves the same operations.
  @functools.partial(jax.jit, static_argnums=(0, 1))
  def at(scheme, step):
    return losses(scheme, step, True)(params)

  met = np.asarray(at(without, 0))
  small.same(np.asarray(at(waiting, 5)), met)
  assert np.abs(at(waiting, 4) - met).max() > 1e-3


@NAMES
def test_outside_training_towers_have_met(name):
  """The step is not given, as in the test of the best parameters."""
  x, params = small.inputs(), None
  result = []
  for warm_start in (0, 5):
    chosen = scheme(name, warm_start=warm_start)
    params = params or small.params(chosen, x)
    variables = {'params': params, **small.extra(chosen, x)}
    apply = jax.jit(chosen.apply, static_argnums=2)
    result.append(apply(variables, x, False))
  small.same(*result)


@NAMES
def test_what_mixes_tasks_rests_until_it_ends(name):
  waiting = scheme(name, warm_start=5)
  for unit in mixing(waiting):
    group = waiting.group(unit)
    assert not group.moves(4, STEPS)
    assert group.moves(5, STEPS)
    assert (group.lr, group.decays) == (waiting.mix_lr, False)
    assert scheme(name).group(unit).moves is None
  assert waiting.group('shared_tower_0').moves is None


@pytest.mark.parametrize('name', ['hard', 'mmoe', 'mtan'])
def test_without_towers_it_is_refused(name):
  with pytest.raises(ValueError, match='warm_start is 5.*set it to 0'):
    small.scheme(name, warm_start=5)
