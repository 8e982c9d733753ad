"""The code that a campaign consists of, found from its imports."""

import ast
import pathlib

from mtl_jax import records
from mtl_jax.plugins.source_code import code

ROOT = pathlib.Path(__file__).parents[2]
FOLDER = ROOT / 'tests' / 'faults'


def digest(campaign: str) -> str:
  """Digest of the files of a campaign, without comments and docstrings."""
  texts = {
    str(path.relative_to(ROOT)): code(path.read_text('utf-8'))
    for path in files(campaign)
  }
  return records.digest(sorted(texts.items()))


def files(campaign: str) -> set[pathlib.Path]:
  """A campaign's file, and those of tests/faults that it imports.

  What it tests is none of them.
  """
  found: set[pathlib.Path] = set()
  left = [FOLDER / 'campaigns' / f'{campaign}.py']
  while left:
    path = left.pop()
    if path not in found:
      found.add(path)
      left += _imports(path)
  return found


def _imports(path: pathlib.Path) -> list[pathlib.Path]:
  found = []
  for node in ast.walk(ast.parse(path.read_text('utf-8'))):
    if isinstance(node, ast.ImportFrom) and node.module:
      inner = [f'{node.module}.{alias.name}' for alias in node.names]
      names = [node.module, *inner]
      files = [ROOT / f'{name.replace(".", "/")}.py' for name in names]
      found += [f for f in files if f.is_relative_to(FOLDER) and f.is_file()]
  return found
