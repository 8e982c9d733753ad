"""Schemes x balancers of hand-made cells: numbers, gaps, means, picture."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from mtl_jax.report import stats, terminal
from mtl_jax.report.compare import rows as comparison
from mtl_jax.report.compare import tables
from mtl_jax.report.grid import factorial, grid, heatmap, two_way
from mtl_jax.report.results import Cell, Run, TaskInfo
from tests.report import fake

TASK = TaskInfo('a', 'binary', (('auc', True),))
SEEDS = 6
SCHEMES = {'hard': -8.0, 'mmoe': 0.0, 'soft_l2': 8.0}
BALANCERS = {'equal': -1.0, 'famo': 1.0}
NOISE = np.random.default_rng(0).normal(size=(3, 2, SEEDS)) / 4
REFUSED = {('soft_l2', 'pcgrad'): 'it shares nothing'}


def cell(scheme, balancer, delta, seeds=range(SEEDS)) -> Cell:
  """A cell of Delta_m `delta` [seeds], % of the baseline's constant .5."""
  runs = tuple(
    Run(seed, {}, test={'a': {'auc': 0.5 * (1 + delta[seed] / 100)}})
    for seed in seeds
  )
  head = fake.header(scheme, balancer=balancer, split='resplit')
  return Cell(head, (TASK,), runs, runs, {}, ())


def delta(scheme: str, balancer: str) -> np.ndarray:
  at = [*SCHEMES].index(scheme), [*BALANCERS].index(balancer)
  return SCHEMES[scheme] + BALANCERS[balancer] + NOISE[at]


def hand_made(balancers=tuple(BALANCERS), refused=None) -> grid.Grid:
  cells = [cell('single', 'equal', np.zeros(SEEDS))]
  cells += [cell(s, b, delta(s, b)) for s in SCHEMES for b in BALANCERS]
  if 'pcgrad' in balancers:
    cells += [cell(s, 'pcgrad', NOISE[0, 0]) for s in ('hard', 'mmoe')]
  rows = comparison.rows(cells)
  return grid.make(cells, rows, [*SCHEMES], [*balancers], refused or {})


@pytest.fixture(scope='module')
def whole():
  return hand_made()


@pytest.fixture(scope='module')
def gap():
  return hand_made((*BALANCERS, 'pcgrad'), REFUSED)


def test_a_line_per_pair_with_the_numbers_of_the_long_table(whole, tmp_path):
  tables.write_csv(whole.frame, tmp_path / 'grid.csv')
  found = pd.read_csv(tmp_path / 'grid.csv', keep_default_na=False)
  assert (*found.columns,) == grid.COLUMNS
  assert [*zip(found.scheme, found.balancer, strict=True)] == [
    (s, b) for s in SCHEMES for b in BALANCERS
  ]
  rows = comparison.rows(whole.cells)
  long = rows[rows.task == 'ALL'].set_index(['scheme', 'balancer'])
  for _, line in found.iterrows():
    own = long.loc[line.scheme, line.balancer]
    numbers = own[['n_seeds', 'mean', 'ci_low', 'ci_high', 'p_holm']]
    shown = line[['n_seeds', 'delta_m', 'ci_low', 'ci_high', 'p_holm']]
    assert shown.astype(float).tolist() == pytest.approx(numbers.tolist())
    assert (line.verdict, line.reason) == (own.verdict, '')


def test_entries_have_the_corrected_interval_of_the_report(whole):
  line = whole.frame.set_index(['scheme', 'balancer']).loc['hard', 'famo']
  share = 25 / 100  # rows of test over rows of training
  expected = stats.one_sample(delta('hard', 'famo'), 100.0, share)
  found = line[['delta_m', 'ci_low', 'ci_high']].tolist()
  assert found == pytest.approx(expected[:3])


def test_the_table_has_a_row_per_scheme_and_means(whole):
  header, body = two_way.sheet(whole).table
  assert header == ['Δm % ↑', 'equal', 'famo', 'mean']
  assert [line[0] for line in body] == [*SCHEMES, 'mean']
  values = whole.part.values
  for line, own in zip(body, values, strict=False):
    assert float(line[3].split()[0]) == pytest.approx(own.mean(), abs=0.1)
  for j in range(2):
    column = float(body[3][j + 1].split()[0])
    assert column == pytest.approx(values[:, j].mean(), abs=0.1)
  assert body[0][1].endswith('▼')
  assert body[2][2].endswith('▲')
  assert '▲' not in body[1][1]


def test_the_sentence_is_that_of_the_effects(whole):
  share = 0.25
  effects = factorial.effects(whole.part.values, share)
  assert whole.effects == effects
  assert effects.scheme.std == pytest.approx(8, abs=0.3)
  (line, *_) = two_way.sheet(whole).notes
  assert line == two_way.verdict(effects)
  assert 'the effect of the scheme is larger' in line


@pytest.mark.parametrize(
  ('difference', 'end'),
  [
    ((1.0, -0.5, 2.0), 'which is larger is not shown.'),
    ((1.0, 0.0, 2.0), 'which is larger is not shown.'),
    ((1.0, np.nan, np.nan), 'which is larger is not shown.'),
    ((1.0, 0.5, 2.0), 'the effect of the scheme is larger, by 1 (0.5 to 2).'),
    (
      (-1.0, -2.0, -0.5),
      'the effect of the balancer is larger, by 1 (0.5 to 2).',
    ),
  ],
)
def test_only_an_interval_without_0_makes_an_effect_larger(difference, end):
  one = factorial.Size(1.0, 0.5, 1.5)
  found = factorial.Effects(one, one, one, one, factorial.Size(*difference))
  sentence = two_way.verdict(found)
  assert sentence.endswith(end)
  assert 'differs by 1 % points (std, 95 % interval 0.5 to 1.5)' in sentence


def test_a_refused_pair_is_empty_and_its_reason_below(gap):
  sheet = two_way.sheet(gap)
  soft = sheet.table.body[2]
  assert soft[0] == 'soft_l2'
  assert soft[3:] == ['–', '–']
  assert 'soft_l2 with pcgrad: it shares nothing' in sheet.notes
  assert terminal.markdown(sheet).count('it shares nothing') == 1
  line = gap.frame.set_index(['scheme', 'balancer']).loc['soft_l2', 'pcgrad']
  assert (line.n_seeds, line.verdict, line.reason) == (
    0, '', 'it shares nothing'
  )  # fmt: skip
  assert np.isnan(line.delta_m)


def test_means_and_effects_leave_a_row_with_a_gap_out(gap, whole):
  assert gap.part.schemes == ['hard', 'mmoe']
  assert gap.part.values.shape == (2, 3, SEEDS)
  same = gap.part.values[:, :2]
  np.testing.assert_allclose(same, whole.part.values[:2])
  assert any('hard, mmoe with equal' in n for n in two_way.sheet(gap).notes)


def test_only_seeds_that_all_entries_have_are_averaged():
  cells = [cell('single', 'equal', np.zeros(SEEDS))]
  cells += [cell(s, b, delta(s, b)) for s in SCHEMES for b in BALANCERS]
  cells[-1] = cell('soft_l2', 'famo', delta('soft_l2', 'famo'), [5, 1, 2, 4, 0])
  rows = comparison.rows(cells)
  found = grid.make(cells, rows, [*SCHEMES], [*BALANCERS], {})
  kept = [0, 1, 2, 4, 5]
  expected = [[delta(s, b)[kept] for b in BALANCERS] for s in SCHEMES]
  np.testing.assert_allclose(found.part.values, expected)
  assert any('the 5 seeds' in note for note in two_way.sheet(found).notes)


def test_permuting_schemes_permutes_rows(whole):
  rows, order = comparison.rows(whole.cells), ['soft_l2', 'hard', 'mmoe']
  moved = grid.make(whole.cells, rows, order, [*BALANCERS], {})
  before, after = (
    {line[0]: line for line in two_way.sheet(g).table.body}
    for g in (whole, moved)
  )
  assert before == after
  assert [line[0] for line in two_way.sheet(moved).table.body][:3] == order
  assert np.array(moved.effects) == pytest.approx(np.array(whole.effects))


def test_one_balancer_has_means_and_no_effects(whole):
  rows = comparison.rows(whole.cells)
  one = grid.make(whole.cells, rows, [*SCHEMES], ['famo'], {})
  assert one.effects is None
  sheet = two_way.sheet(one)
  assert sheet.notes[0].startswith('Effects are not given')
  assert sheet.table.body[0][2] != '–'


def test_nothing_but_gaps_is_said():
  cells = [cell('single', 'equal', np.zeros(SEEDS))]
  refused = {('single', 'pcgrad'): 'why'}
  found = grid.make(
    cells, comparison.rows(cells), ['single'], ['pcgrad'], refused
  )
  assert two_way.sheet(found).table.body == [
    ['single', '–', '–'], ['mean', '–', '–']
  ]  # fmt: skip
  heatmap.draw(found).savefig(io.BytesIO())


def test_the_picture_tells_what_is_shown_from_what_is_not(gap):
  (axes, bar) = heatmap.draw(gap).axes
  fields = {text.get_position(): text for text in axes.texts}
  assert len(fields) == 8
  for (x, y), text in fields.items():
    line = gap.frame.iloc[3 * y + x]
    assert text.get_text() == two_way.entry(line)
    bold = line.verdict in ('better', 'worse')
    assert (text.get_fontweight() == 'bold') == bold
  assert {t.get_fontweight() for t in axes.texts} == {'bold', 'normal'}
  (hatched,) = [p for p in axes.patches if isinstance(p, Rectangle)]
  assert hatched.get_xy() == (1.5, 1.5)
  (image,) = axes.get_images()
  low, high = image.get_clim()
  assert low == -high == -gap.frame.delta_m.abs().max()
  assert bar.get_ylabel() == 'Δm, % (better ↑)'
