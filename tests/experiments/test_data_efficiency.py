"""Curves over labels of a tiny data set, from training to the answer."""

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

from configs import default
from experiments.claims import asked as claims
from experiments.claims import data_efficiency, whole
from mtl_jax import cells
from mtl_jax.api import experiment as experiments
from mtl_jax.cells import shapes
from mtl_jax.launchers import base, local
from mtl_jax.report.claims.claimed import UNDECIDED
from tests import small

quick = small.quick


def asked(folder, shares=(0.3, 1.0), schemes=('hard',), **changes):
  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals, config.batch_size = 2, 4, 2, 8
  config.update(changes)
  made = experiments.Experiment(config, local.make(base.Resources()), folder)
  chosen = (('hard',), schemes, schemes, ())
  return claims.Asked(made, *chosen, shares, 'first', 1, ('sum', 'first'))


@pytest.fixture
def programs(tmp_path_factory):
  """A folder for the cache of programs, in this test alone."""
  before = jax.config.jax_compilation_cache_dir
  folder = str(tmp_path_factory.mktemp('programs'))
  jax.config.update('jax_compilation_cache_dir', folder)
  compilation_cache.reset_cache()
  yield
  jax.config.update('jax_compilation_cache_dir', before)
  compilation_cache.reset_cache()


def test_an_answer_of_both_settings_and_nothing_is_done_twice(
  tmp_path, programs, monkeypatch
):
  whole.forget()
  traced, trace = [], shapes.try_shapes

  def counted(resolved, data):
    traced.append(resolved.config.scheme)
    return trace(resolved, data)

  monkeypatch.setattr(shapes, 'try_shapes', counted)
  question = asked(tmp_path)
  found = data_efficiency.answer(question)
  parts = {path.name for path in (tmp_path / 'labels').iterdir()}
  assert parts == {'first_0.3', 'all_0.3'}
  rows = [line[0] for line in found.table.body]
  assert rows == ['hard, first scarce', 'hard, all scarce']
  whats = {one.what for one in found.findings}
  assert {'factor of labels', 'gain at 30 % of labels'} <= whats
  assert 'sum rmse at 30 %, less single' in whats
  records = {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')}
  assert len(records) == 6  # single and hard, in three folders
  # With all labels, and with few, whichever they are.
  assert sorted(traced) == ['hard', 'hard', 'single', 'single']
  whole.forget()
  again = data_efficiency.answer(question)
  assert again.sentence == found.sentence
  assert {p: p.read_bytes() for p in records} == records


def test_only_labels_that_are_scarce_are_hidden(tmp_path):
  config = asked(tmp_path).experiment.config
  one, every = (
    cells.data(data_efficiency.few(config, tasks, 0.3))
    for tasks in (['first'], ['first', 'sum'])
  )
  plain = cells.data(config)
  for seed in (0, 1):
    full = plain[seed].train.mask
    some = one[seed].train.mask
    np.testing.assert_array_equal(some[:, 0], full[:, 0])
    assert some[:, 1].sum() == round(0.3 * full[:, 1].sum())
    # The same labels of the first task, whatever the other tasks have.
    np.testing.assert_array_equal(some[:, 1], every[seed].train.mask[:, 1])
    assert every[seed].train.mask[:, 0].sum() == round(0.3 * full[:, 0].sum())
    for name in ('valid', 'test'):
      kept = every[seed].splits[name].mask
      np.testing.assert_array_equal(kept, plain[seed].splits[name].mask)
  assert not config.datasets.get('toy', {}).get('labels')


@pytest.mark.parametrize(
  ('known', 'expected'),
  [
    ((), (('a', 0.1),)),
    ((('a', 60),), (('a', 6),)),
    ((('a', 4),), (('a', 1),)),
    ((('a', 0.5), ('b', 7)), (('a', 0.05), ('b', 7))),
  ],
)
def test_shares_are_of_the_labels_that_the_config_leaves(known, expected):
  assert data_efficiency.labels(known, ['a'], 0.1) == expected


def test_with_all_labels_alone_nothing_is_trained(tmp_path):
  found = data_efficiency.answer(asked(tmp_path, shares=(1.0,)))
  assert found.verdict == UNDECIDED
  assert not [*tmp_path.iterdir()]
