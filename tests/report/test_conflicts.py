"""Conflict and agreement, shown where they are, on looks made by hand."""

import numpy as np
import pytest

from mtl_jax.errors import InputError
from mtl_jax.report import (
  conflict_page,
  conflict_pictures,
  conflict_sentences,
  conflicts,
  probes,
)
from mtl_jax.report.probes import TOTAL
from tests.report import fake

NAMES = ('cd4_0', 'cd4_1', 'death_0')
MODULES = [TOTAL, 'shared_encoder/stage_1', 'shared_encoder/stage_0']
STEPS = (0, 50, 100, 150, 200, 250)


def grams(draw):
  """Task 1 is task 0 turned round, and task 2 has nothing to do with them."""
  g = draw.normal(size=40)
  rows = np.stack([g, -g, draw.normal(size=40)])
  noise = 0.1 * draw.normal(size=(3, 3))
  return rows @ rows.T + noise + noise.T


def look(draw, run, seed, step):
  products = np.stack([grams(draw) for _ in MODULES])
  pairs = {'product': products, 'conflict': (products < 0).astype(float)}
  pairs['cosine'] = products / 40
  pairs['magnitude_similarity'] = np.full((3, 3, 3), 0.9)
  tag = np.array([[0, -0.02, 0], [-0.01, 0, 0], [0, 0, 0]])
  values = {
    **pairs,
    'tag': tag + 0.001 * draw.normal(size=(3, 3)),
    'condition': np.ones(3),
    'curvature': np.array(float(step)),
  }
  return {
    'kind': 'probe',
    'run': run,
    'seed': seed,
    'hp': fake.HP,
    'step': step,
    'batches': 4,
    'modules': MODULES,
    'values': {name: value.tolist() for name, value in values.items()},
  }


@pytest.fixture(scope='module')
def found(tmp_path_factory):
  folder = tmp_path_factory.mktemp('cell') / 'hard'
  draw = np.random.default_rng(0)
  head = fake.header('hard')
  head['comparable'] |= {'evals': 5, 'steps': 250}
  ended = fake.draw(draw, head)
  looks = [look(draw, i, i, step) for i in range(5) for step in STEPS]
  cell = fake.write(folder, head, *looks, *looks[:3], *ended)
  frame = probes.frame(folder, cell)
  return conflicts.make(frame, cell, probes.batches(folder, cell))


def test_a_line_for_each_number_and_pair(found):
  frame = found.frame
  assert [*frame.columns] == [*probes.COLUMNS]
  keys = ['step', 'module', 'task_i', 'task_j', 'measure', 'seed']
  assert not frame.duplicated(keys).any()  # Lines written twice count once.
  assert set(frame.step) == {*STEPS}
  own = frame[frame.task_i == frame.task_j]
  assert set(own.measure) == {'product', 'condition', 'curvature'}
  assert set(frame[frame.measure == 'tag'].module) == {TOTAL}
  assert set(frame[frame.measure == 'product'].module) == {*MODULES}
  curvature = frame[frame.measure == 'curvature']
  assert (curvature.value == curvature.step).all()


def test_negated_copies_conflict_and_strangers_are_not_shown_to(found):
  rows = found.of(conflicts.CORRECTED)
  assert rows.loc[('cd4_0', 'cd4_1'), 'verdict'] == 'conflict'
  assert rows.loc[('cd4_0', 'cd4_1'), 'mean'] == pytest.approx(-1, abs=0.02)
  for pair in (('cd4_0', 'death_0'), ('cd4_1', 'death_0')):
    assert rows.loc[pair, 'verdict'] == conflicts.NOT_SHOWN
  tag = found.of('tag')
  assert tag.loc[('cd4_0', 'cd4_1'), 'verdict'] == 'hurts'
  assert tag.loc[('death_0', 'cd4_1'), 'verdict'] == conflicts.NOT_SHOWN


def test_the_corrected_cosine_is_that_of_the_mean_products(found):
  frame = found.frame
  mine = frame[(frame.measure == 'product') & (frame.module == TOTAL)]
  cosines = []
  for _, own in mine.groupby('seed'):
    mean = own.groupby(['task_i', 'task_j'])['value'].mean().unstack()
    mean = mean.loc[[*NAMES], [*NAMES]].to_numpy()
    norms = np.sqrt(np.diag(mean))
    cosines.append(mean[0, 2] / norms[0] / norms[2])
  row = found.of(conflicts.CORRECTED).loc[('cd4_0', 'death_0')]
  assert row['mean'] == pytest.approx(np.mean(cosines))


def test_a_task_with_itself_is_tested_against_no_one(found):
  tested = found.matrices[found.matrices['p_value'].notna()]
  assert set(tested.measure) == {conflicts.CORRECTED, 'tag'}
  assert (tested.module == TOTAL).all()
  assert (tested.p_holm >= tested.p_value).all()


def test_modules_stand_in_order_of_depth():
  names = ['head', 'b/stage_10', 'a/stage_2', 'a/stage_0']
  assert probes.by_depth(names) == names[::-1]


def test_sentences_follow_the_numbers(found, tmp_path):
  text = conflict_page.markdown(found)
  told = conflict_sentences.number(
    found.of(conflicts.CORRECTED).loc[('cd4_0', 'cd4_1')]
  )
  assert f'conflict is shown for 1 of 3 pairs (cd4_0 and cd4_1 {told})' in text
  assert 'agreement is shown for 0 of 3 pairs' in text
  assert 'on 4 training batches of 8 rows' in text
  assert 'step 0 and every 50 of 250 steps; 5 seeds on one split' in text
  assert 'which raises the loss of cd4_1 by 2.0' in text.replace('-', '')
  rates = found.of('conflict')['mean']
  assert rates[('cd4_0', 'cd4_1')] == 1
  assert 'most for cd4_0 and cd4_1 (100 %)' in conflict_sentences.rates(found)
  conflict_pictures.write(found, tmp_path)
  for name in conflict_page.PICTURES:
    assert (tmp_path / f'{name}.png').stat().st_size > 5000


def test_nothing_is_made_of_a_cell_that_was_not_looked_at(tmp_path):
  head = fake.header('hard')
  ended = fake.draw(np.random.default_rng(0), head)
  cell = fake.write(tmp_path / 'hard', head, *ended)
  with pytest.raises(InputError, match='config.probe.batches'):
    probes.frame(tmp_path / 'hard', cell)
