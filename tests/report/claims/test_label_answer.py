"""The answer on labels says what the factors say."""

import numpy as np
import pytest

from mtl_jax.report.claims import wording
from mtl_jax.report.claims.claimed import FAILS, HOLDS, UNDECIDED
from mtl_jax.report.claims.labels import label_answer, label_curves, label_rows
from mtl_jax.report.results import TaskInfo
from tests.report import fake
from tests.report.claims.test_label_factor import qualities, setting


def rows(*factors, noise=0.3):
  rng = np.random.default_rng(0)
  return label_rows.make([setting(qualities(rng, *factors, noise=noise))])


def test_a_verdict_per_scheme():
  twice, same, half = rows(2, 1, 0.5)
  assert [one.verdict for one in (twice, same, half)] == [HOLDS, FAILS, FAILS]
  assert rows(1, noise=3)[0].verdict == UNDECIDED


TASKS = [TaskInfo('cd4_0', 'regression', (('rmse', False),))]


def cells(folder, share, gains):
  """Cells of `single` and of others, which differ by a shift."""
  card = {'counts': {'train/cd4_0': int(100 * share)}}
  level = 0.2 * np.log10(share)
  return [
    fake.cell(folder / f'{share}', name, level + gain, card=card)
    for name, gain in {'single': 0.0, **gains}.items()
  ]


def test_curves_are_of_the_scarce_task_and_relative_to_all_labels(tmp_path):
  found = {s: cells(tmp_path, s, {'hard': 0.1}) for s in (0.1, 1.0)}
  made = label_curves.make('cd4_0 scarce', 'cd4_0', TASKS, found)
  assert made.counts == (10, 100)
  assert made.schemes == ['hard']
  assert not made.gains['single'][:, -1].any()
  base = np.mean([*found[1.0][0].values('cd4_0', 'rmse').values()])
  # An error that falls by .1 of `base` is a gain.
  gain = made.gains['hard'].mean(0)[-1]
  assert gain == pytest.approx(100 * 0.1 / base, rel=0.3)
  assert made.gains['single'].mean(0)[0] == pytest.approx(-20 / base, rel=0.3)


def test_seeds_that_failed_are_left_out_of_their_scheme_alone(tmp_path):
  found = {s: cells(tmp_path, s, {'a': 0.1, 'b': 0}) for s in (0.1, 1.0)}
  single, a, b = found[0.1]
  found[0.1] = [
    single,
    a._replace(setting=a.setting[1:]),
    b._replace(setting=()),
  ]
  made = label_curves.make('all scarce', 'Δm', TASKS, found)
  assert made.schemes == ['a']
  (row,) = label_rows.make([made])
  assert row.factor.seeds == len(made.seeds) - 1
  said = label_answer.answer([made])
  assert 'without b' in said.notes[-1]
  said.draw(tmp_path / 'labels.png')


def test_a_sentence_a_table_a_figure_and_all_metrics(tmp_path):
  found = {s: cells(tmp_path, s, {'hard': 0.1}) for s in (0.1, 1.0)}
  named = ('cd4_0 scarce', 'all scarce')
  both = [label_curves.make(name, 'cd4_0', TASKS, found) for name in named]
  made = label_answer.answer(both)
  assert 'hard' in made.sentence or 'undecided' in made.sentence
  assert {len(line) for line in made.table.body} == {len(made.table.header)}
  assert [line[0] for line in made.table.body] == [f'hard, {n}' for n in named]
  whats = {one.what for one in made.findings if one.row == 'hard, all scarce'}
  assert 'death_0 auc at 10 %, less single' in whats
  assert 'cd4_0 rmse at 100 %' in whats
  made.draw(tmp_path / 'labels.png')
  assert (tmp_path / 'labels.png').stat().st_size > 10_000


def test_factors_beyond_the_curve_are_marked():
  (row,) = rows(2)
  open_end = row.factor._replace(high=50.0, low=0.02)
  text = label_answer.factor_text(open_end)
  assert text.endswith('[≤ 0.02, ≥ 50]')
  found = label_answer.factor_of(row._replace(factor=open_end))
  assert found.beyond == '=<>'
  assert wording.with_ends(found).endswith('[≤ 0.02, ≥ 50.00]')


def test_without_a_share_below_1_there_is_nothing_to_say():
  found = label_answer.nothing()
  assert found.verdict == UNDECIDED
  assert '--shares' in found.sentence
