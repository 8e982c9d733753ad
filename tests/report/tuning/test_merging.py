"""Draws that several cells trained are one row; the first is untuned."""

import pytest

from mtl_jax.report.compare import tables as compare_tables
from mtl_jax.report.compare.above import above
from mtl_jax.report.compare.notes import notes
from mtl_jax.report.tuning import merging, tables
from tests.report.tuning import rows_of_draws


def test_the_choice_is_across_the_cells_of_a_row(tmp_path):
  _, hard = rows_of_draws.tuned(tmp_path)
  assert [[run.number for run in own] for own in hard.draws] == [
    [i] * 4 for i in range(4)
  ]
  for seed, chosen in enumerate(hard.cell.setting):
    assert chosen.seed == seed
    every = [own[seed] for own in hard.draws]
    assert chosen.score == min(run.score for run in every)
    assert chosen.hp['balancer']['kind'] == 'ab'[chosen.number % 2]
  assert hard.cell.tried == 4
  assert hard.cell.cost['seconds'] == pytest.approx(6.4)
  assert hard.cell.cost['steps_per_second'] == pytest.approx(8123)
  assert hard.cell.header['draws'] == 4


def test_the_untuned_row_is_the_first_draw(tmp_path):
  _, hard = rows_of_draws.tuned(tmp_path)
  assert [run.hp['lr'] for run in hard.untuned.setting] == [0.1] * 4
  assert hard.untuned.tried == 1
  first = hard.draws[0][2]
  assert hard.untuned.setting[2].test == first.test


def test_a_tuned_table_holds_the_untuned_baseline_and_its_budget(tmp_path):
  tuned = rows_of_draws.tuned(tmp_path)
  cells = merging.shown(tuned)
  assert [cell.label for cell in cells] == ['single', 'single untuned', 'hard']
  assert 'Tuning: 4 draws.' in above(cells)
  said = ' '.join(notes(cells))
  assert 'single: chosen by each task in each resplit among 4 settings' in said
  assert 'hard: chosen in each resplit among 4 settings' in said
  assert 'single untuned: lr 0.1' in said
  frame = compare_tables.rows(cells)
  assert set(frame.scheme) == {'single', 'single untuned', 'hard'}
  assert tables.note(tuned).startswith('single untuned is single at the')


def test_all_draws_are_listed_with_what_was_chosen(tmp_path):
  base, hard = tuned = rows_of_draws.tuned(tmp_path)
  frame = tables.draws(tuned)
  assert len(frame) == 2 * 4 * 4
  chosen = frame.groupby(['scheme', 'seed']).chosen.sum()
  assert set(chosen['hard']) == {1}
  assert set(chosen['single']) == {2}  # a setting for each of two tasks
  assert frame['balancer c'].eq(0.5).all()
  row = frame[(frame.scheme == 'hard') & (frame.chosen == 1)].iloc[0]
  value = hard.cell.setting[0].test['death_0']['auc']
  assert row['test death_0 auc'] == pytest.approx(value, rel=1e-4)
  assert base.cell.setting[0].number == -1


def test_the_files_of_a_tuned_table(tmp_path):
  tuned = rows_of_draws.tuned(tmp_path / 'cells')
  tables.write(tuned, [], tmp_path)
  for name in ('draws', 'untuned', 'tuning_curves'):
    assert (tmp_path / f'{name}.csv').stat().st_size
  assert (tmp_path / 'figures/tuning_curves.png').stat().st_size
