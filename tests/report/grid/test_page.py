"""The page of a factorial, from hand-made cells."""

import numpy as np
import pandas as pd
import pytest

from mtl_jax.report.compare import rows as comparison
from mtl_jax.report.grid import (
  factorial,
  figures,
  grid,
  orders,
  page,
  variants,
)
from tests.report.grid.test_grid import SEEDS, cell

SCHEMES = {'hard': -4.0, 'mmoe': 0.0, 'mtan': 4.0}
BALANCERS = {'equal': -0.5, 'famo': 0.5}
OPTIMIZERS, SIZES = {'adam': 0.0, 'sgd': 1.0}, {'own': 0.0, 'large': 0.2}
NOISE = np.random.default_rng(0).normal(size=(2, 2, 3, 2, SEEDS)) / 4


def one(i: int, j: int, gap: bool) -> grid.Grid:
  shift = [*OPTIMIZERS.values()][i] + [*SIZES.values()][j]
  cells = [cell('single', 'equal', np.zeros(SEEDS))]
  for a, (scheme, own) in enumerate(SCHEMES.items()):
    for b, (balancer, other) in enumerate(BALANCERS.items()):
      if not (gap and (scheme, balancer) == ('mtan', 'famo')):
        delta = shift + own + other + NOISE[i, j, a, b]
        cells.append(cell(scheme, balancer, delta))
  refused = {('mtan', 'famo'): 'why'} if gap else {}
  rows = comparison.rows(cells)
  return grid.make(cells, rows, [*SCHEMES], [*BALANCERS], refused)


def made(gap=False) -> variants.Variants:
  """`gap`: an entry is missing in the last variant alone."""
  return variants.make({
    (optimizer, size): one(i, j, gap and (i, j) == (1, 1))
    for i, optimizer in enumerate(OPTIMIZERS)
    for j, size in enumerate(SIZES)
  })  # fmt: skip


@pytest.fixture(scope='module')
def found():
  return made()


def test_the_page_answers_first(found, tmp_path):
  page.write(found, tmp_path, {'sgd': 'hp.lr=(.1,)', 'own': ''})
  text = (tmp_path / 'factorial.md').read_text()
  _, _, first, *_ = (line for line in text.splitlines() if line.strip())
  assert first.startswith('- The scheme matters more than the balancer.')
  assert '- sgd: hp.lr=(.1,)' in text
  rows = [x for x in text.splitlines() if x.startswith('| all, averaged |')]
  assert [row.split(' | ')[-1] for row in rows] == ['scheme |']
  titles = [x[3:] for x in text.splitlines() if x.startswith('## ')]
  assert titles == [
    'The answer', 'Shares of the variance', 'The same order?',
    'adam own', 'adam large', 'sgd own', 'sgd large',
  ]  # fmt: skip
  shares = pd.read_csv(tmp_path / 'shares.csv').set_index('name')['share']
  assert shares.sum() == pytest.approx(1)
  assert shares.idxmax() == 'scheme'
  entries = pd.read_csv(tmp_path / 'factorial.csv')
  assert len(entries) == 2 * 2 * 3 * 2


def test_effects_are_those_of_the_mean_over_variants(found):
  values = found.part.values
  assert values.shape == (2, 2, 3, 2, SEEDS)
  assert found.effects == factorial.effects(values.mean((0, 1)), 0.25)
  np.testing.assert_allclose(
    values.mean((0, 1, 3, 4)), [-3.4, 0.6, 4.6], atol=0.2
  )
  for i, level in enumerate(OPTIMIZERS.values()):
    assert values[i].mean() == pytest.approx(0.1 + level, abs=0.15)


def test_orders_are_of_means_over_everything_else(found):
  values = np.random.default_rng(1).normal(size=found.part.values.shape)
  part = found.part._replace(values=values)
  taus = [tau for *_, tau in found._replace(part=part).rankings()]
  over = (values.mean((1, 3)), values.mean((0, 3)),
          values.mean((1, 2)), values.mean((0, 2)))  # fmt: skip
  assert taus == [orders.agreement(*own, 0.25) for own in over]


def test_orders_are_compared_between_levels_of_one_factor(found):
  rows = [*found.rankings()]
  assert [row[:3] for row in rows] == [
    ('scheme', 'adam', 'sgd'), ('scheme', 'own', 'large'),
    ('balancer', 'adam', 'sgd'), ('balancer', 'own', 'large'),
  ]  # fmt: skip
  assert all(tau.tau == 1 for *_, tau in rows)
  assert rows[0][-1].verdict == 'agree'


def test_a_gap_in_one_variant_is_left_out_of_all(tmp_path):
  found = made(gap=True)
  assert found.part.schemes == ['hard', 'mmoe']
  assert found.part.values.shape == (2, 2, 2, 2, SEEDS)
  page.write(found, tmp_path, {})
  assert 'mtan with famo: why' in (tmp_path / 'factorial.md').read_text()


def test_one_variant_has_no_orders_and_no_second_row():
  alone = variants.make({('adam', 'own'): one(0, 0, False)})
  answer, shares = page.answers(alone, {})
  assert [row[0] for row in answer.sheet.table.body] == ['adam own']
  names = [row[0] for row in shares.sheet.table.body]
  assert names[:3] == ['scheme', 'balancer', 'scheme x balancer']


def test_all_combinations_are_needed():
  grids = {
    ('adam', 'own'): one(0, 0, False),
    ('sgd', 'large'): one(1, 1, False),
  }
  with pytest.raises(ValueError, match='not all combinations'):
    variants.make(grids)


def test_the_picture_has_the_shares_and_a_mark_per_variant(found):
  left, middle, right = figures.draw(found).axes
  assert len(left.patches) == len(found.shares)
  for axes, names in ((middle, SCHEMES), (right, BALANCERS)):
    assert [t.get_text() for t in axes.get_xticklabels()] == [*names]
    assert len(axes.containers) == 4
