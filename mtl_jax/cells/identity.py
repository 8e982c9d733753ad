"""What determines the numbers of a cell, as digests that name its folder.

A cell is trained again when one of the files that its numbers come from has
changed: the chosen files themselves, and the part of this package that trains.
The report, the launchers and the documentation are not among them, and neither
are comments and docstrings.
"""

import functools
import hashlib
import inspect
import io
import pathlib
import tokenize
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from mtl_jax import data as datasets
from mtl_jax import records
from mtl_jax import tasks as tasks_lib
from mtl_jax.cells.choices import Choice, Choices
from mtl_jax.data import views
from mtl_jax.data.base import Data
from mtl_jax.tasks import Task

ROOT = pathlib.Path(__file__).parents[1]
# Files of this package that every trained number comes from, by folder or name.
# What is chosen by name (a scheme, a kind of task) is digested by itself.
CORE = (
  'train',
  'layers',
  'schemes/base',
  'schemes/parts',
  'balancers/base.py',
  'balancers/solvers',
  'tasks/__init__.py',
  'tasks/base.py',
  'tasks/scores.py',
  'data/base.py',
  'data/padded.py',
  'data/sources.py',
  'data/stacked.py',
  'data/views.py',
  'devices/sharding.py',
  'cells/build.py',
  'cells/choices.py',
  'cells/reading.py',
  'cells/settings.py',
  'cells/task_groups.py',
  'programs/compiled.py',
  'programs/measuring.py',
)
# What takes no part in numbers; all else of this package may.
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.DEDENT)


def code(text: str) -> str:
  """The tokens of a Python source, without comments and docstrings.

  An indented line keeps its indentation, so that a block that has moved is
  another source. The result is for digests: it is no program.
  """
  lines: list[str] = []
  line: list[str] = []
  for token in tokenize.generate_tokens(io.StringIO(text).readline):
    if token.type == tokenize.NEWLINE:
      # A string that stands alone has no effect.
      alone = len(line) == 2 and line[1][:1] in '"\'rR'
      lines += [] if alone and _is_string(line[1]) else [''.join(line)]
      line = []
    elif token.type not in LAYOUT and token.type != tokenize.INDENT:
      line = line or [f'{token.start[1]} ']
      line.append(token.string)
  return '\n'.join(lines)


def _is_string(token: str) -> bool:
  return token[-1:] in '"\''


def digest_of(files: Iterable[pathlib.Path]) -> str:
  """Of the code of some files of this package, and of their places in it."""
  return records.digest(
    [
      [file.relative_to(ROOT).as_posix(), code(file.read_text('utf-8'))]
      for file in sorted(files)
    ]
  )


@functools.cache
def core() -> str:
  """Of the files that `CORE` names."""
  return digest_of(
    file
    for name in CORE
    for file in [ROOT / name, *(ROOT / name).rglob('*.py')]
    if file.suffix == '.py'
  )


def sources(choices: Choices) -> dict[str, str]:
  """Digests of the chosen files, and of what all cells come from."""
  digests = {
    what: records.digest(_with_neighbours(inspect.getmodule(chosen.make)))
    for what, chosen in choices._asdict().items()
    if what in ('encoder', 'scheme', 'balancer')
  }
  # Beside it are other data sets; the arrays have a digest of their own.
  loader = inspect.getmodule(choices.dataset.make)
  own = records.digest(code(inspect.getsource(loader)))
  return {**digests, 'dataset': own, 'core': core()}


def _with_neighbours(module: ModuleType) -> dict[str, str]:
  """The code of a file, and of those beside it that it takes something from."""
  found, left = {}, [module]
  while left:
    one = left.pop()
    found[one.__name__] = code(inspect.getsource(one))
    package = one.__name__.rpartition('.')[0]
    for other in filter(None, map(inspect.getmodule, vars(one).values())):
      name = other.__name__
      if name.startswith(f'{package}.') and name not in found:
        left.append(other)
  return found


def comparable(config: Any, choices: Choices, datas: list[Data]) -> dict:
  """What two cells must agree in to be rows of one table."""
  parts = ('dataset', 'encoder', 'optimizer', 'schedule')
  numbers = (
    *('resplit', 'own_rows', 'seeds', 'steps', 'evals', 'batch_size'),
    'compute',
  )
  later = {'first_seed': config.first_seed} if config.first_seed else {}
  return {
    **later,
    **{part: _named(getattr(choices, part)) for part in parts},
    **_in_memory(config, datas[0]),
    **{number: config[number] for number in numbers},
    'kinds': _kinds(datas[0].tasks),
    'fingerprint': fingerprint(datas[0]),
  }


def _named(chosen: Choice) -> dict[str, dict]:
  return {chosen.name: chosen.fields}


def _in_memory(config: Any, data: Data) -> dict:
  """The card's name, for data that are not of the file the config names."""
  own, name = config.dataset, data.card.name
  # A card of `tfds` is named as what it read; one of a dotted path as it likes.
  if own not in datasets.names() or own in ('tfds', name):
    return {}
  return {'dataset': {name: {}}}


def _kinds(tasks: Sequence[Task]) -> dict[str, str]:
  """Digests of the files of kinds: an edited loss or metric is another."""
  modules = {k: inspect.getmodule(tasks_lib.maker(k)) for k in _names(tasks)}
  return {
    kind: records.digest(_with_neighbours(module))
    for kind, module in modules.items()
  }


def _names(tasks: Sequence[Task]) -> list[str]:
  return sorted({task.kind for task in tasks})


def fingerprint(data: Data) -> str:
  """Twelve hex digits of the arrays themselves."""
  digest = hashlib.sha256()
  for split in data.splits.values():
    for piece in views.pieces(split):
      digest.update(np.ascontiguousarray(piece))
  return digest.hexdigest()[:12]
