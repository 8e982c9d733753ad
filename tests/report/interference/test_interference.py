"""Verdicts, findings and sentences on interference made by hand."""

import re

import numpy as np
import pandas as pd
import pytest

from mtl_jax import records
from mtl_jax.report.interference import (
  figures,
  findings,
  page,
  pairs,
  probe_records,
  sentences,
)
from tests.report import fake

A, B, C = 'cd4_0', 'cd4_1', 'death_0'
MODULES = ['ALL', 'shared/stage_2', 'shared/stage_10']
STEPS = 0, 100, 200, 300


def probe(run, step, gram, tag=None, **changes):
  """A probe of gradients with a known Gram matrix, the same in each module."""
  lengths = np.sqrt(np.diag(gram))
  cosine = gram / np.outer(lengths, lengths)
  np.fill_diagonal(cosine, np.nan)
  conflict = np.where(np.isnan(cosine), np.nan, cosine < 0)
  values = {
    'cosine': [cosine] * 3,
    'conflict': [conflict] * 3,
    'product': [gram] * 3,
    'corrected_cosine': [cosine] * 3,
    'magnitude_similarity': [cosine**0] * 3,
    'tag': np.zeros((3, 3)) if tag is None else tag,
    'alignment': [1.0] * 3,
    'curvature': 5.0,
  } | changes
  head = {'kind': 'probe', 'run': run, 'seed': run, 'hp': fake.HP}
  return head | {
    'step': step, 'batches': 4, 'modules': MODULES,
    'values': {name: np.array(own).tolist() for name, own in values.items()},
  }  # fmt: skip


def made(folder, probed, seeds=8, **header):
  """The report on a cell whose probes are `probed(seed, step)`."""
  head = fake.header('hard', seeds=[*range(seeds)], **header)
  lines = [probed(seed, step) for seed in range(seeds) for step in STEPS]
  runs = fake.draw(np.random.default_rng(0), head)
  cost = fake.cost() | {'probe_seconds': 0.002, 'steps_per_second': 500.0}
  cell = fake.write(folder, head, *lines, *runs, cost)
  frame = probe_records.frame(folder, cell)
  return pairs.make(frame, cell, probe_records.batches(folder, cell))


def gram(rng, noise=0.05):
  """Of three tasks: B is A negated, C orthogonal to both."""
  g = np.array([[1, 0, 0], [-1, 0, 0], [0, 2, 0.0]])
  return (lambda x: x @ x.T)(g + noise * rng.normal(size=g.shape))


@pytest.fixture
def result(tmp_path):
  rng = np.random.default_rng(1)

  def probed(seed, step):
    tag = 1e-3 * rng.normal(size=(3, 3))
    tag[0, 1] -= 0.05
    tag[2, 0] += 0.03
    return probe(seed, step, gram(rng), tag)

  return made(tmp_path, probed)


def test_negated_tasks_conflict_and_orthogonal_ones_are_not_shown(result):
  verdicts = result.of('corrected_cosine')['verdict'].to_dict()
  assert verdicts[A, B] == verdicts[B, A] == 'conflict'
  assert {verdicts[p] for p in ((A, C), (C, A), (B, C))} == {pairs.NOT_SHOWN}
  helped = result.of('tag')['verdict'].to_dict()
  assert (helped.pop((A, B)), helped.pop((C, A))) == ('hurts', 'helps')
  assert set(helped.values()) == {pairs.NOT_SHOWN}


def test_sentences_follow_the_numbers(result):
  text = sentences.pair_verdicts(result)
  assert f'conflict is shown for 1 of 3 pairs ({A} and {B} -0.99' in text
  assert 'agreement is shown for 0 of 3 pairs' in text
  assert f'2 pairs {pairs.NOT_SHOWN}' in text
  steps = sentences.tag_effects(result)
  (gain,) = re.findall(f'on {C}, which lowers the loss of {A} by (.*?) ', steps)
  (loss,) = re.findall(f'on {A}, which raises the loss of {B} by (.*?) ', steps)
  assert float(gain) == pytest.approx(3, abs=0.1)
  assert float(loss) == pytest.approx(5, abs=0.1)
  assert steps.count(', shown)') == 2
  assert f'most for {A} and {B} (100 %)' in sentences.rates(result)
  above = ' '.join(page.sheet(result).above)
  assert 'every 100 of 300 steps; 8 seeds on one split' in above
  # Four probes of 2 ms at 500 steps per second, against 300 steps.
  assert (
    '2 ms, as long as 1 training steps; all probes together added 1.33 %'
    in above
  )


def test_the_page_shows_its_pictures(result, tmp_path):
  text = page.markdown(result)
  figures.write(result, tmp_path)
  for name in page.PICTURES:
    assert f'figures/{name}.png' in text
    assert (tmp_path / f'{name}.png').stat().st_size > 5000


def test_a_task_with_itself_is_tested_against_no_one(result):
  tested = result.matrices[result.matrices['p_value'].notna()]
  assert set(tested.measure) == {pairs.CORRECTED, 'tag'}
  assert (tested.module == probe_records.TOTAL).all()
  assert (tested.task_i != tested.task_j).all()
  assert (tested.p_holm >= tested.p_value).all()


def test_modules_stand_in_order_of_depth():
  names = ['head', 'b/stage_10', 'a/stage_2', 'a/stage_0']
  assert probe_records.by_depth(names) == names[::-1]


def test_where_all_is_noise_nothing_is_shown(tmp_path):
  rng = np.random.default_rng(3)

  def probed(seed, step):
    g = rng.normal(size=(3, 40))
    return probe(seed, step, g @ g.T, 1e-3 * rng.normal(size=(3, 3)))

  result = made(tmp_path, probed)
  assert set(result.of('corrected_cosine')['verdict']) == {pairs.NOT_SHOWN}
  assert f'3 pairs {pairs.NOT_SHOWN}' in sentences.pair_verdicts(result)
  for say in (sentences.depth, sentences.time, sentences.tag_effects):
    assert f'({pairs.NOT_SHOWN})' in say(result)
    assert '(shown)' not in say(result)
    assert ', shown' not in say(result)


def test_one_seed_shows_nothing(tmp_path):
  rng = np.random.default_rng(1)
  result = made(tmp_path, lambda s, t: probe(s, t, gram(rng)), seeds=1)
  assert set(result.of('corrected_cosine')['verdict']) == {pairs.NOT_SHOWN}
  assert pairs.NOT_SHOWN in sentences.tag_effects(result)


def test_resplits_widen_what_is_known(tmp_path):
  ends = []
  for split in ('fixed', 'resplit'):
    rng = np.random.default_rng(1)
    result = made(
      tmp_path / split, lambda s, t, r=rng: probe(s, t, gram(r)), split=split
    )
    row = result.of('corrected_cosine').loc[(A, C)]
    ends.append(row['ci_high'] - row['ci_low'])
  # 25 rows of test, 100 of training, 8 seeds: 1/8 becomes 1/8 + 1/4.
  assert ends[1] == pytest.approx(ends[0] * 3**0.5)


def test_the_pooled_cosine_is_of_the_mean_products(tmp_path):
  """A long early gradient counts by its length, and not each probe alike."""

  def probed(seed, step):
    g = np.array([[1, 0], [-1, 0], [0, 1.0]])
    if step == 0:
      g = 10 * np.array([[1, 0], [1, 0], [0, 1.0]])
    return probe(seed, step, g @ g.T)

  result = made(tmp_path, probed)
  rows = result.of('corrected_cosine')
  assert rows.loc[(A, B), 'mean'] == pytest.approx((100 - 3) / (100 + 3))
  assert rows.loc[(A, C), 'mean'] == pytest.approx(0)


def test_a_gradient_that_is_all_noise_is_unknown_and_said(tmp_path):
  noise = np.diag([1.0, -0.1, 1.0])

  def probed(seed, step):
    product = noise if seed == 0 else np.eye(3)
    return probe(seed, step, np.eye(3), product=[product] * 3)

  result = made(tmp_path, probed)
  rows = result.of('corrected_cosine')
  assert rows.loc[(A, B), 'n_seeds'] == 7
  assert rows.loc[(A, C), 'n_seeds'] == 8
  assert 'up to 1 of 8 seeds' in sentences.pair_verdicts(result)


def test_what_changes_in_training_and_in_depth_is_shown(tmp_path):
  rng = np.random.default_rng(5)

  def probed(seed, step):
    low = np.full((3, 3), 0.2 + 0.01 * rng.normal() + step / 1000)
    np.fill_diagonal(low, np.nan)
    conflict = [low, low, low + 0.3]
    return probe(seed, step, gram(rng), conflict=conflict)

  result = made(tmp_path, probed)
  assert (
    'highest in shared/stage_10 and lowest in shared/stage_2'
    in sentences.depth(result)
  )
  assert '(shown)' in sentences.depth(result)
  contrast = findings.in_time(result, 'conflict', tests=2)
  assert contrast.difference.mean == pytest.approx(0.3, abs=0.02)
  assert contrast.shown
  # Modules from the inputs on: by number, not by letter.
  assert [*findings.by_module(result).index] == MODULES[1:]


def test_the_frame_holds_shown_runs_once_and_nothing_unknown(tmp_path):
  rng = np.random.default_rng(0)
  head = fake.header('hard', seeds=[0, 1])
  ended = fake.draw(rng, head)
  other = fake.HP | {'lr': 0.1}
  worse = [
    fake.ended_well(2 + i, i, ended[0]['test'], 9.0, other) for i in (0, 1)
  ]
  lines = [probe(run, 0, np.eye(3)) for run in (0, 1, 1)]
  lines.append(probe(2, 0, np.eye(3)) | {'seed': 0, 'hp': other})
  records.append(tmp_path, head, *lines)
  cell = fake.write(tmp_path, head, *ended, *worse)
  frame = probe_records.frame(tmp_path, cell)
  assert [*frame.columns] == [*probe_records.COLUMNS]
  assert probe_records.runs(tmp_path, cell) == {0: 0, 1: 1}
  assert not frame.duplicated([*probe_records.COLUMNS[:-1]]).any()
  assert np.isfinite(frame['value']).all()
  counts = frame[frame['seed'] == 1].groupby('measure').size()
  assert counts['product'] == 27  # With itself, in three modules.
  assert counts['cosine'] == 18
  assert counts['tag'] == 6
  assert counts['alignment'] == 3
  same = frame['task_i'] == frame['task_j']
  alone = frame[same & (frame['task_i'] != 'ALL')]
  assert set(alone['measure']) == {'product'}


def test_a_cell_without_probes_is_refused(tmp_path):
  head = fake.header('hard')
  cell = fake.write(tmp_path, head, *fake.draw(np.random.default_rng(0), head))
  with pytest.raises(probe_records.InputError, match=r'config\.probe\.batches'):
    probe_records.frame(tmp_path, cell)


def test_features_are_compared_with_those_of_the_task_alone(result):
  rng = np.random.default_rng(0)
  rows = [
    (300, 'features', i, j, 'cka_single', seed, value + 0.01 * rng.normal())
    for seed in range(8)
    for i, value in ((A, 0.9), (B, 0.6), (C, 0.3))
    for j in (A, B, C)
  ]
  similarity = pd.DataFrame(rows, columns=[*probe_records.COLUMNS])
  both = pd.concat([result.frame, similarity])
  text = sentences.features(pairs.make(both, result.cell, 4))
  assert f'{A} against {C}' in text
  assert text.endswith('(shown).')
  assert (
    sentences.features(result) == 'The similarity of features is not known.'
  )
