"""Imports point down."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
# From the ground up; a file imports from what stands before its own layer, or
# from its own package.
LAYERS = [
  'errors',
  'containers',
  'modules',
  'plans',
  'sections',
  'early',
  'compilation',
  'records',
  'kept',
  'grouping',
  'interrupt',
  'supervisor',
  'jobs',
  'hosts',
  'claims',
  'tasks',
  'sequence',
  'recurrence',
  'gated',
  'dropout',
  'attention',
  'contractions',
  'columns',
  'dense',
  'pixels',
  'blocks',
  'rows',
  'products',
  'convolution',
  'planes',
  'layers',
  'encoders',
  'schemes',
  'balancers',
  'data',
  'subsets',
  'batches',
  'sources',
  'recorded',
  'noise',
  'parameters',
  'optimizers',
  'costs',
  'meshes',
  'devices',
  'placing',
  'losses',
  'jacobians',
  'gradients',
  'state',
  'precision',
  'forward',
  'interference',
  'likeness',
  'scores',
  'evaluation',
  'train',
  'probes',
  'periods',
  'stacks',
  'reading',
  'memory',
  'machine',
  'choices',
  'build',
  'cells',
  'fits',
  'exports',
  'measuring',
  'programs',
  'traces',
  'profiling',
  'checkpoints',
  'progress',
  'reference',
  'results',
  'linear_cell',
  'probing',
  'ahead',
  'training',
  'workdir',
  'run',
  'launchers',
]
READING = {'records', 'errors', 'grouping', 'report'}


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
    assert imported(path) <= READING
  else:
    below = set(LAYERS[: LAYERS.index(own)]) | {own}
    assert imported(path) <= below


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
