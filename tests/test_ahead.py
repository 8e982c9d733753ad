"""Cells are compiled before their turn, and never beside one that needs all."""

import types

import pytest

from mtl_jax import ahead


class Place:
  """Of a cell: how many devices train it, and of what sort."""

  def __init__(self, rows, platform='cpu'):
    self.rows, self.batch, self.platform = rows, 1, platform


def cell(name, rows, platform='cpu'):
  place = Place(rows, platform)
  chunk = types.SimpleNamespace(size=rows)
  return types.SimpleNamespace(
    hash=name, place=place, chunks=lambda: [chunk], datas=[]
  )


@pytest.fixture
def prepared(monkeypatch):
  """The names of cells that were compiled; there are two cores."""
  found = []

  def prepare(cell):
    found.append(cell.hash)
    return cell.hash

  monkeypatch.setattr(ahead, 'prepare', prepare)
  monkeypatch.setattr(ahead.containers, 'cores', lambda: 2)
  return found


def test_where_training_takes_every_core_pairs_are_finished_first(prepared):
  cells = [cell(name, rows=2) for name in 'abcd']
  order = ahead.Ahead(cells)
  seen = []
  for own in cells:
    assert order.take(own) == own.hash
    seen.append(sorted(prepared))
  assert seen == [['a', 'b'], ['a', 'b'], list('abcd'), list('abcd')]


def test_where_a_core_is_free_the_next_one_is_compiled_meanwhile(prepared):
  cells = [cell(name, rows=1) for name in 'abc']
  order = ahead.Ahead(cells)
  for i, own in enumerate(cells):
    assert order.take(own) == own.hash
    for future in order._begun.values():
      future.result()
    assert sorted(prepared) == list('abc'[: i + 2])
