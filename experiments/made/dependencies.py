"""The code that a result comes from, found without importing it.

Two sets are told apart: what its numbers come from, and what only shows them.
For a command that trains, the numbers come from the files that also name its
cells, see `mtl_jax.cells.identity`: those of the core, and those that the
command or its config names.
"""

import ast
import functools
import pathlib
import re
import shlex
from collections.abc import Iterable
from typing import NamedTuple

from experiments.made.registry import Result
from mtl_jax import records
from mtl_jax.plugins.source_code import code

ROOT = pathlib.Path(__file__).parents[2]
IDENTITY = 'mtl_jax/cells/identity.py'
# Folders of files that are chosen by name, and what is used unless named.
CHOSEN = {
  'schemes': {'single'},
  'balancers': {'equal'},
  'encoders': {'mlp'},
  'data': set(),
}
# Commands that measure gradients.
PROBED = {'experiments/interference.py', 'experiments/claims/interference.py'}
# What shows numbers: all of these folders, and in benchmarks these files.
SHOWS = ('mtl_jax/report', 'experiments')
PAGES = ('page', 'plot', 'markdown', 'figures', 'paper', 'commands')


class Digests(NamedTuple):
  """Digests of the code that a result comes from.

  Attributes:
    numbers: of the files that its numbers come from.
    report: of those that show them.
  """

  numbers: str
  report: str


def digests(result: Result, root: pathlib.Path = ROOT) -> Digests:
  """Digests of the code of a result, without comments and docstrings.

  Args:
    result: its commands are read.
    root: of the repository.
  """
  numbers, report = files(result, root)
  return Digests(*(_digest(paths, root) for paths in (numbers, report)))


def files(
  result: Result, root: pathlib.Path = ROOT
) -> tuple[set[str], set[str]]:
  """Returns the paths of what numbers come from, and of what shows them."""
  begin, named = _begin(result, root)
  reached = _reached(begin | named, root)
  report = {path for path in reached if _shows(path)}
  core = ('benchmarks/', *_core(root, bool(PROBED & reached)))
  measured = {path for path in reached if path.startswith(core)}
  return named | (measured - report), report


def _begin(result: Result, root: pathlib.Path) -> tuple[set[str], set[str]]:
  """The files that the commands run, and those that they choose by name."""
  begin, configs, typed = set(), set(), []
  for words in map(shlex.split, result.commands):
    module = _module(words, root)
    begin |= _files_of(module, root) | _files_of(f'{module}.__main__', root)
    values = [word.rpartition('=')[2] for word in words]
    configs |= {v for v in values if v.endswith('.py') and (root / v).exists()}
    typed += words
  read = begin | configs | _beside(begin, root)
  texts = [' '.join(typed), *(_read(path, root) for path in read)]
  names = set(re.findall(r'\w+', ' '.join(texts)))
  chosen = _chosen(names, ' '.join(typed), root)
  return begin, configs | chosen | _kinds(' '.join(texts), root)


def _beside(begin: set[str], root: pathlib.Path) -> set[str]:
  """The other files of an experiment that is a package: they name schemes."""
  folders = {
    pathlib.PurePath(p).parent for p in begin if p.endswith('_main__.py')
  }
  return {
    path.relative_to(root).as_posix()
    for folder in folders
    if folder.parts[0] == 'experiments'
    for path in (root / folder).glob('*.py')
  }


def _module(words: list[str], root: pathlib.Path) -> str:
  """The module that a command runs; for `make TARGET`, what the target runs."""
  if words[0] == 'make':
    recipe = rf'^{words[1]}:.*\n\t.*-m (\S+)'
    return re.search(recipe, _read('Makefile', root), re.MULTILINE)[1]
  return words[words.index('-m') + 1]


def _chosen(names: set[str], typed: str, root: pathlib.Path) -> set[str]:
  paths = set()
  for folder, default in CHOSEN.items():
    every = f'--{folder}=all' in typed
    paths |= {
      path.relative_to(root).as_posix()
      for path in (root / 'mtl_jax' / folder).glob('*.py')
      if every or path.stem in names | default
      # Other modules beside data sets have names that are common words.
      if folder != 'data' or '\ndef load(' in path.read_text('utf-8')
    }
  return paths


def _kinds(text: str, root: pathlib.Path) -> set[str]:
  """The kinds of task of the data sets of configs, and what all kinds share.

  All kinds where a data set names none: then its columns say them, which are
  known only once it is read.
  """
  named = [
    set(re.findall(r"'(\w+)'", _read(f'mtl_jax/data/{name}.py', root)))
    for name in re.findall(r"\.dataset = '(\w+)'", text)
  ]
  files = (root / 'mtl_jax' / 'tasks').glob('*.py')
  found = {path.relative_to(root).as_posix(): path.stem for path in files}
  kinds = {stem for path, stem in found.items() if _is_kind(path, root)}
  known = named and all(names & kinds for names in named)
  used = set().union(*named) if known else kinds
  return {path for path, s in found.items() if s not in kinds or s in used}


def _is_kind(path: str, root: pathlib.Path) -> bool:
  return '\ndef make(' in _read(path, root)


def _reached(begin: Iterable[str], root: pathlib.Path) -> set[str]:
  """The files that some files import, themselves or through others."""
  found, left = set(), [*begin]
  while left:
    path = left.pop()
    if path not in found:
      found.add(path)
      left += _imports(path, root)
  return found


def _imports(path: str, root: pathlib.Path) -> set[str]:
  found: set[str] = set()
  for node in ast.walk(ast.parse(_read(path, root))):
    if isinstance(node, ast.Import):
      names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
      inner = [f'{node.module}.{alias.name}' for alias in node.names]
      names = [node.module, *inner]
    else:
      continue
    for name in names:
      found |= _files_of(name, root)
  return found


def _files_of(module: str, root: pathlib.Path) -> set[str]:
  """The file of a module of this repository, or none."""
  path = module.replace('.', '/')
  both = (f'{path}.py', f'{path}/__init__.py')
  return {name for name in both if (root / name).is_file()}


def _shows(path: str) -> bool:
  if path.startswith('benchmarks/'):
    return pathlib.PurePath(path).stem.endswith(PAGES)
  return path.startswith(SHOWS)


def _core(root: pathlib.Path, probed: bool) -> tuple[str, ...]:
  """The paths that `identity` names: importing it would import JAX."""
  named: dict[str, tuple] = {}
  for node in ast.parse(_read(IDENTITY, root)).body:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
      value = compile(ast.Expression(node.value), IDENTITY, 'eval')
      named[node.targets[0].id] = eval(value, {'__builtins__': {}}, named)
  names = ('CORE', 'LINEAR', 'TREES', *(['PROBES'] if probed else []))
  return tuple(f'mtl_jax/{path}' for name in names for path in named[name])


def _digest(paths: Iterable[str], root: pathlib.Path) -> str:
  return records.digest(
    [[path, code(_read(path, root))] for path in sorted(paths)]
  )


@functools.cache
def _read(path: str, root: pathlib.Path) -> str:
  return (root / path).read_text('utf-8')
