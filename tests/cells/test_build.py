"""Every mistake in a config is found before anything is written."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.cells import build, settings
from mtl_jax.cells.choices import choice
from mtl_jax.data import base
from mtl_jax.encoders import mlp
from mtl_jax.errors import InputError
from mtl_jax.schemes import base as schemes
from mtl_jax.schemes import hard
from mtl_jax.tasks import Task
from mtl_jax.train import parameters
from tests import small


def tried(config):
  """Settings of hyperparameters for two tasks."""
  return settings.settings(config, choice(config, 'scheme'), 2)


def config(**changes):
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.seeds = 1
  c.update(changes)
  return c


def make(**changes):
  c = config(**changes)
  build.check(c)
  return cells.make(c, build.data(c))


def message(**changes):
  with pytest.raises(InputError) as error:
    make(**changes)
  assert '\n' not in str(error.value)
  return str(error.value)


def test_other_noise_is_another_cell_of_the_same_data():
  plain, other = make(), make(noise_seed=1)
  assert 'noise_seed' not in plain.identity
  assert other.comparable == plain.comparable | {'noise_seed': 1}
  seeds = np.arange(3, dtype=np.int32)
  noise = [settings.noise_seeds(c.config, seeds) for c in (plain, other)]
  np.testing.assert_array_equal(noise[0], seeds)
  assert not np.intersect1d(*noise).size
  assert noise[1].dtype == np.int32
  assert plain.runs == other.runs


def test_epochs_are_passes_over_the_rows_of_the_first_split():
  rows = len(build.data(config())[0].train.mask)
  made = make(epochs=2.5, batch_size=8, evals=3)
  steps = -(-5 * rows // 16)
  assert made.config.steps == made.system.steps == steps
  assert made.sizes.steps == -(-steps // 3)
  # They are another way to say how many steps, which alone name the cell.
  assert made.hash == make(steps=steps, batch_size=8, evals=3).hash


def test_a_log_that_is_not_installed_is_named(monkeypatch):
  monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
  assert 'pip install' in message(log='tensorboard')


def test_how_much_is_shown_and_logged_names_no_cell():
  assert make(verbose=2, log='tensorboard').hash == make().hash
  assert 'accumulate' not in make().comparable
  assert make(accumulate=2).hash != make().hash


@pytest.mark.parametrize(
  ('changes', 'parts'),
  [
    ({'scheme': 'hrad'}, ['hrad', "did you mean 'hard'"]),
    ({'balancer': 'pcgard'}, ['pcgard', "did you mean 'pcgrad'"]),
    ({'encoder': 'mpl'}, ['mpl', "did you mean 'mlp'"]),
    ({'dataset': 'actg17'}, ['actg17', "did you mean 'actg175'"]),
    ({'optimizer': 'adm'}, ['adm', "did you mean 'adam'"]),
    ({'schedule': 'cosin'}, ['cosin', "did you mean 'cosine'"]),
    ({'scheme': 'no_lab.scheme'}, ['no_lab.scheme', 'PYTHONPATH']),
    ({'schemes': {'hard': {'splt_at': 1}}}, ['splt_at', 'split_at']),
    ({'schemes': {'hard': {'split_at': 9}}}, ['split_at is 9']),
    ({'scheme': 'mmoe', 'schemes': {'mmoe': {'num_experts': 0}}}, ['experts']),
    ({'datasets': {'toy': {'scael': 1.0}}}, ['scael', "did you mean 'scale'"]),
    ({'noise_seed': -1}, ['config.noise_seed is -1', 'from 0 to 2000']),
    ({'encoder': 'lenet'}, ['lenet takes images', 'mlp']),
    ({'encoder': 'lstm'}, ['lstm takes word numbers', 'mlp']),
    ({'batch_size': 0}, ['config.batch_size is 0']),
    ({'seeds': 0}, ['config.seeds is 0']),
    ({'epochs': -1.0}, ['config.epochs is -1.0', '0 to train for']),
    ({'epochs': 1e9}, ['config.steps=', '2**31']),
    ({'augment': 'flop'}, ['config.augment', "'flip'"]),
    ({'accumulate': 0}, ['config.accumulate is 0', 'at least 1']),
    ({'accumulate': 48}, ['config.accumulate=48', 'take 32 or 64']),
    ({'verbose': 3}, ['config.verbose is 3']),
    ({'log': 'no_lab.log'}, ['no_lab.log', 'PYTHONPATH']),
    ({'hp': {'lr': (-1.0,)}}, ['config.hp.lr', 'negative']),
    ({'hp': {'lr': ()}}, ['config.hp.lr', 'tuple']),
    ({'hp': {'task_weights': ((1.0,),)}}, ['task_weights', '2 numbers']),
    ({'scheme': 'single', 'balancer': 'pcgrad'}, ['trains none', 'hard']),
    ({'scheme': 'soft_l2', 'balancer': 'pcgrad'}, ['trains none']),
    (
      {'balancer': 'pcgrad', 'schemes': {'hard': {'split_at': 0}}},
      ['trains none'],
    ),
    (
      {
        'scheme': 'cross_stitch',
        'schemes': {'cross_stitch': {'warm_start': 1000}},
      },
      ['cross_stitch', 'begins at step 1000', 'lower its warm_start'],
    ),
    (
      {
        'scheme': 'shared_private',
        'schemes': {'shared_private': {'adversarial': 0.1}},
      },
      ['labels of 2', 'config.own_rows=True', 'adversarial=0'],
    ),
    ({'optimizers': {'adam': {'b3': 0.1}}}, ['b3', 'valid: b1, b2']),
    ({'schemes': {'hard': {'hp': {'lrr': (1.0,)}}}}, ['lrr', "'lr'"]),
    ({'parallel': '-1'}, ["config.parallel is '-1'", 'valid: 8, auto']),
    ({'parallel': 'vmpa'}, ["did you mean 'vmap'?"]),
    ({'parallel': 'mpa:3'}, ["did you mean 'map"]),
    ({'parallel': 'vmap:0'}, ["did you mean 'vmap:8'?"]),
    ({'datasets': {'toy': {'unlabelled': 90}}}, ['first', 'label']),
    ({'datasets': {'toy': {'scale': float('inf')}}}, ['row']),
  ],
)
def test_bad_input_gets_one_line_with_the_remedy(changes, parts):
  text = message(**changes)
  for part in parts:
    assert part in text, text


@pytest.mark.parametrize(
  ('scheme', 'field'), [('mmoe', 'balance'), ('sluice', 'orthogonality')]
)
def test_a_scheme_that_charges_nothing_has_no_penalty(scheme, field):
  c = config(scheme=scheme)
  assert [s['penalty'] for s in tried(c)] == [0.0]
  c.schemes[scheme][field] = 0.1
  assert [s['penalty'] for s in tried(c)] == [1.0]


def test_a_schemes_own_settings_stand_in_for_the_general_ones():
  c = config(scheme='soft_l2', hp={'lr': (1e-3, 1e-2)})
  c.schemes.soft_l2.hp.penalty = (0.1, 0.2)
  c.schemes.soft_l2.hp.lr = (0.5,)
  found = [(s['lr'], s['penalty']) for s in tried(c)]
  assert found == [(0.5, 0.1), (0.5, 0.2)]


def test_a_penalty_for_all_reaches_only_schemes_that_have_one():
  penalties = {
    name: [s['penalty'] for s in tried(chosen)]
    for name in ('soft_l2', 'soft_trace', 'hard')
    for chosen in [config(scheme=name, hp={'penalty': (0.1, 1.0)})]
  }
  assert penalties == {
    'soft_l2': [0.1, 1.0], 'soft_trace': [0.1, 1.0], 'hard': [0.0]
  }  # fmt: skip


def test_task_weights_are_scaled_to_their_number():
  c = config(hp={'task_weights': ((), (1.0, 3.0))})
  weights = [s['task_weights'] for s in tried(c)]
  assert weights == [(1.0, 1.0), (0.5, 1.5)]


@pytest.mark.parametrize('moves', [True, False])
def test_a_gram_of_parameters_that_rest_for_ever_is_refused(monkeypatch, moves):
  group = schemes.Group(moves=lambda step, steps: moves)
  monkeypatch.setattr(hard.Scheme, 'group', lambda self, name: group)
  chosen = {'scheme': 'hard', 'balancer': 'pcgrad'}
  if moves:
    assert make(**chosen).system.balancer.needs_gram
  else:
    assert "'hard' trains none" in message(**chosen)


def test_a_scheme_can_ask_for_its_encoder_in_other_widths(monkeypatch):
  c = config(encoders={'mlp': {'widths': (6, 4), 'dropout': 0.2}})
  tasks = Task('a', 'binary'), Task('b', 'regression')
  wider = build.system(c, tasks).scheme.resize(1.5)
  assert [stage.args for stage in wider] == [(9, 0.2), (6, 0.2)]
  monkeypatch.delattr(mlp, 'WIDTHS')
  assert build.system(c, tasks).scheme.resize is None


ZERO, ONE = jnp.zeros(1), jnp.ones(1)


def test_both_phases_of_a_search_have_the_schedule_of_a_run():
  """Half of the steps, and again from the start."""
  chosen = {'steps': 100, 'schedule': 'cosine', 'optimizer': 'sgd'}
  found = {}
  for scheme in ('ltb', 'hard'):
    system = make(scheme=scheme, **chosen).system
    update = system.optimizer(small.hp(lr=1.0, task_weights=(1, 1)))
    zero, one = (parameters.pack({'head_0': x}, 1) for x in (ZERO, ONE))
    *rest, clock = update.init(zero)

    def rate(at, update=update, rest=rest, clock=clock, ends=(one, zero)):
      state = (*rest, clock._replace(count=jnp.array(at)))
      change, _ = update.update(ends[0], state, ends[1])
      return -float(change.tree['head_0'][0])

    found[scheme] = [rate(at) for at in (0, 25, 49, 50, 75)]
  cosine = lambda at, steps: (1 + np.cos(np.pi * at / steps)) / 2  # noqa: E731
  whole = [cosine(at, 100) for at in (0, 25, 49, 50, 75)]
  np.testing.assert_allclose(found['hard'], whole, atol=1e-6)
  halves = [cosine(at, 50) for at in (0, 25, 49, 0, 25)]
  np.testing.assert_allclose(found['ltb'], halves, atol=1e-6)


def test_a_method_is_told_how_long_an_epoch_is():
  """Two epochs of three batches weigh all alike, the next do not."""
  c = config(balancer='dwa', batch_size=10)
  method = build.system(c, (Task('a', 'binary'), Task('b', 'binary')), 30)
  state, found = method.balancer.init(2), []
  for i in range(7):
    losses = jnp.array([1.0, 0.8**i])
    weights, state = method.balancer.update(losses, None, state, None)
    found.append(np.asarray(weights))
  np.testing.assert_array_equal(found[:6], np.ones((6, 2)))
  assert found[6][0] > 1 > found[6][1]


@pytest.mark.parametrize('balancer', ['gls', 'log_loss', 'stch', 'famo'])
def test_counts_go_with_methods_that_need_positive_losses(balancer):
  tasks = Task('a', 'binary'), Task('visits', 'count')
  assert build.system(config(balancer=balancer), tasks).balancer.positive


def test_every_entry_sets_the_same_numbers_of_a_balancer():
  entries = {'c': 0.3}.items(), {'d': 0.3}.items()
  c = config(hp={'balancer': tuple(map(tuple, entries))})
  with pytest.raises(InputError, match=r"\['c'\] and then \['d'\]; set the"):
    tried(c)


def refused(inputs, **changes):
  """The message for rows with these inputs."""
  rows = len(jax.tree.leaves(inputs)[0])
  labels = (np.arange(rows, dtype=np.int32) % 2,)
  split = base.Split(inputs, labels, np.ones((rows, 1), bool))
  card = base.Card('own', '', '', '', '', {})
  tasks = (Task('sick', 'binary'),)
  data = base.check(base.Data(split, split, split, tasks, card))
  with pytest.raises(InputError) as error:
    cells.make(config(resplit=False, **changes), [data])
  return str(error.value)


def test_whole_numbers_are_not_read_as_columns_by_one_and_words_by_another():
  ages_and_incomes = np.array([[31, 60_000], [52, 41_000]] * 4)
  text = refused(ages_and_incomes)
  assert 'vectors of floats' in text
  assert 'standardise' in text


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
def test_several_arrays_are_refused_by_encoders_of_one(encoder):
  inputs = {'age': np.ones((8, 1), np.float32), 'words': np.ones((8, 3), int)}
  text = refused(inputs, encoder=encoder)
  assert "['age', 'words']" in text
  assert encoder in text
