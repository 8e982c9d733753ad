"""A cell's programs: what they leave of what they are given."""

import jax
import numpy as np
import pytest

from configs import default
from mtl_jax import build, cells, measuring, train
from mtl_jax.data import base
from mtl_jax.programs import Programs
from tests import small

quick = small.quick


@pytest.fixture(scope='module')
def programs():
  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals, config.batch_size = 2, 4, 2, 8
  cell = cells.make(config, build.data(config))
  return cell, Programs(cell)


def test_a_new_state_takes_the_memory_of_the_old(programs):
  cell, programs = programs
  inputs = programs.inputs(cell.chunks()[0])
  assert programs.compile(inputs) > 0
  state = programs.start(inputs)
  before, sizes = jax.device_get(state), jax.tree.map(lambda x: x.nbytes, state)
  after, _, _ = programs.period(inputs, state)
  carried = sizes._replace(best=())  # no step reads the best parameters
  reused = programs._advance.memory_analysis().alias_size_in_bytes
  assert reused * jax.device_count() >= sum(jax.tree.leaves(carried))
  # Those that were fetched are numbers of their own.
  np.testing.assert_array_equal(before.step, 0)
  np.testing.assert_array_equal(after.step, 2)


def test_validation_and_test_share_a_program_and_are_those_of_the_best(
  programs,
):
  cell, programs = programs
  inputs = programs.inputs(cell.chunks()[0])
  state, _, results = programs.period(inputs, programs.start(inputs))
  valid, test = programs.test(inputs, state)
  assert len(programs.measuring.programs) == 1
  small.same(valid, results)  # the first to be measured is the best
  best = jax.device_get(state.best)
  for i, data in enumerate(cell.datas):
    params = small.take(best.params, i)
    expected = train.evaluate(cell.system, params.tree, {}, data.test, 8)
    small.close(small.take(test, i), expected, 1e-5)


@pytest.mark.parametrize(
  ('sizes', 'rows'), [((5, 9), (9, 9)), ((4, 9), (4, 9))]
)
def test_splits_are_padded_to_as_many_rows_where_that_is_little(sizes, rows):
  splits = {
    name: base.Split(np.ones((2, n, 3)), (np.ones((2, n)),), np.ones((2, n, 1)))
    for name, n in zip(('valid', 'test'), sizes, strict=True)
  }
  found = measuring.padded(splits | {'train': splits['test']}, axis=1)
  assert found['train'] is splits['test']
  for name, size, length in zip(('valid', 'test'), sizes, rows, strict=True):
    for leaf in jax.tree.leaves(found[name]):
      assert leaf.shape[1] == length
      assert leaf.sum() == splits[name].mask.sum() / 1 * leaf[0, 0].size
      assert not leaf[:, size:].any()
