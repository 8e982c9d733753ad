"""Tasks of one kind are one operation: more of them compile no more."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from mtl_jax.data import stacked
from mtl_jax.schemes.base import heads
from mtl_jax.tasks import Task
from mtl_jax.train import parameters, precision, state
from tests import small

quick = small.quick


def alike(count):
  """Two kinds in turn, heads of one shape."""
  kinds = ('binary', 'regression')
  return tuple(Task(f'task_{t}', kinds[t % 2]) for t in range(count))


def lowered(count, name, balancer):
  """A step of so many tasks."""
  tasks = alike(count)
  system = small.system(name, balancer=balancer, tasks=tasks, rule='adam')
  split = small.split(tasks=tasks)
  split = split._replace(labels=stacked.packed(split.labels))
  hp = small.hp(task_weights=(1,) * count)

  def step(hp, split, key):
    state = train.init(system, hp, jnp.int32(0), split.inputs)
    return train.step(system, hp, state, split, key)

  return jax.jit(step).trace(hp, split, jax.random.key(0))


def equations(jaxpr):
  """How many operations, those of inner programs with them."""
  inner = jax.core.jaxprs_in_params
  return sum(1 + sum(map(equations, inner(eqn.params))) for eqn in jaxpr.eqns)


@pytest.mark.parametrize('balancer', ['equal', 'uncertainty', 'pcgrad'])
@pytest.mark.parametrize('name', ['hard', 'single', 'mmoe'])
def test_more_tasks_are_no_more_operations(name, balancer):
  if (name, balancer) == ('single', 'pcgrad'):
    return  # Nothing is shared.
  few, many = (
    equations(lowered(count, name, balancer).jaxpr.jaxpr) for count in (4, 16)
  )
  assert abs(many - few) <= 4


def test_more_tasks_are_no_more_kernels():
  few, many = (
    lowered(count, 'hard', 'equal').lower().compile().as_text().count('fusion(')
    for count in (4, 16)
  )
  assert abs(many - few) <= 4


def test_heads_of_a_stack_are_drawn_as_by_their_names():
  tasks = (*alike(9), Task('kind', 'multiclass', 3))
  hp = small.hp(task_weights=(1,) * len(tasks))
  for name in ('hard', 'single'):
    system = small.system(name, tasks=tasks)
    x = small.inputs()
    drawn = small.start(system, small.split(tasks=tasks), hp, noise=False)
    key = state.stream(jnp.int32(0), 'init')
    named = jax.jit(system.scheme.init, static_argnums=2)(key, x, False)
    small.same(drawn.params.tree, named['params'])


@pytest.mark.parametrize('name', ['hard', 'mmoe', 'shared_private'])
def test_stacked_heads_say_what_those_by_name_do(name):
  x, scheme = small.inputs(), small.scheme(name)
  named = small.params(scheme, x)

  @jax.jit
  def predict(params):
    return tuple(precision.apply(scheme, 'float32', params, {}, x, False))

  small.same(predict(heads.gathered(named)), predict(named))


@pytest.mark.parametrize('groups', [1, 3])
def test_stacks_hold_what_the_names_do(groups):
  tree = small.params(small.scheme('single'), small.inputs())
  stacks = parameters.pack(tree, groups).stacks
  assert sorted(stacks) == ['head_0,2', 'head_1', 'towers']
  small.same(stacks, heads.gathered(tree))
  small.same(parameters.pack(stacks, groups), parameters.pack(tree, groups))
  small.same(dict(heads.ByName(stacks).items()), tree)


@pytest.mark.parametrize('numbers', [(3, 4), (0, 2), (0, 1, 2, 7, 9, 10)])
def test_a_stack_says_whose_heads_it_has(numbers):
  assert heads.members(heads.joined(numbers)) == numbers
  assert heads.is_stack(heads.joined(numbers))


def test_other_names_are_no_heads():
  for name in ('towers', 'head', 'head_a', 'head_0_1', 'head_0-'):
    assert not heads.members(name)
  assert heads.members('head_12') == (12,)
  assert not heads.is_stack('head_12')


def test_the_gradient_of_another_order_goes_back_to_its_places():
  order, weights = (2, 0, 3, 1), jnp.arange(8.0).reshape(2, 4)
  slope = jax.grad(lambda x: (stacked.permuted(x, order, 1) * weights).sum())(
    jnp.ones((2, 4))
  )
  expected = np.empty((2, 4))
  expected[:, list(order)] = weights
  np.testing.assert_array_equal(slope, expected)
