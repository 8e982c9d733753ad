"""Digests of all that determines the numbers of a cell; they name its folder.

A cell is trained again when a file has changed that its numbers come from: the
files that its config chooses, and the part of this package that trains. Changes
of the report, of the launchers, or of comments and docstrings do not count.
"""

import functools
import hashlib
import inspect
import pathlib
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from mtl_jax import data as datasets
from mtl_jax import records
from mtl_jax import tasks as tasks_lib
from mtl_jax.cells import sampling
from mtl_jax.cells.choices import Choice, Choices
from mtl_jax.data import views
from mtl_jax.data.base import Data
from mtl_jax.plugins.source_code import code
from mtl_jax.tasks import Task

ROOT = pathlib.Path(__file__).parents[1]
# Files of this package that every trained number comes from, by folder or name.
# Files that a config chooses by name (a scheme, a kind of task) have digests of
# their own.
CORE = (
  'train',
  'layers',
  'linalg.py',
  'schemes/base',
  'schemes/parts',
  'encoders/__init__.py',
  'balancers/base.py',
  'balancers/solvers',
  'tasks/__init__.py',
  'tasks/base.py',
  'tasks/constants.py',
  'tasks/scores.py',
  'data/base.py',
  'data/padded.py',
  'data/scarce.py',
  'data/sources.py',
  'data/stacked.py',
  'data/views.py',
  'devices/sharding.py',
  'cells/build.py',
  'cells/choices.py',
  'cells/parts.py',
  'cells/reading.py',
  'cells/sampling.py',
  'cells/scoring.py',
  'cells/settings.py',
  'cells/task_groups.py',
  'programs/compiled.py',
  'programs/inputs.py',
  'programs/measuring.py',
  'programs/run_functions.py',
)
# Keys that were added when there were results already, and their defaults.
LATER = {
  'first_seed': 0,
  'noise_seed': 0,
  'class_weight': 'none',
  'patience': 0,
  'accumulate': 1,
  'augment': '',
  'remat': False,
}
# Data sets of a user's tables, which are in memory or in files of any path: the
# arrays say all of them.
TABLES = ('table', 'several')
# Further files of cells that measure interference, and of reference models.
PROBES = (
  'interference/grad_tag.py',
  'interference/linearised.py',
  'interference/measures.py',
  'interference/probes.py',
  'run/probing.py',
)
LINEAR = ('run/linear.py', 'tasks/scores.py')
TREES = (*LINEAR, 'run/trees.py', 'tasks/boosting.py')


def digest_of(files: Iterable[pathlib.Path]) -> str:
  """Digest of the code of files of this package, with their paths in it."""
  return records.digest(
    [
      [file.relative_to(ROOT).as_posix(), code(file.read_text('utf-8'))]
      for file in sorted(files)
    ]
  )


@functools.cache
def core() -> str:
  """Digest of the files that `CORE` names."""
  return digest_of(
    file
    for name in CORE
    for file in [ROOT / name, *(ROOT / name).rglob('*.py')]
    if file.suffix == '.py'
  )


def sources(choices: Choices) -> dict[str, str]:
  """Digests of the chosen files, and of `CORE`."""
  digests = {
    what: records.digest(_with_neighbours(inspect.getmodule(chosen.make)))
    for what, chosen in choices._asdict().items()
    if what in ('encoder', 'scheme', 'balancer')
  }
  if choices.dataset.name in TABLES:
    return {**digests, 'core': core()}
  # Without neighbours: those are other data sets, and the arrays of this one
  # have a digest of their own.
  loader = inspect.getmodule(choices.dataset.make)
  dataset = records.digest(code(inspect.getsource(loader)))
  return {**digests, 'dataset': dataset, 'core': core()}


def _with_neighbours(module: ModuleType) -> dict[str, str]:
  """By name, the code of a module and of those of its package it imports."""
  codes, left = {}, [module]
  while left:
    one = left.pop()
    codes[one.__name__] = code(inspect.getsource(one))
    package = one.__name__.rpartition('.')[0]
    for other in filter(None, map(inspect.getmodule, vars(one).values())):
      name = other.__name__
      if name.startswith(f'{package}.') and name not in codes:
        left.append(other)
  return codes


def comparable(config: Any, choices: Choices, datas: list[Data]) -> dict:
  """Collects what must be equal in all cells of a table.

  Args:
    config: a whole one.
    choices: the files that it names.
    datas: of all seeds.

  Returns:
    Names, fields and numbers of the config, and digests of data and kinds.
  """
  parts = ('dataset', 'encoder', 'optimizer', 'schedule')
  numbers = (
    *('resplit', 'own_rows', 'seeds', 'steps', 'evals', 'batch_size'),
    'compute',
  )
  # Left out at their defaults, so that digests of older cells stay valid.
  later = {k: config[k] for k in LATER if config[k] != LATER[k]}
  selection = {
    'select': config.select,
    'primary': list(config.primary),
    'checkpoint_per': config.checkpoint_per,
  }
  return {
    **later,
    **sampling.of(config, datas).identity,
    **selection,
    **{part: _named(getattr(choices, part)) for part in parts},
    **_in_memory(config, datas[0]),
    **{number: config[number] for number in numbers},
    'kinds': _kinds(datas[0].tasks),
    'fingerprint': fingerprint(datas),
  }


def _named(chosen: Choice) -> dict[str, dict]:
  return {chosen.name: chosen.fields}


def _in_memory(config: Any, data: Data) -> dict:
  """The name of data that the config does not name, as arrays in memory."""
  asked, name = config.dataset, data.card.name
  # Not the fields: a file and a data frame with the same rows are the same.
  if asked in TABLES:
    return {'dataset': {name: {}}}
  # The card of `tfds` has the name of what it read, and a user's file may give
  # any name: both are data of the file that the config names.
  if asked not in datasets.names() or asked in ('tfds', name):
    return {}
  return {'dataset': {name: {}}}


def _kinds(tasks: Sequence[Task]) -> dict[str, str]:
  """Digests of the files of task kinds, which define losses and metrics."""
  modules = {k: inspect.getmodule(tasks_lib.maker(k)) for k in _names(tasks)}
  return {
    kind: records.digest(_with_neighbours(module))
    for kind, module in modules.items()
  }


def _names(tasks: Sequence[Task]) -> list[str]:
  return sorted({task.kind for task in tasks})


def fingerprint(datas: Sequence[Data]) -> str:
  """A digest of the arrays of all seeds.

  Args:
    datas: one data set per seed, or one for all; whether rows are copies or are
      gathered from a table makes no difference.

  Returns:
    Twelve hexadecimal digits.
  """
  digest = hashlib.sha256()
  for data in datas:
    for split in data.splits.values():
      for piece in views.pieces(split):
        digest.update(np.ascontiguousarray(piece))
  return digest.hexdigest()[:12]


def digest_of_named(names: Sequence[str]) -> str:
  """A digest of files of this package, by their paths in it."""
  return digest_of(ROOT / name for name in names)
