"""Fair tuning: as many draws for all, fresh seeds, the lowest loss chosen."""

import numpy as np
import pandas as pd
import pytest
from absl import flags

from configs import default
from experiments import draws, tune
from experiments.draws import Method
from mtl_jax import records
from mtl_jax.cells import settings
from mtl_jax.cells.choices import choice
from mtl_jax.errors import InputError
from mtl_jax.report import pareto


def tried(config):
  """Settings of hyperparameters for two tasks."""
  return settings.settings(config, choice(config, 'scheme'), 2)


@pytest.fixture
def seeds():
  def asked(count):
    flags.FLAGS.tuning_seeds = count

  if not flags.FLAGS.is_parsed():
    flags.FLAGS.mark_as_parsed()
  before = flags.FLAGS.tuning_seeds
  yield asked
  flags.FLAGS.tuning_seeds = before


def test_all_methods_have_the_same_rates_and_decays():
  made = {
    m.name: draws.draw(m, 1e-3, 3, 8)
    for m in draws.methods('hard', ['equal', 'cagrad', 'mgda'])
  }
  assert list(made) == ['single', 'equal', 'static', 'cagrad', 'mgda']
  for drawn in made.values():
    assert [d.lr for d in drawn] == [d.lr for d in made['single']]
    assert len({d.weight_decay for d in drawn}) == 8
  assert len({d.numbers['c'] for d in made['cagrad']}) == 8
  assert made['equal'][0].task_weights == ()
  sums = [sum(d.task_weights) for d in made['static']]
  np.testing.assert_allclose(sums, 3, rtol=0.01)


def test_draws_stay_in_their_ranges_and_fill_them():
  drawn = draws.draw(Method('famo', 'hard', 'famo'), 1e-2, 2, 400)
  rates = np.log10([d.lr for d in drawn])
  assert rates.min() > -3.01
  assert rates.max() < -0.99
  counts, _ = np.histogram(rates, 4, (-3, -1))
  assert counts.min() > 60  # uniform in the logarithm: about 100 each


def test_choices_are_dealt_out_and_trained_together():
  drawn = draws.draw(Method('mgda', 'hard', 'mgda'), 1e-3, 2, 10)
  groups = draws.together(drawn)
  assert sorted(map(len, groups)) == [2, 2, 3, 3]
  assert sorted(i for group in groups for i in group) == list(range(10))
  for group in groups:
    assert len({drawn[i].choices['normalise'] for i in group}) == 1


def test_draws_are_settings_side_by_side():
  method = Method('cagrad', 'hard', 'cagrad')
  drawn = draws.draw(method, 1e-3, 2, 5)
  config = draws.configured(default.get_config(), method, drawn)
  found = tried(config)
  assert [s['lr'] for s in found] == [d.lr for d in drawn]
  assert [s['balancer'] for s in found] == [d.numbers for d in drawn]
  hp = settings.hp(found)
  np.testing.assert_allclose(hp.balancer['c'], [d.numbers['c'] for d in drawn])


def test_side_by_side_needs_as_many_values():
  config = default.get_config()
  config.paired = True
  config.hp.lr = (1e-3, 1e-2, 1e-1)
  config.hp.clip = (0.0, 1.0)
  with pytest.raises(InputError, match='config.hp.clip has 2 values'):
    tried(config)


def write(folder, scores):
  """Records of draws with two seeds each, as a cell leaves them."""
  lines = [
    {
      'kind': 'test',
      'run': 2 * i + seed,
      'seed': seed,
      'hp': {},
      'score': score,
      'valid': {'a': {'loss': 10 * score}},
      'test': {'a': {'loss': -score}},  # the other way round
    }
    for i, pair in enumerate(scores)
    for seed, score in enumerate(pair)
    if score is not None
  ]
  records.append(folder, *lines)
  return folder


def test_the_lowest_mean_validation_loss_chooses(tmp_path, seeds):
  seeds(2)
  method = Method('mgda', 'hard', 'mgda')
  drawn = draws.draw(method, 1e-3, 1, 5)  # four choices: draws 0 and 4 are one
  first = [(0.5, 0.7), (0.1, None)]  # a seed of the fourth failed
  rest = [[(0.6, 0.4)], [(0.3, 0.6)], [(0.9, 0.9)]]
  folders = [write(tmp_path / str(i), s) for i, s in enumerate([first, *rest])]
  frame = tune.scores(method, drawn, iter(folders))
  assert list(frame.score[:4]) == pytest.approx([0.6, 0.5, 0.45, 0.9])
  assert np.isnan(frame.score[4])
  assert frame['a loss'][2] == pytest.approx(4.5)
  assert draws.lowest(method, frame) == 2


def test_a_method_without_a_score_says_so():
  frame = pd.DataFrame({'setting': [0, 1], 'score': [np.nan, np.nan]})
  with pytest.raises(InputError, match='famo: every draw failed'):
    draws.lowest(Method('famo', 'hard', 'famo'), frame)


def test_the_front_holds_what_nothing_is_better_than():
  points = np.random.default_rng(0).random((60, 2))
  best = pareto.front(points)
  beaten = [(points < p).all(1).any() for p in points]
  assert {tuple(p) for p in best} == {
    tuple(p)
    for p, is_beaten in zip(points, beaten, strict=True)
    if not is_beaten
  }
