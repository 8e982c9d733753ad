"""Warnings where an input gives an outcome away, and silence elsewhere."""

import numpy as np
import pandas as pd
import pytest

from mtl_jax.data import frame

COUNT = 400
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=COUNT)
Y = (X + DRAW.normal(size=COUNT) > 0).astype(int)
DAYS = pd.Timestamp('2020-01-01') + pd.to_timedelta(np.arange(COUNT) // 3, 'D')


def warnings(tasks=('y:binary',), **columns):
  rows = pd.DataFrame({'x': X, 'y': Y, **columns})
  lines = frame(rows, tasks).describe()
  at = lines.index('## Warnings') if '## Warnings' in lines else len(lines)
  return lines[at + 2 :]


GIVEAWAYS = {
  'the outcome itself': ({'copy': Y * 5.0 + 3}, ('y:binary',)),
  'in other words': ({'copy': np.where(Y, 'ill', 'well')}, ('y:binary',)),
  'blank where nothing happened': (
    {'copy': np.where(Y, DRAW.normal(size=COUNT), np.nan)},
    ('y:binary',),
  ),
  'a number in another unit': (
    {'copy': 10 - X**3, 'z': X},
    ('z:regression',),
  ),
}


@pytest.mark.parametrize('name', GIVEAWAYS)
def test_a_column_that_gives_the_outcome_away_is_named(name):
  columns, tasks = GIVEAWAYS[name]
  found = [w for w in warnings(tasks, **columns) if "'copy' alone" in w]
  assert len(found) == 1
  assert "drop=('copy',)" in found[0]


def test_columns_that_predict_as_columns_do_are_not_named():
  noise = DRAW.normal(size=COUNT)
  many = [f'c{i}' for i in DRAW.integers(0, 150, COUNT)]
  assert not warnings(noise=noise, near=Y + DRAW.normal(size=COUNT), start=DAYS)
  assert not [w for w in warnings(many=many) if 'alone' in w]


def test_a_date_after_others_is_named():
  later = DAYS + pd.to_timedelta(DRAW.integers(0, 9, COUNT), 'D')
  found = warnings(start=DAYS, left=later)
  assert len(found) == 1
  assert "'left' is a date that never comes before 'start'" in found[0]
  shuffled = pd.Series(DAYS).sample(frac=1, random_state=0).to_numpy()
  assert not warnings(start=DAYS, seen=shuffled)
  assert "'date_of_death' is a date" in warnings(date_of_death=DAYS)[0]


def test_an_identifier_is_left_out_and_said():
  rows = pd.DataFrame(
    {'x': X, 'y': Y, 'patient_id': np.arange(COUNT)[::-1] * 7}
  )
  lines = frame(rows, ('y:binary',)).describe()
  assert any('patient_id: it looks like an identifier' in s for s in lines)


def test_the_description_counts():
  rows = pd.DataFrame({'x': np.where(X > 1, np.nan, X), 'y': Y, 'z': X})
  rows.loc[:9, 'z'] = np.nan
  text = '\n'.join(frame(rows, ('y:binary', 'z:regression(kg)')).describe())
  assert '400 rows, 1 input column, 2 tasks.' in text
  assert f'- y: binary, 400 labels, 0 ({400 - Y.sum()}), 1 ({Y.sum()})' in text
  assert '- z: regression, 390 labels, 10 missing' in text
  assert '240 training, 80 validation, 80 test' in text
  assert f'| x | number | {(X > 1).sum()} |' in text
