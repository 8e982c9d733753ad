"""A cell's programs: what they leave of what they are given."""

import jax
import numpy as np
import pytest

from configs import default
from mtl_jax import cells, train
from mtl_jax.cells import build
from mtl_jax.programs import compiled
from tests import small

quick = small.quick


@pytest.fixture(scope='module')
def programs():
  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals, config.batch_size = 2, 4, 2, 8
  cell = cells.make(config, build.data(config))
  return cell, *compiled.prepare(cell)


def test_a_new_state_takes_the_memory_of_the_old(programs):
  cell, programs, inputs = programs
  assert programs.seconds > 0
  state = programs.start(inputs)
  before, sizes = jax.device_get(state), jax.tree.map(lambda x: x.nbytes, state)
  after, _, _ = programs.period(inputs, state)
  carried = sizes._replace(best=())  # no step reads the best parameters
  reused = programs._follow.memory_analysis().alias_size_in_bytes
  assert reused * jax.device_count() >= sum(jax.tree.leaves(carried))
  # Those that were fetched are numbers of their own.
  np.testing.assert_array_equal(before.step, 0)
  np.testing.assert_array_equal(after.step, 2)


def test_validation_and_test_share_a_program_and_are_those_of_the_best(
  programs,
):
  cell, programs, inputs = programs
  state, _, results = programs.period(inputs, programs.start(inputs))
  valid, test = programs.test(inputs, state)
  assert len(programs.measuring.programs) == 1
  small.same(valid, results)  # the first to be measured is the best
  best = jax.device_get(state.best)
  for i, data in enumerate(cell.datas):
    params = small.take(best.params, i).tree
    expected = train.evaluate(cell.system, params, {}, data.test, 8)
    small.close(small.take(test, i), expected, 1e-5)
