"""Which tasks a score counts, and that their units do not matter."""

import jax
import numpy as np
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.cells import build, scoring
from mtl_jax.data import base
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task
from mtl_jax.train import selection
from tests import small, toy

NAMES = ['a', 'b', 'c']


def test_a_score_counts_primary_tasks_alone():
  found = scoring.shares(NAMES, ('c', 'a'), separate=False)
  np.testing.assert_array_equal(found, [0.5, 0, 0.5])
  np.testing.assert_allclose(scoring.shares(NAMES, (), False), 1 / 3)
  # Those of another group of tasks: this one has none and counts all.
  np.testing.assert_allclose(scoring.shares(NAMES, ('d',), False), 1 / 3)


def test_a_tower_without_a_primary_task_has_a_score_of_its_own():
  np.testing.assert_array_equal(scoring.shares(NAMES, ('a',), True), 1)


def test_runs_of_several_groups_have_the_units_of_their_tasks():
  scales = np.array([[1.0, 10, 100, 1000]] * 2)
  data = toy.load(0)._replace(
    tasks=tuple(Task(name, 'binary') for name in 'abcd')
  )
  groups = [(3, 1), (0, 2)]
  found = scoring.of_runs(scales, data, groups, ('b',), separate=False)
  np.testing.assert_array_equal(found.scale, [[1000, 10], [1, 100]])
  np.testing.assert_array_equal(found.share, [[0, 1], [0.5, 0.5]])


def test_an_unknown_primary_task_is_one_line_with_the_nearest():
  config = default.get_config()
  config.dataset, config.primary = 'tests.toy', ('frist',)
  with pytest.raises(InputError, match="did you mean 'first'"):
    cells.make(config, build.data(config))
  config.primary = (1,)
  with pytest.raises(InputError, match='tuple of names'):
    build.check(config)
  config.primary = ('first', 'first')
  with pytest.raises(InputError, match="names 'first' twice"):
    build.check(config)


@pytest.mark.parametrize(
  ('key', 'slip', 'meant'),
  [('select', 'metrics', 'metric'), ('checkpoint_per', 'tasks', 'task')],
)
def test_a_slip_in_a_word_is_one_line(key, slip, meant):
  config = default.get_config()
  config[key] = slip
  with pytest.raises(
    InputError, match=f"config.{key} .*did you mean '{meant}'"
  ):
    build.check(config)


def data(unit=1.0):
  """A regression task in a unit of choice, and counts of mean 1,000."""
  draw = np.random.default_rng(0)
  labels = (
    np.float32(unit * draw.normal(size=80)),
    np.float32(draw.negative_binomial(4, 4 / 1004, size=80)),
  )
  split = base.Split(np.zeros((80, 3)), labels, np.ones((80, 2), bool))
  tasks = Task('size', 'regression'), Task('visits', 'count')
  return base.Data(split, split, split, tasks, toy.CARD)


def kept_step(scale, history):
  """The step that is kept of validations with these losses."""
  system = small.system(tasks=data().tasks)
  split = small.split(tasks=data().tasks)
  hp = small.hp(task_weights=(1, 1))
  state = jax.eval_shape(lambda: small.start(system, split, hp))
  best = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), state.best)
  best = best._replace(score=np.float32([np.inf]))
  for step, losses in enumerate(history):
    values = jax.numpy.asarray(np.float32(losses / scale))
    args = best.params, {}, jax.numpy.array(step), best, values
    best = selection.keep_best(system, *args)
  return int(best.step[0])


def test_neither_a_unit_nor_large_counts_decide_alone():
  (scale,) = scoring.scales([data()], 'loss')
  (thousandths,) = scoring.scales([data(unit=1000.0)], 'loss')
  assert scale[1] > 50 * scale[0]
  # At the second validation counts are 1 % better and sizes 20 % worse.
  history = scale * np.array([[0.5, 0.6], [0.6, 0.594]])
  assert kept_step(np.ones(2), history) == 1
  assert kept_step(scale, history) == 0
  units = np.array([1e6, 1])
  np.testing.assert_allclose(thousandths, scale * units, rtol=1e-5)
  assert kept_step(thousandths, history * units) == 0
  assert kept_step(thousandths, history[::-1] * units) == 1
