"""The code that a campaign consists of, found from its imports."""

import ast
import pathlib
import re

from mtl_jax import records
from mtl_jax.plugins.source_code import code

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT / 'tests' / 'faults'
# A line of `code` that imports files whose own code is in the digest.
IMPORT = re.compile(r'\d+ fromtests\.faults')
MODULE = re.compile(r'\btests\.faults(?=\.)(\.\w+)*\.')


def digest(campaign: str) -> str:
  """Digest of the code of a campaign, without comments and docstrings.

  Where its files lie is no part of it, so that they may be moved.
  """
  return records.digest(sorted(_code(path) for path in files(campaign)))


def files(campaign: str) -> set[pathlib.Path]:
  """A campaign's file, and those of tests/faults that it uses.

  These are imported, run as modules, or files in C that are named. What it
  tests is none of them.
  """
  found: set[pathlib.Path] = set()
  left = [FOLDER / 'campaigns' / f'{campaign}.py']
  while left:
    path = left.pop()
    if path not in found:
      found.add(path)
      left += _used(path) if path.suffix == '.py' else []
  return found


def _code(path: pathlib.Path) -> str:
  text = path.read_text('utf-8')
  if path.suffix != '.py':
    return text
  lines = code(text).splitlines()
  return '\n'.join(MODULE.sub('', x) for x in lines if not IMPORT.match(x))


def _used(path: pathlib.Path) -> list[pathlib.Path]:
  names, found = [], []
  for node in ast.walk(ast.parse(path.read_text('utf-8'))):
    if isinstance(node, ast.ImportFrom) and node.module:
      inner = [f'{node.module}.{alias.name}' for alias in node.names]
      names += [node.module, *inner]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
      if node.value.startswith('tests.faults.'):
        names.append(node.value)
      elif node.value.endswith('.c'):
        found.append(path.with_name(node.value))
  found += [ROOT / f'{name.replace(".", "/")}.py' for name in names]
  return [f for f in found if f.is_relative_to(FOLDER) and f.is_file()]
