"""Fair tuning: as many draws for all, around the config's own setting."""

import json

import numpy as np
import pandas as pd
import pytest

from configs import actg175, default
from mtl_jax.api import draw_count, draws, methods
from mtl_jax.api.methods import Method
from mtl_jax.cells import settings
from mtl_jax.cells.choices import choice
from mtl_jax.errors import InputError
from mtl_jax.report import pareto
from tests.experiments import test_compare

CONFIG = test_compare.CONFIG.replace('2, 1200, 60', '3, 30, 3')


def drawn(method, count, config=None, tasks=2):
  config = config or default.get_config()
  return draws.draw(method, draws.own(config, method, tasks), count)


def tried(config):
  """Settings of hyperparameters for two tasks."""
  return settings.settings(config, choice(config, 'scheme'), 2)


def of(scheme, balancer='equal'):
  return methods.of_pairs([(scheme, balancer)])[0]


def test_the_configs_own_setting_is_the_first_draw_of_every_method():
  config = actg175.get_config()
  config.hp.balancer = ((('c', 0.3),),)
  pairs = [('single', 'equal'), ('soft_l2', 'equal'), ('hard', 'cagrad')]
  single, soft, cagrad = (
    drawn(m, 4, config)[0] for m in methods.of_pairs(pairs)
  )
  assert single == (3e-3, 3.0, 0.0, (1.0, 1.0), {'c': 0.3}, {})
  assert soft.penalty == 0.1  # config.schemes.soft_l2.hp.penalty
  assert cagrad.numbers == {'c': 0.3}
  assert cagrad.choices == {}
  assert drawn(of('hard', 'mgda'), 4)[0].choices == {'normalise': 'none'}
  assert drawn(of('hard', 'famo'), 4)[0].numbers['learning_rate'] == 0.025


def test_all_methods_have_the_same_factors():
  config = actg175.get_config()
  config.schemes.hard.hp.lr = (1e-2,)  # respected as the centre
  made = {
    m.name: drawn(m, 8, config, 3)
    for m in methods.of_balancers('hard', ['equal', 'cagrad', 'mgda'])
  }
  assert list(made) == ['single', 'equal', 'static', 'cagrad', 'mgda']
  for name, own in made.items():
    centre = 3e-3 if name == 'single' else 1e-2
    factors = [d.lr / centre for d in own]
    expected = [d.lr / 3e-3 for d in made['single']]
    np.testing.assert_allclose(factors, expected, rtol=0.01)
    assert [d.weight_decay for d in own] == [
      d.weight_decay for d in made['single']
    ]
  assert len({d.numbers['c'] for d in made['cagrad']}) == 8
  assert made['equal'][3].task_weights == (1, 1, 1)
  assert made['static'][0].task_weights == (1, 1, 1)
  sums = [sum(d.task_weights) for d in made['static']]
  np.testing.assert_allclose(sums, 3, rtol=0.01)
  assert len({d.task_weights for d in made['static']}) == 8


def test_draws_fill_their_ranges_around_the_centre():
  config = actg175.get_config()
  own = drawn(of('soft_l2'), 400, config)
  for name, centre in (('lr', 3e-3), ('penalty', 0.1), ('weight_decay', 3)):
    values = np.array([getattr(d, name) for d in own])
    factors = np.log10(values[values > 0] / centre)
    assert abs(factors).max() < 1.01
    counts, _ = np.histogram(factors, 4, (-1, 1))
    assert counts.min() > 0.15 * len(factors)  # a quarter each
  none = np.mean([d.weight_decay == 0 for d in own])
  assert none == pytest.approx(draws.NO_DECAY, abs=0.07)
  # A config without decay has no factors of it.
  decays = np.array([d.weight_decay for d in drawn(of('hard'), 400)])
  assert decays[decays > 0].min() > 0.9e-6
  assert 1e-3 < decays.max() < 1.1e-2
  assert {d.penalty for d in drawn(of('hard'), 9, config)} == {0}


def test_numbers_of_a_balancer_stay_in_its_range_half_below_the_config():
  config = default.get_config()
  config.balancers.cagrad.c = 0.2  # of .1 to .9
  values = np.array(
    [d.numbers['c'] for d in drawn(of('hard', 'cagrad'), 400, config)]
  )
  assert values.min() >= 0.1
  assert values.max() <= 0.9
  assert np.median(values) == pytest.approx(0.2, abs=0.03)


def test_choices_are_dealt_out_and_trained_together():
  own = drawn(of('hard', 'mgda'), 10)
  groups = draws.together(own)
  assert sorted(map(len, groups)) == [2, 2, 3, 3]
  assert sorted(i for group in groups for i in group) == list(range(10))
  for group in groups:
    assert len({own[i].choices['normalise'] for i in group}) == 1


def test_draws_are_settings_side_by_side():
  method = of('hard', 'cagrad')
  own = drawn(method, 5)
  config = draws.configured(default.get_config(), method, own)
  found = tried(config)
  assert [s['lr'] for s in found] == [d.lr for d in own]
  assert [s['balancer'] for s in found] == [d.numbers for d in own]
  hp = settings.hp(found)
  np.testing.assert_allclose(hp.balancer['c'], [d.numbers['c'] for d in own])


def test_a_penalty_that_is_drawn_replaces_the_schemes_own():
  method = of('soft_l2')
  own = drawn(method, 5)
  config = draws.configured(default.get_config(), method, own)
  assert [s['penalty'] for s in tried(config)] == [d.penalty for d in own]


def test_side_by_side_needs_as_many_values():
  config = default.get_config()
  config.paired = True
  config.hp.lr = (1e-3, 1e-2, 1e-1)
  config.hp.clip = (0.0, 1.0)
  with pytest.raises(InputError, match='config.hp.clip has 2 values'):
    tried(config)


@pytest.mark.parametrize(
  ('key', 'change'),
  [
    ('config.hp.lr', lambda c: c.hp.update(lr=(1e-3, 1e-2))),
    (
      'config.schemes.hard.hp.weight_decay',
      lambda c: c.schemes.hard.hp.update(weight_decay=(0.0, 1.0)),
    ),
  ],
)
def test_several_values_have_no_centre(key, change):
  config = default.get_config()
  change(config)
  with pytest.raises(InputError, match=f'{key} has several values'):
    draws.own(config, of('hard'), 2)


@pytest.mark.parametrize(
  ('count', 'seeds', 'said'),
  [
    (1, 10, '--tune=1; give 2 to 1000 draws'),
    (-3, 10, '--tune=-3; give 2 to 1000 draws'),
    (1001, 10, '--tune=1001; give 2 to 1000 draws'),
    (32, 2, '--tune=32 with config.seeds=2: .* at least --config.seeds=3'),
  ],
)
def test_draws_that_make_no_sense(count, seeds, said):
  config = default.get_config()
  config.seeds = seeds
  with pytest.raises(InputError, match=said) as error:
    draw_count.check('--tune', count, config)
  assert '\n' not in str(error.value)


def test_a_row_is_named_as_its_table_names_it():
  assert Method(('hard', 'pcgrad'), 'hard', 'pcgrad').name == 'hard + pcgrad'
  assert methods.of_balancers('hard', ['famo'])[-1].name == 'famo'


def test_the_front_holds_what_nothing_is_better_than():
  points = np.random.default_rng(0).random((60, 2))
  best = pareto.front(points)
  beaten = [(points < p).all(1).any() for p in points]
  assert {tuple(p) for p in best} == {
    tuple(p)
    for p, is_beaten in zip(points, beaten, strict=True)
    if not is_beaten
  }


def over_untuned(frame, scheme):
  """Delta_m of a row of a table over `single untuned`, in percent."""
  heads = frame[frame.task != 'ALL'].drop_duplicates(['scheme', 'task'])
  means = heads.pivot(index='task', columns='scheme', values='mean')
  signs = heads.set_index('task').higher_is_better.groupby('task').first()
  base = means['single untuned']
  gains = (means[scheme] - base) / base.abs() * np.where(signs, 1, -1)
  return 100 * gains.mean()


def test_a_tuned_table_and_its_resumption(tmp_path):
  """Choices of a balancer are several cells and one row."""
  (tmp_path / 'toy.py').write_text(CONFIG)
  flags = [
    f'--config={tmp_path}/toy.py', '--balancers=rlw', '--draws=4',
    '--scheme=hard', f'--workdir={tmp_path}/w',
  ]  # fmt: skip
  done = test_compare.run(*flags, script='experiments.tune')
  assert done.returncode == 0, done.stderr
  frame = pd.read_csv(tmp_path / 'w/table.csv')
  assert [*dict.fromkeys(frame.scheme)] == [
    *('reference', 'trees', 'single', 'single untuned'),
    *('equal', 'static', 'rlw'),
  ]
  own = pd.read_csv(tmp_path / 'w/draws.csv')
  counts = own.groupby('scheme').size()
  assert dict(counts) == dict.fromkeys(['single', 'equal', 'static', 'rlw'], 12)
  joint = own[own.scheme != 'single'].groupby(['scheme', 'seed']).chosen.sum()
  assert (joint == 1).all()
  kinds = own[own.scheme == 'rlw'].groupby('balancer draw').draw.unique()
  assert {k: [*v] for k, v in kinds.items()} == {
    'normal': [0, 2], 'dirichlet': [1, 3]
  }  # fmt: skip
  curve = pd.read_csv(tmp_path / 'w/tuning_curves.csv')
  # The best of all draws is the row of the table.
  last = curve[curve.draws == 4].set_index('scheme')['mean']
  for name in ('single', 'equal', 'static', 'rlw'):
    assert last[name] == pytest.approx(over_untuned(frame, name), abs=1e-3)
  for name in ('front', 'tuning_curves', 'differences'):
    assert (tmp_path / f'w/figures/{name}.png').exists()
  assert 'Tuning: 4 draws for every row' in done.stdout
  before = {p: p.stat().st_mtime for p in (tmp_path / 'w').rglob('*.jsonl')}
  assert len(before) == 7  # two of rlw, those of linear models and of trees
  again = test_compare.run(*flags, script='experiments.tune')
  assert again.stdout == done.stdout
  assert before == {p: p.stat().st_mtime for p in before}
  saved = json.loads((tmp_path / 'w/config.json').read_text())
  assert saved['draws'] == 4
