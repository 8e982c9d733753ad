"""Verdicts, and the lines that say what they rest on."""

import numpy as np
import pytest

from mtl_jax.report.compare import answer, figures, tables
from mtl_jax.report.compare.above import above
from mtl_jax.report.compare.notes import notes
from tests.report import fake

SEEDS = list(range(10))


def made(folder, shifts: dict, **changes):
  return [
    fake.cell(folder, scheme, shift, seeds=SEEDS, **changes)
    for scheme, shift in shifts.items()
  ]


def task_cell(folder, scheme: str, gains: dict, **changes):
  """Binary tasks a and b at .75 and their gains, with some noise."""
  rng = np.random.default_rng([1, *scheme.encode()])
  described = [
    {'name': name, 'kind': 'binary', 'metrics': [['auc', True]]}
    for name in gains
  ]
  for task in described:
    task['chance'] = {'auc': 0.5}
  lines = [
    fake.ended_well(s, s, {t: {'auc': v} for t, v in values.items()})
    for s in SEEDS
    for values in [
      {t: 0.75 + g + rng.normal() * 0.002 for t, g in gains.items()}
    ]
  ]
  head = fake.header(scheme, tasks=described, seeds=SEEDS, **changes)
  return fake.write(folder / scheme, head, *lines)


def verdict(frame, scheme: str, task: str = 'ALL') -> str:
  own = frame[(frame['scheme'] == scheme) & (frame['task'] == task)]
  return own['verdict'].iloc[0]


def test_four_verdicts_and_their_answer(tmp_path):
  shifts = {'single': 0, 'hard': 0.1, 'mmoe': -0.1, 'twin': 0.0, 'ple': 0.009}
  cells = made(tmp_path, shifts)
  frame = tables.rows(cells, 0.015)
  found = {s: verdict(frame, s) for s in ('hard', 'mmoe', 'twin', 'ple')}
  assert found == {
    'hard': 'better', 'mmoe': 'worse', 'twin': 'equivalent', 'ple': 'undecided'
  }  # fmt: skip
  text = above(cells, frame)[0]
  for part in (
    'Answer: better than single in Δm: hard (+',
    'worse than single in Δm: mmoe (-',
    'equivalent to within 1.5 %: twin',
    'undecided: ple (1.4 % would be shown with 80 % power)',
  ):
    assert part in text
  assert ' =' in tables.markdown(cells, frame)


def test_a_margin_is_a_share_of_the_baseline(tmp_path):
  cells = made(tmp_path, {'single': 0, 'hard': 0.0})
  frame = tables.rows(cells, 0.05)
  own = frame[frame['scheme'] == 'hard'].set_index(['task', 'metric'])
  base = np.mean([*cells[0].values('cd4_0', 'rmse').values()])
  assert own.loc[('cd4_0', 'rmse'), 'margin'] == pytest.approx(0.05 * base)
  assert own.loc[('ALL', 'delta_m'), 'margin'] == pytest.approx(5)
  # Further metrics are not asked for equivalence.
  assert np.isnan(own.loc[('cd4_0', 'mae'), 'p_equivalent'])


def test_tasks_that_cancel_wait_behind_the_gate_and_are_told(tmp_path):
  cells = [
    task_cell(tmp_path, 'single', {'a': 0, 'b': 0}),
    task_cell(tmp_path, 'hard', {'a': 0.05, 'b': -0.05}),
  ]
  frame = tables.rows(cells)
  assert verdict(frame, 'hard', 'a') == verdict(frame, 'hard', 'b')
  assert verdict(frame, 'hard', 'a') == 'undecided'
  assert 'hard: a gains, b loses' in ' '.join(notes(cells, frame))
  assert 'What cancels in Δm' in ' '.join(above(cells, frame))


def test_primary_tasks_alone_make_delta_m(tmp_path):
  cells = [
    task_cell(tmp_path, 'single', {'a': 0, 'b': 0}, primary=['a']),
    task_cell(tmp_path, 'hard', {'a': 0.05, 'b': -0.05}, primary=['a']),
  ]
  frame = tables.rows(cells)
  assert verdict(frame, 'hard') == verdict(frame, 'hard', 'a') == 'better'
  assert verdict(frame, 'hard', 'b') == 'worse'
  answered, *rest = above(cells, frame)
  assert answered.startswith('Answer (Δm of a alone): better than single')
  assert 'the primary tasks alone (a)' in ' '.join(rest)


def test_where_delta_m_is_refused_tasks_are_the_family(tmp_path):
  cells = [
    task_cell(tmp_path, 'single', {'a': 0, 'b': -0.75}),
    task_cell(tmp_path, 'hard', {'a': 0.05, 'b': -0.75}),
  ]
  frame = tables.rows(cells)
  assert verdict(frame, 'hard', 'a') == 'better'
  text = ' '.join(above(cells, frame))
  assert 'no verdict on Δm; of the tasks 1 better' in text
  assert 'tasks wait for no gate' in text


def test_the_columns_beside_delta_m_by_hand(tmp_path):
  cells = [
    task_cell(tmp_path, 'single', {'a': 0, 'b': 0}),
    task_cell(tmp_path, 'hard', {'a': 0.05, 'b': -0.025}),
  ]
  frame = tables.rows(cells)
  row = frame[(frame['scheme'] == 'hard') & (frame['task'] == 'ALL')].iloc[0]
  near = {'abs': 0.5}
  assert row['worst_task'] == 'b'
  assert row['worst_change'] == pytest.approx(-100 / 30, **near)
  assert (row['harmed'], row['mean_rank']) == (1, 1.5)
  # .05 and -.025 of .75, and of the .25 above chance.
  assert row['mean'] == pytest.approx(100 / 60, **near)
  assert row['delta_m_chance'] == pytest.approx(5, abs=1)
  assert row['delta_m_without_high'] == pytest.approx(100 / 15, **near)
  assert row['without_high_task'] == 'b'


def test_steps_to_single_and_the_gap_by_hand(tmp_path):
  def line(step, auc):
    valid = {'a': {'auc': auc, 'loss': 1 - auc}}
    start = {'kind': 'eval', 'run': 0, 'seed': 0, 'hp': {}, 'step': step}
    return start | {'train_loss': {'a': 0.4}, 'valid': valid}

  described = [{'name': 'a', 'kind': 'binary', 'metrics': [['auc', True]]}]
  cells = []
  for scheme, curve in (('single', (0.5, 0.6, 0.7)), ('hard', (0.6, 0.7, 0.6))):
    head = fake.header(scheme, tasks=described, seeds=[0])
    end = fake.ended_well(0, 0, {'a': {'auc': 0.7, 'loss': 0.5}})
    evals = [line(100 * i, auc) for i, auc in enumerate(curve)]
    cells.append(fake.write(tmp_path / scheme, head, *evals, end, fake.cost()))
  rows = tables.rows(cells).set_index(['scheme', 'task'])
  found = rows['steps_to_single'].dropna()
  assert found.to_dict() == {('single', 'ALL'): 200, ('hard', 'ALL'): 100}
  seconds = rows['seconds_to_single'].dropna()
  assert seconds['hard', 'ALL'] == pytest.approx(100 / 8123)
  # The parameters of step 200: .5 on test over .4 in training.
  assert rows['test_train_loss'].dropna().to_list() == pytest.approx([1.25] * 2)


def test_one_checkpoint_for_the_whole_model_has_a_column(tmp_path):
  described = [{'name': 'a', 'kind': 'binary', 'metrics': [['auc', True]]}]
  cells = []
  for scheme, whole in (('single', None), ('hard', {'a': {'auc': 0.6}})):
    head = fake.header(scheme, tasks=described, seeds=SEEDS)
    lines = [fake.ended_well(s, s, {'a': {'auc': 0.8}}) for s in SEEDS]
    more = {'test_model': whole} if whole else {}
    cells.append(
      fake.write(tmp_path / scheme, head, *(x | more for x in lines))
    )
  frame = tables.rows(cells)
  assert frame['delta_m_model'].dropna().to_list() == pytest.approx([-25])
  assert 'Δm, one checkpoint' in tables.markdown(cells, frame)
  assert 'Δm, one checkpoint' not in tables.markdown(
    cells[:1], tables.rows(cells[:1])
  )


def test_units_are_counted_and_named(tmp_path):
  units = {'name': 'glyphs', 'train': 50, 'valid': 10, 'test': 25}
  cell = fake.cell(tmp_path, 'single', split='resplit', units=units)
  assert cell.test_over_train == 0.5
  assert (
    '100/20/25 rows train/valid/test, behind which stand 50/10/25 glyphs'
    in (' '.join(above([cell])))
  )
  same = {'name': 'patients', 'train': 100, 'valid': 20, 'test': 25}
  cell = fake.cell(tmp_path / 'same', 'single', units=same)
  assert '(100/20/25 patients train/valid/test)' in ' '.join(above([cell]))


def test_a_figure_on_fewer_seeds_is_marked(tmp_path):
  none = {'a': {'auc': None}, 'b': {'auc': 0.7}}
  some = {'a': {'auc': 0.8}, 'b': {'auc': 0.7}}
  described = [
    {'name': name, 'kind': 'binary', 'metrics': [['auc', True]]}
    for name in 'ab'
  ]
  head = fake.header('single', tasks=described, seeds=[0, 1, 2])
  lines = [fake.ended_well(i, i, none if i == 0 else some) for i in range(3)]
  cells = [fake.write(tmp_path, head, *lines)]
  frame = tables.rows(cells)
  body = tables.readable(cells, frame).body[0]
  assert '(2/3 seeds)' in body[1]
  assert '(2/3 seeds)' not in body[2]
  assert 'on 2 of 3 seeds only' in ' '.join(notes(cells, frame))
  assert figures.title(cells, cells[0].tasks[0]) == (
    'a (up to 1 seeds without a value)'
  )


def test_what_would_show_the_margin(tmp_path):
  shifts = {'single': 0, 'hard': 0.0}
  few = made(tmp_path / 'a', shifts)
  (text,) = answer.could_show(few, tables.rows(few, 0.005))
  assert 'To show a Δm of 0.5 %' in text
  assert text.endswith(' seeds.')
  resplits = made(tmp_path / 'b', shifts, split='resplit')
  (text,) = answer.could_show(resplits, tables.rows(resplits, 0.005))
  assert text.endswith(' times the rows; no number of resplits would do.')
  (text,) = answer.could_show(few, tables.rows(few, 0.5))
  assert text.endswith('the seeds on one split here are enough.')
