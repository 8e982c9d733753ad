"""The fields of a section reach the chosen file, whatever its name is."""

import numpy as np
import pytest
from ml_collections import ConfigDict

from configs import default
from mtl_jax import cells
from mtl_jax.api import draws, methods
from mtl_jax.cells import build, settings
from mtl_jax.cells.choices import choice
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections
from mtl_jax.tasks import Task
from mtl_jax.train import optimizers, schedules

TASKS = Task('a', 'binary'), Task('b', 'regression')
# Files of the user's, each with the name of a built-in one.
LAB = {
  'synthetic': """
from tests import toy
def load(split_seed=None, data_dir='', files='', times=2.0, inputs=100):
  return toy.load(split_seed, scale=times)
""",
  'mlp': """
from mtl_jax.encoders import mlp
def make(widths=(64, 64), times=1):
  return mlp.make(tuple(times * w for w in widths))
""",
  'hard': """
from mtl_jax.schemes import hard
class Scheme(hard.Scheme):
  start: float = 0.5
""",
  'rlw': """
from mtl_jax.balancers import base
RANGES = {'draw': ('normal', 'sign')}
def make(draw='normal', scale=1.0):
  def update(losses, gram, state, key):
    return scale * losses, draw
  return base.Balancer(lambda _: (), update)
""",
  'mmoe': """
from mtl_jax.schemes import mmoe
class Scheme(mmoe.Scheme):
  num_experts: int = 8
""",
}
CHOSEN = {
  'dataset': 'lab_of_mine.synthetic',
  'encoder': 'lab_of_mine.mlp',
  'scheme': 'lab_of_mine.hard',
  'balancer': 'lab_of_mine.rlw',
}
every = pytest.mark.parametrize('what', CHOSEN)


@pytest.fixture(scope='module', autouse=True)
def lab(tmp_path_factory):
  """A package of the user's, on the Python path."""
  root = tmp_path_factory.mktemp('path')
  (root / 'lab_of_mine').mkdir()
  for name, text in LAB.items():
    (root / 'lab_of_mine' / f'{name}.py').write_text(text)
  with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(root)
    yield


def hyperparameters(config):
  """Settings of hyperparameters for two tasks."""
  return settings.settings(config, choice(config, 'scheme'), 2)


def config(**changes):
  found = default.get_config()
  found.seeds = 1
  found.update({**CHOSEN, **changes})
  return found


def built(made):
  """What each of the four files built from its fields."""
  system = build.system(made, TASKS)
  weights, drawn = system.balancer.update(np.ones(2), None, (), None)
  return {
    'dataset': float(np.ptp(build.data(made)[0].train.inputs[:, 0])),
    'encoder': tuple(stage.args[0] for stage in build.stages(made)),
    'scheme': system.scheme.start,
    'balancer': (float(weights[0]), drawn),
  }


def test_what_was_set_reaches_each_of_four_files():
  made = config()
  bare = built(made)
  # Fields of the user's file alone, fields of both, and a whole section.
  made.datasets.synthetic = {'times': 6.0}
  made.encoders.mlp.update(widths=(3, 5), times=2)
  made.schemes.hard.update(start=0.1, split_at=1)
  made.balancers.rlw.scale = 3.0
  found = built(made)
  assert found['dataset'] == pytest.approx(3 * bare['dataset'], rel=1e-6)
  del bare['dataset'], found['dataset']
  own = {'encoder': (64, 64), 'scheme': 0.5, 'balancer': (1.0, 'normal')}
  assert bare == own
  given = {'encoder': (6, 10), 'scheme': 0.1, 'balancer': (3.0, 'normal')}
  assert found == given
  assert build.system(made, TASKS).scheme.split_at == 1


@every
def test_no_built_in_default_reaches_a_users_file(what):
  assert choice(config(), what).fields == {}
  name = CHOSEN[what].rpartition('.')[2]
  built_in = config(**{what: name})
  assert choice(built_in, what).fields == {
    k: v for k, v in built_in[what + 's'][name].items() if k != 'hp'
  }


def test_a_dotted_path_to_a_built_in_file_takes_its_fields():
  made = config(scheme='mtl_jax.schemes.hard')
  made.schemes.hard.split_at = 1
  assert build.system(made, TASKS).scheme.split_at == 1


def test_hyperparameters_of_a_shared_section_count_for_both():
  made = config(schemes={'hard': {'hp': {'lr': (0.5,)}}})
  for scheme in ('hard', 'lab_of_mine.hard'):
    made.scheme = scheme
    assert [s['lr'] for s in hyperparameters(made)] == [0.5]


@pytest.mark.parametrize(
  ('what', 'fields', 'parts'),
  [
    ('dataset', {'tasks': 3}, ['datasets.synthetic.tasks is 3', 'at 2']),
    ('encoder', {'dropout': 0.3}, ['encoders.mlp.dropout is 0.3', 'at 0.0']),
    ('balancer', {'mu': 2.0}, ["'mu'", 'valid: draw, scale']),
    ('scheme', {'strat': 1.0}, ['schemes.hard:', "did you mean 'start'"]),
  ],
)
def test_a_field_that_the_file_lacks_is_refused(what, fields, parts):
  made = config()
  made[f'{what}s'][CHOSEN[what].rpartition('.')[2]].update(fields)
  with pytest.raises(InputError) as error:
    cells.make(made, build.data(made))
  text = str(error.value)
  assert '\n' not in text
  if 'is' in parts[0]:
    parts = [
      *parts,
      CHOSEN[what],
      f'mtl_jax.{what}s'.replace('datasets', 'data'),
    ]
  for part in parts:
    assert part in text, text


def test_two_defaults_of_one_field_are_refused_until_it_is_set():
  """4 may have been set by the user, or be the default of the built-in file."""
  made = config(scheme='lab_of_mine.mmoe')
  with pytest.raises(
    InputError,
    match=r'mmoe.num_experts is 4, the default of mtl_jax.schemes.mmoe, where '
    r'lab_of_mine.mmoe has 8; set another value, or rename lab_of_mine.mmoe',
  ):
    choice(made, 'scheme')
  made.schemes.mmoe.num_experts = 6
  assert choice(made, 'scheme').fields == {'num_experts': 6}


@pytest.mark.parametrize('balancer', ['lab_of_mine.rlw', 'lab_of_mine.mine'])
def test_hyperparameters_drawn_for_a_dotted_balancer_reach_it(balancer):
  made = ConfigDict(config()).lock()
  method = methods.Method('mine', 'lab_of_mine.hard', balancer)
  one = draws.Draw(0.1, 0.0, 0.0, (), {}, {'draw': 'sign'})
  found = draws.configured(made, method, [one])
  assert sections.section(found, 'balancer')['draw'] == 'sign'


def test_options_are_those_of_the_code():
  words = sections.WORDS
  assert words['optimizer'] == tuple(optimizers.OPTIMIZERS)
  assert words['schedule'] == tuple(schedules.SCHEDULES)
