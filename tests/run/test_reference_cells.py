"""Reference models are fitted beside training, without getting in its way."""

import threading

import numpy as np
import pytest
import threadpoolctl

from mtl_jax import records
from mtl_jax.run import linear, reference_cells, trees
from mtl_jax.run.resuming import repairs
from tests.run import test_table

ONE = {'first': {'loss': 1.0}}


@pytest.fixture(scope='module')
def cell():
  return test_table.make()


def test_they_are_fitted_in_a_thread_of_their_own_with_one_of_blas(
  cell, tmp_path, monkeypatch
):
  seen = []

  def fit(data):
    pools = threadpoolctl.threadpool_info()
    blas = [p['num_threads'] for p in pools if p['user_api'] == 'blas']
    seen.append((threading.current_thread(), {*blas}))
    return ONE, ONE, 3

  for module in (linear, trees):
    monkeypatch.setattr(module, 'fit', fit)
  folders = reference_cells.begin(cell, tmp_path)()
  assert len(folders) == 2
  assert all(map(records.finished, folders))
  assert len(seen) == 2 * len(cell.datas)
  for thread, threads in seen:
    assert thread is not threading.main_thread()
    assert threads == {1}


def test_nothing_is_written_before_it_is_asked_for(cell, tmp_path):
  written = reference_cells.begin(cell, tmp_path)
  assert not list(tmp_path.iterdir())
  assert {folder.parents[1] for folder in written()} == {tmp_path}


@pytest.mark.parametrize('written', [0, 1])
def test_a_killed_process_leaves_no_damage(
  cell, tmp_path, monkeypatch, written
):
  left = [written]

  def append(*arguments):
    if not left[0]:
      raise KeyboardInterrupt
    left[0] -= 1
    records.lines.append(*arguments)

  monkeypatch.setattr(linear, 'fit', lambda _: (ONE, ONE, 3))
  monkeypatch.setattr(reference_cells.records, 'append', append)
  for _ in range(2):
    with pytest.raises(KeyboardInterrupt):
      reference_cells.begin(cell, tmp_path, ['reference'])()
    (folder,) = (tmp_path / 'cells').iterdir()
    assert repairs.of_records(folder) is None
    assert not records.finished(folder)
    left[0] = written


def test_only_tables_of_numbers_have_trees(cell):
  data = cell.datas[0]
  assert trees.applies(data)
  train = data.train
  for inputs in (train.inputs[:, None], train.inputs.astype(np.int32)):
    split = train._replace(inputs=inputs)
    assert not trees.applies(data._replace(train=split))


def test_where_they_cannot_be_fitted_one_line_says_so(
  cell, tmp_path, monkeypatch, capsys
):
  def fit(data):
    raise ValueError('one class alone')

  monkeypatch.setattr(linear, 'fit', fit)
  (folder,) = reference_cells.begin(cell, tmp_path)()
  head = next(records.read(folder))
  assert head['scheme'] == 'trees'
  line = capsys.readouterr().err
  assert line == 'no row of linear models: one class alone\n'


def test_any_other_error_is_raised_by_whoever_waits(
  cell, tmp_path, monkeypatch
):
  def fit(data):
    raise KeyError('a fault of ours')

  # Trees that are still fitted at the end of the process could abort it.
  for module in (linear, trees):
    monkeypatch.setattr(module, 'fit', fit)
  with pytest.raises(KeyError, match='a fault of ours'):
    reference_cells.begin(cell, tmp_path)()
