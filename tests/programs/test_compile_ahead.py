"""Cells are compiled before their turn, and never beside one that needs all."""

import pytest

from mtl_jax import cells
from mtl_jax.programs import compile_ahead
from mtl_jax.resources import plans


class Fake(cells.Cell):
  """A cell that is never trained: its name and how many devices it takes."""

  def __init__(self, name, rows):
    place = plans.Place('cpu', rows, 1, None)
    for key, value in {'own': name, 'datas': [], 'place': place}.items():
      object.__setattr__(self, key, value)

  @property
  def hash(self):
    return self.own

  def chunks(self):
    return [cells.Chunk(0, [], self.place.rows)]


@pytest.fixture
def prepared(monkeypatch):
  """The names of cells that were compiled; there are two cores."""
  found = []

  def prepare(cell):
    found.append(cell.hash)
    return compile_ahead.Ready(cell.hash, ())

  monkeypatch.setattr(compile_ahead, 'prepare', prepare)
  monkeypatch.setattr(compile_ahead.containers, 'cores', lambda: 2)
  return found


def test_where_training_takes_every_core_pairs_are_finished_first(prepared):
  table = [Fake(name, rows=2) for name in 'abcd']
  order = compile_ahead.Ahead(table)
  seen = []
  for own in table:
    assert order.take(own).compiled == own.hash
    seen.append(sorted(prepared))
  assert seen == [['a', 'b'], ['a', 'b'], list('abcd'), list('abcd')]


def test_where_a_core_is_free_the_next_one_is_compiled_meanwhile(prepared):
  table = [Fake(name, rows=1) for name in 'abc']
  order = compile_ahead.Ahead(table)
  for i, own in enumerate(table):
    assert order.take(own).compiled == own.hash
    for future in order._begun.values():
      future.result()
    assert sorted(prepared) == list('abc'[: i + 2])
