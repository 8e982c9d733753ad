"""Whether measures predict gains, on gains and measures made by hand."""

import numpy as np
import pandas as pd
import pytest

from mtl_jax.report import stats
from mtl_jax.report.interference import probe_records
from mtl_jax.report.transfer import grouping
from mtl_jax.report.validity import (
  correlations,
  figures,
  page,
  pair_measures,
  regrets,
)
from tests.report.transfer import test_gains

NAMES, SEEDS = test_gains.NAMES, [*test_gains.SEEDS]
ALL = 'all'


@pytest.fixture(scope='module')
def judge(tmp_path_factory):
  """Makes a set whose measures are these functions of the pairs' gains."""
  folder = tmp_path_factory.mktemp('cells')
  gains = test_gains.build(folder, noise=0.5, split='drawn')
  true = correlations.pair_gains(gains.whole('test'), len(NAMES))

  def judged(**measures):
    tables = {(name, ALL): f(true) for name, f in measures.items()}
    return correlations.Judged('made', gains, tables)

  return judged


def noise(shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def test_correlation_is_of_ranks_within_a_seed(judge):
  found = correlations.correlations(
    judge(
      itself=lambda g: g,
      cubed=lambda g: g**3 + 5,
      turned=lambda g: -g,
      constant=lambda g: 0 * g,
      # Order between seeds is not asked for.
      moved=lambda g: g + 100 * np.arange(len(g))[:, None, None],
    )
  )
  for name in ('itself', 'cubed', 'moved'):
    np.testing.assert_allclose(found[name, ALL], 1)
  np.testing.assert_allclose(found['turned', ALL], -1)
  assert np.isnan(found['constant', ALL]).all()


def test_verdicts_are_corrected_and_have_a_sign(judge):
  measures = {
    'itself': lambda g: g + 2 * noise(g.shape),
    'turned': lambda g: -g + 2 * noise(g.shape),
  } | {f'noise_{i}': lambda g, i=i: noise(g.shape, i) for i in range(20)}
  rows = correlations.correlation_rows([judge(**measures)]).set_index('measure')
  assert rows.verdict['itself'] == 'predicts'
  assert rows.verdict['turned'] == 'misleads'
  others = rows.filter(like='noise', axis=0)
  assert (others.verdict == stats.UNDECIDED).all()
  known = rows.p_value.notna()
  assert (rows.p_holm[known] >= rows.p_value[known]).all()


def test_a_grouping_by_the_gains_themselves_misses_nothing(judge):
  """What larger groups gain follows pairs here, but for noise."""
  judged = judge(itself=lambda g: g, turned=lambda g: -g)
  test = judged.transfer.whole('test')
  found = regrets.brings(judged, budget=2)
  for i, seed in enumerate(SEEDS):
    own = {group: gains[:, seed] for group, gains in test.items()}
    best = grouping.best(own, len(NAMES), 2)
    # The records' validation is their test: it is chosen with open eyes.
    assert found['validation', ''][i] == pytest.approx(best.score)
    chance = grouping.at_random(own, len(NAMES), 2)
    assert found['random', ''][i] == pytest.approx(chance)
  rows = regrets.rows_of([judged]).set_index('measure')
  assert rows.regret['validation'] == 0
  assert (rows.regret.drop('validation') >= 0).all()
  assert rows.regret['itself'] < rows.regret['turned']
  assert rows.over_random['random'] == 0
  assert rows.over_random['itself'] == pytest.approx(
    rows.gain['itself'] - rows.gain['random']
  )
  both = [judged, others(judged)]
  pooled = regrets.rows_of(both)
  pooled = pooled[pooled.tasks == 'all drawn'].set_index('measure')
  assert pooled.n['itself'] == 2 * len(SEEDS)
  assert pooled.gain['itself'] == pytest.approx(rows.gain['itself'])


def others(judged, seed=100):
  """The same set with other seeds."""
  long = judged.transfer.long
  moved = judged.transfer._replace(long=long.assign(seed=long.seed + seed))
  return judged._replace(name='again', transfer=moved)


def test_only_worlds_that_are_independent_are_pooled(judge):
  judged = judge(itself=lambda g: g)
  assert correlations.pooled([judged, others(judged)]) == ['made', 'again']
  # Of the same seeds, families share inputs and initial weights.
  assert correlations.pooled([judged, others(judged, 0)]) == ['made']
  base = judged.transfer.base
  for split in ('fixed', 'resplit'):
    head = base.header | {'split': split}
    moved = judged.transfer._replace(base=base._replace(header=head))
    assert not correlations.pooled([judged._replace(transfer=moved)])


def products(rows):
  """`product` of each seed and step, as `probe_records.frame` has it."""
  return pd.DataFrame(
    [
      (step, probe_records.TOTAL, NAMES[i], NAMES[j], measure, seed, value)
      for (seed, step), gram in rows.items()
      for measure in (*pair_measures.TURNED,)
      for (i, j), value in np.ndenumerate(gram)
    ],
    columns=[*probe_records.COLUMNS],
  )


def test_parts_of_a_training_are_means_over_their_probes():
  grads = np.random.default_rng(0).normal(size=(2, 5, 3, 4))
  steps = (0, 10, 30, 60, 100)
  grams = {
    (seed, step): grads[s, i] @ grads[s, i].T
    for s, seed in enumerate((7, 8))
    for i, step in enumerate(steps)
  }
  found = pair_measures.tables(products(grams), NAMES, (7, 8), steps=100)
  parts = {'step 0': [0], 'to 10 %': [1], '10 to 40 %': [2], 'all': range(5)}
  for when, own in parts.items():
    for s, seed in enumerate((7, 8)):
      mean = np.mean([grams[seed, steps[i]] for i in own], 0)
      np.testing.assert_allclose(found['product', when][s], mean)
      np.testing.assert_allclose(found['curvature_bound', when][s], -mean)
      np.testing.assert_allclose(found['conflict', when][s], 0.5 - mean)
      norms = np.sqrt(np.diag(mean))
      cosines = mean / np.outer(norms, norms)
      np.testing.assert_allclose(found['corrected_cosine', when][s], cosines)


def test_a_gradient_that_is_all_noise_has_no_cosine():
  gram = np.array([[[1.0, 0.2], [0.2, -0.1]]])
  found = pair_measures.cosines(gram)
  assert np.isnan(found[0, 0, 1])
  assert found[0, 0, 0] == 1


def test_the_page_says_what_the_numbers_say(judge, tmp_path):
  judged = judge(
    itself=lambda g: g + 2 * noise(g.shape),
    turned=lambda g: -g + 2 * noise(g.shape),
    other=lambda g: noise(g.shape),
  )
  cost = {'tasks': 'made', 'num_tasks': 3, 'steps': 100, 'looks': 5}
  cost |= {'look_ms': 2.0, 'look_in_steps': 4.0, 'share_of_training': 0.2}
  cost |= {'grad_tag_ms': 9.0, 'grad_tag_share': 0.1}
  found = correlations.Validity(
    correlations.correlation_rows([judged]), regrets.rows_of([judged]), [cost]
  )
  text = page.page([judged], found)
  assert 'itself predicts, first over all probes (+' in text
  assert 'turned misleads over all probes (-' in text
  assert f'other: {stats.UNDECIDED}, at most' in text
  assert '5 probes added 20% to the training' in text
  rows = found.regrets.set_index('measure')
  assert f'{rows.gain["itself"]:+.2f}' in text
  figures.write(found, tmp_path)
  for name in ('correlations', 'regrets'):
    assert (tmp_path / f'{name}.png').stat().st_size > 5000
