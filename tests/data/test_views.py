"""A view of a table reads as the split that was copied from it."""

import jax
import numpy as np
import pytest

from mtl_jax.cells import identity
from mtl_jax.data import base, views
from mtl_jax.data.base import Split
from mtl_jax.errors import InputError
from tests import small
from tests.cells import test_reading

load, copied = test_reading.load, test_reading.copied


def test_a_view_is_a_split_to_whoever_reads_it():
  data = load(split_seed=0)
  view, split = data.train, copied(data).train
  assert isinstance(view, views.View)
  small.same(tuple(view), tuple(split))
  doubled = jax.tree.map(lambda x: 2 * x, view)
  assert type(doubled) is Split
  small.same(doubled, jax.tree.map(lambda x: 2 * x, split))
  small.same(views.first(view, 5), views.first(split, 5))
  sizes = [x.size for x in jax.tree.leaves(split)]
  assert views.numbers(view) == views.numbers(split) == sum(sizes)
  mask = np.zeros_like(split.mask)
  small.same(tuple(view._replace(mask=mask)), tuple(split._replace(mask=mask)))


def test_a_fingerprint_is_that_of_the_rows_however_they_are_held(monkeypatch):
  data = load(split_seed=1)
  expected = identity.fingerprint([copied(data)])
  assert identity.fingerprint([data]) == expected
  monkeypatch.setattr(views, 'BLOCK', 7)
  assert identity.fingerprint([data]) == expected
  assert identity.fingerprint([load(split_seed=2)]) != expected


def test_a_fingerprint_is_of_the_rows_of_all_seeds():
  first, *others = (load(split_seed=seed) for seed in range(3))
  prints = [
    identity.fingerprint([first, *rest])
    for rest in ([], others[:1], others[1:], others)
  ]
  assert len({*prints}) == len(prints)
  joined = [views.joined(other, first) for other in others]
  assert identity.fingerprint([first, *joined]) == prints[-1]
  moved = others[0].train._replace(mask=~others[0].train.mask)
  changed = others[0]._replace(train=moved)
  assert identity.fingerprint([first, changed]) not in prints


def test_parts_that_are_equal_are_taken_from_the_first_table():
  first, same, scaled = load(0), load(1), load(2, scaled=True)
  assert same.train.table is not first.train.table
  joined = views.joined(same, first)
  assert {id(s.table) for s in joined.splits.values()} == {
    id(first.train.table)
  }
  small.same(tuple(joined.valid), tuple(same.valid))
  parts = views.joined(scaled, first).test.table.parts
  assert parts.inputs is first.train.table.parts.inputs
  assert parts.labels is scaled.test.table.parts.labels
  other = load(0, rows=91)
  assert views.joined(other, first).test.table.parts.inputs is (
    other.test.table.parts.inputs
  )
  assert views.joined(copied(same), first).train.inputs.base is None


def test_rows_are_given_as_numpy_takes_them():
  table = load().train.table.parts
  numbers = np.arange(90)
  rows = numbers < 50, numbers[50:70], np.array([-1, -2, *range(70, 88)])
  data = base.cut(table, rows, test_reading.TASKS, test_reading.CARD)
  for split, own in zip(data.splits.values(), rows, strict=True):
    small.same(split.inputs, table.inputs[own])
  assert data.test.rows.min() == 70


def test_a_row_that_is_not_finite_is_named_by_its_split():
  table = load().train.table.parts
  table.inputs[7, 1] = np.nan
  rows = np.split(np.arange(90), (5, 50))
  with pytest.raises(InputError, match="valid inputs: column 'y', row 2"):
    base.cut(table, rows, test_reading.TASKS, test_reading.CARD, 'xyz')
