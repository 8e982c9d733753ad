"""Linear models are fitted beside training, and do not get in its way."""

import threading

import pytest
import threadpoolctl

from mtl_jax import records
from mtl_jax.run import linear, linear_cell
from tests.run import test_table


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
    return {'first': {'loss': 1.0}}, {'first': {'loss': 1.0}}, 3

  monkeypatch.setattr(linear, 'fit', fit)
  (folder,) = linear_cell.begin(cell, tmp_path)()
  assert records.finished(folder)
  assert len(seen) == len(cell.datas)
  for thread, threads in seen:
    assert thread is not threading.main_thread()
    assert threads == {1}


def test_nothing_is_written_before_it_is_asked_for(cell, tmp_path):
  written = linear_cell.begin(cell, tmp_path)
  assert not list(tmp_path.iterdir())
  (folder,) = written()
  assert folder.parents[1] == tmp_path


def test_where_they_cannot_be_fitted_one_line_says_so(
  cell, tmp_path, monkeypatch, capsys
):
  def fit(data):
    raise ValueError('one class alone')

  monkeypatch.setattr(linear, 'fit', fit)
  assert linear_cell.begin(cell, tmp_path)() == []
  line = capsys.readouterr().err
  assert line == 'no row of linear models: one class alone\n'


def test_any_other_error_is_raised_by_whoever_waits(
  cell, tmp_path, monkeypatch
):
  def fit(data):
    raise KeyError('a fault of ours')

  monkeypatch.setattr(linear, 'fit', fit)
  with pytest.raises(KeyError, match='a fault of ours'):
    linear_cell.begin(cell, tmp_path)()
