"""Every key of a config is a field of the file it chooses, and no other."""

import importlib
import inspect
import pathlib

import pytest

from configs import default
from mtl_jax import data, plugins
from mtl_jax.cells import build
from mtl_jax.plugins import sections
from mtl_jax.tasks import Task
from mtl_jax.train import optimizers, schedules
from tests import small

ROOT = pathlib.Path(__file__).parents[1]
FILES = sorted(p.stem for p in (ROOT / 'configs').glob('[!_]*.py'))
GIVEN = {
  *('kinds', 'split_seed', 'data_dir', 'files', 'steps'),
  'steps_per_epoch',
}
# Of schemes: Flax's own, and what comes with the encoder.
BUILT = {'parent', 'name', 'resize'}


def load(name):
  return importlib.import_module(f'configs.{name}').get_config()


def makers(what):
  """The function that takes the fields, by the name of its file."""
  if what == 'datasets':
    return {name: data.loader(name) for name in data.names()}
  if what == 'optimizers':
    return optimizers.OPTIMIZERS
  if what == 'schedules':
    return schedules.SCHEDULES
  package, attribute = f'mtl_jax.{what}', 'make'
  if what == 'schemes':
    attribute = 'Scheme'
  names = plugins.names(package)
  return {n: plugins.find(package, n, attribute) for n in names}


@pytest.mark.parametrize(
  'what',
  ['balancers', 'datasets', 'encoders', 'optimizers', 'schedules', 'schemes'],
)
def test_the_default_holds_every_field_with_its_default(what):
  section = default.get_config()[what].to_dict()
  assert set(section) == set(makers(what))
  for name, make in makers(what).items():
    # Those of a table are kinds of its columns, which its config says.
    given = GIVEN - ({'kinds'} if name in ('table', 'several') else set())
    if what == 'schemes':
      # Only towers can be trained apart first.
      given = GIVEN | BUILT | (set() if make.towers else {'warm_start'})
    fields = {k: v for k, v in plugins.fields(make).items() if k not in given}
    section[name].pop('hp', None)
    fields |= sections.COMMON.get(what.removesuffix('s'), {})
    assert section[name] == fields, name


def test_every_hyperparameter_is_one_of_hp():
  config = default.get_config()
  assert set(config.hp) == set(optimizers.Hp._fields)
  for scheme in config.schemes.values():
    assert set(scheme.hp) == set(optimizers.Hp._fields) - {'balancer'}


@pytest.mark.parametrize('name', FILES)
def test_every_config_builds(name):
  config = load(name)
  build.check(config)
  dense = config.encoder in small.DENSE
  tasks = Task('a', 'depth' if dense else 'binary'), Task('b', 'regression')
  for scheme in config.schemes:
    config.scheme = scheme
    assert build.system(config, tasks).tasks == tasks


def test_every_key_has_a_comment_or_a_telling_name():
  """The default is the manual: a key without fields of its own says why."""
  source = inspect.getsource(default.get_config)
  bare = [
    line.strip()
    for line in source.splitlines()
    if line.strip().startswith('config.')
    and '#' not in line
    and '()' not in line
  ]
  told = ('config.batch_size', 'config.hp.lr')
  assert [line for line in bare if not line.startswith(told)] == []
