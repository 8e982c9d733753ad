"""Imports point down."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
# From the ground up; a file imports from what stands before its own room, or
# from its own room.
ROOMS = [
  'errors',
  'plugins',
  'processes',
  'records',
  'tasks',
  'layers',
  'linalg',
  'encoders',
  'balancers',
  'data',
  'schemes',
  'devices',
  'train',
  'interference',
  'resources',
  'cells',
  'programs',
  'run',
  'models',
  'launchers',
  'api',
]
REPORT = {'records', 'errors', 'report'}
# These hold one file for each thing that can be chosen.
CHOSEN = {'schemes', 'balancers'}
# The same page of several experiments has the same name in each.
PAGES = {'figures', 'findings', 'heatmap', 'page', 'sentences', 'tables'}


def files():
  return sorted((ROOT / 'mtl_jax').rglob('*.py'))


def layer(parts):
  return parts[1] if len(parts) > 1 else '__init__'


def imported(path):
  """Names under mtl_jax that a file imports: `mtl_jax.tasks` -> `tasks`."""
  found = set()
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.ImportFrom) and node.module == 'mtl_jax':
      found |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.module:
      parts = node.module.split('.')
      found |= {parts[1]} if parts[0] == 'mtl_jax' else set()
      found |= {parts[0]} if parts[0] in ('experiments', 'configs') else set()
    elif isinstance(node, ast.Import):
      names = [alias.name.split('.') for alias in node.names]
      found |= {n[1] for n in names if n[0] == 'mtl_jax' and len(n) > 1}
  return found


@pytest.mark.parametrize('path', files(), ids=lambda p: p.stem)
def test_a_file_imports_only_what_lies_below_it(path):
  parts = path.relative_to(ROOT).with_suffix('').parts
  own = layer(parts)
  if own == '__init__':
    assert imported(path) == set()
  elif own == 'report':
    assert imported(path) <= REPORT
  elif own == 'api':
    assert imported(path) <= {*ROOMS, 'report', 'configs'}
  else:
    below = set(ROOMS[: ROOMS.index(own)]) | {own}
    assert imported(path) <= below


def test_no_room_is_crowded():
  folders = {path.parent for path in files()}
  assert len([*(ROOT / 'mtl_jax').glob('[!_]*')]) <= 22
  for folder in folders - {ROOT / 'mtl_jax' / name for name in CHOSEN}:
    assert len([*folder.glob('*.py')]) <= 25


def test_no_two_files_share_a_name():
  """But for what stands in every package, and the pages of experiments."""
  names = [path.stem for path in files()]
  twice = {name for name in names if names.count(name) > 1}
  in_packages = {'__init__', 'base'}
  # A config says `table`, and `frames.reading` is what reads one.
  assert twice - in_packages - {'table', 'reading'} <= PAGES


def test_no_drawer_for_odds_and_ends():
  odd = {'utils', 'util', 'common', 'helpers', 'misc'}
  assert not odd & {path.stem for path in files()}


def test_nothing_imports_tensorflow():
  for path in [*files(), *(ROOT / 'experiments').glob('*.py')]:
    tree = ast.parse(path.read_text())
    names = {
      alias.name.split('.')[0]
      for node in ast.walk(tree)
      if isinstance(node, ast.Import)
      for alias in node.names
    }
    assert 'tensorflow' not in names, path
