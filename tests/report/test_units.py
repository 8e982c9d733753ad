"""Errors in the label's own unit: what is scaled, and what is not."""

import numpy as np
import pytest

from mtl_jax.report import units
from mtl_jax.report.compare import figures, tables
from mtl_jax.report.compare.above import above
from tests.report import fake

STD = {str(seed): 100.0 + 10 * seed for seed in range(5)}
SCALES = {'cd4_0': {'unit': 'cells/mm3', 'std': STD}}
TASKS = [
  task | {'in_label_unit': ['rmse', 'mae']}
  if task['kind'] == 'regression'
  else task
  for task in fake.tasks()
]


def table(folder, **changes):
  """Three rows; `changes` of their headers."""
  names = ('single', 'hard', 'mmoe')
  return [
    fake.cell(folder, name, 0.01 * i, **changes) for i, name in enumerate(names)
  ]


@pytest.fixture
def scaled(tmp_path):
  return table(tmp_path / 'scaled', tasks=TASKS, label_scales=SCALES)


@pytest.fixture
def plain(tmp_path):
  return table(tmp_path / 'plain', tasks=TASKS)


def test_each_seed_is_multiplied_by_its_own_scale(scaled):
  cell = scaled[1]
  own, recorded = (f(cell) for f in (rmse, lambda c: c.values('cd4_0', 'rmse')))
  assert own == {seed: recorded[seed] * STD[str(seed)] for seed in range(5)}
  for task, metric in (('cd4_0', 'r2'), ('cd4_1', 'rmse'), ('death_0', 'auc')):
    assert units.values(cell, task, metric) == cell.values(task, metric)
    assert units.of(cell, task, metric) == ''


def rmse(cell):
  return units.values(cell, 'cd4_0', 'rmse')


def test_rows_are_in_the_unit_and_say_what_the_records_hold(scaled, plain):
  frame, before = tables.rows(scaled), tables.rows(plain)
  row, old = (
    f[(f.scheme == 'hard') & (f.task == 'cd4_0') & (f.metric == 'rmse')].iloc[0]
    for f in (frame, before)
  )
  values = list(rmse(scaled[1]).values())
  difference = np.subtract(values, list(rmse(scaled[0]).values()))
  assert row['unit'] == 'cells/mm3'
  assert row['mean'] == pytest.approx(np.mean(values))
  assert row['std'] == pytest.approx(np.std(values, ddof=1))
  assert row['diff'] == pytest.approx(difference.mean())
  assert row['margin'] == pytest.approx(
    0.01 * np.mean([*rmse(scaled[0]).values()])
  )
  assert row['mean_standardised'] == pytest.approx(old['mean'])
  assert old['unit'] == ''
  assert np.isnan(old['mean_standardised'])


def test_delta_m_and_whatever_has_no_scale_are_unchanged(scaled, plain):
  frame, before = tables.rows(scaled), tables.rows(plain)
  # Verdicts of a task wait for those of its table, whose p-values may differ.
  known = [*frame.columns[:17], 'mean_rank', 'delta_m_chance']
  known = [c for c in known if c not in ('p_holm', 'verdict')]
  for task in ('ALL', 'cd4_1', 'death_0'):
    a, b = (f.loc[f['task'] == task, known] for f in (frame, before))
    assert a.equals(b)
  changes = [f.loc[f['task'] == 'ALL', 'worst_change'] for f in (frame, before)]
  np.testing.assert_allclose(*changes, atol=0.2)


def test_a_common_scale_changes_no_test(tmp_path, plain):
  std = dict.fromkeys(STD, 250.0)
  scales = {'cd4_0': {'unit': '', 'std': std}}
  cells = table(tmp_path / 'common', tasks=TASKS, label_scales=scales)
  frame, before = tables.rows(cells), tables.rows(plain)
  for name in ('p_value', 'p_holm', 'p_equivalent_holm', 'worst_change'):
    np.testing.assert_allclose(frame[name], before[name], rtol=1e-9)
  assert frame['verdict'].tolist() == before['verdict'].tolist()
  text = tables.plain(cells, frame)
  assert f'cd4_0 rmse, {units.NAMELESS} ↓' in text


def test_columns_name_the_unit(scaled, plain):
  text = tables.markdown(scaled, tables.rows(scaled))
  assert '| cd4_0 rmse, cells/mm3 ↓ | cd4_1 rmse ↓ | death_0 auc ↑ |' in text
  line = next(line for line in above(scaled) if line.startswith('Δm'))
  assert 'Errors of cd4_0 are in the unit of the label' in line
  assert 'cells/mm3' not in tables.markdown(plain, tables.rows(plain))
  old = next(line for line in above(plain) if line.startswith('Δm'))
  assert 'regression is in standard deviations' in old


def test_cells_of_which_one_has_no_scale_are_shown_as_recorded(scaled, plain):
  mixed = [scaled[0], plain[1]]
  frame, before = tables.rows(mixed), tables.rows(plain[:2])
  assert frame.equals(before)


def test_curves_are_in_the_unit(scaled):
  steps, summary = figures._summary(scaled[1], scaled[1].tasks[0])
  last = [
    run.curve[-1].valid['cd4_0']['rmse'] * STD[str(run.seed)]
    for run in scaled[1].completed
  ]
  assert steps[-1] == 300
  assert summary[-1].mean == pytest.approx(np.mean(last))
