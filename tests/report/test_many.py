"""A table of more tasks than can be read one by one."""

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from mtl_jax.report import layout, many
from mtl_jax.report.compare import above, page, tables
from tests.report import fake

COUNT = 30  # regressions, and as many binary tasks


@pytest.fixture(scope='module')
def cells(tmp_path_factory):
  folder = tmp_path_factory.mktemp('cells')
  described = fake.tasks(COUNT, COUNT)
  shifts = {'single': 0, 'hard': 0.1, 'mmoe': -0.1}
  return [fake.cell(folder, s, x, tasks=described) for s, x in shifts.items()]


@pytest.fixture(scope='module')
def frame(cells):
  return tables.rows(cells)


def test_columns_do_not_grow_with_tasks(cells, frame):
  table = layout.readable(cells, frame)
  assert len(table.header) == 1 + 3 + 3 + 3 + 1 + 4
  assert all(len(row) == len(table.header) for row in table.body)
  assert max(map(len, tables.plain(cells, frame).splitlines())) <= 120


def test_the_long_table_keeps_every_task(cells, frame):
  assert frame['task'].nunique() == 2 * COUNT + 1
  assert 'table.csv has every task' in '\n'.join(above.above(cells))


def test_what_stands_for_the_tasks_by_hand(cells, frame):
  table = layout.readable(cells, frame)
  row = dict(enumerate(table.body[1]))
  assert row[0] == 'hard'
  own = layout.of_cell(frame, cells[1])
  rmse = own[own['metric'] == 'rmse']['mean'].sort_values()
  low, middle, high = np.quantile(rmse, (0.25, 0.5, 0.75))
  assert table.header[1] == f'rmse ↓ of {COUNT}: median'
  assert row[1] == f'{middle:.3g}'
  assert row[2] == f'{low:.3g} to {high:.3g}'
  assert row[3] == f'{rmse.iloc[-1]:.3g} ({rmse.index[-1]})'
  auc = own[own['metric'] == 'auc']['mean'].sort_values()
  assert row[6] == f'{auc.iloc[0]:.3g} ({auc.index[0]})'
  shown = own[own.index != 'ALL']['verdict']
  words = ('better', 'worse', 'equivalent')
  assert row[7] == '/'.join(str(sum(shown == word)) for word in words)


def test_gains_are_better_upwards_whatever_the_metric():
  rows = {
    'higher_is_better': [True, False],
    'mean': [0.8, 2.0],
    'diff': [0.1, 0.5],
    'diff_ci_low': [0.0, 0.4],
    'diff_ci_high': [0.2, 0.6],
    'verdict': ['better', 'worse'],
  }
  own = pd.DataFrame(rows, index=['auc', 'rmse'])
  found = many.gains(own, own.assign(mean=[0.5, 2.0]), ['auc', 'rmse'])
  np.testing.assert_allclose(found['gain'], [20, -25])
  np.testing.assert_allclose(found['low'], [0, -30])
  np.testing.assert_allclose(found['high'], [40, -20])


def test_pictures_do_not_grow_with_tasks(cells, tmp_path):
  page.write(cells, tmp_path)
  for path in tmp_path.glob('figures/*.png'):
    assert max(matplotlib.image.imread(path).shape) < 2500
  text = (tmp_path / 'report.html').read_text('utf-8')
  assert 'median and quartiles over tasks' in text


def test_few_tasks_have_a_column_each(tmp_path):
  cells = [fake.cell(tmp_path, s, tasks=fake.tasks(6, 6)) for s in ('single',)]
  header = layout.readable(cells, tables.rows(cells)).header
  assert 'cd4_5 rmse ↓' in header
  assert 'death_5 auc ↑' in header
