"""The notebooks run, and hold what a run of them shows."""

import importlib.util
import pathlib

import pytest

from tests import children

FILE = pathlib.Path(__file__).parents[1] / 'docs/notebooks/run.py'
PARAMETERS = """
schemes = ['hard']
budget = {'seeds': 3, 'steps': 4, 'evals': 1, 'probe.rows': 50}
"""


def check(name, folder, raw):
  """Little is trained, in a kernel of its own."""
  pytest.importorskip('nbclient')
  spec = importlib.util.spec_from_file_location('notebooks', FILE)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  environment = children.environment(
    MTL_JAX_FILES=raw('actg175'), PYTHONPATH=str(FILE.parents[2])
  )
  made = module.execute(name, folder, PARAMETERS, env=environment)
  stored = module.read(name)
  for new, old in zip(made.cells, stored.cells, strict=True):
    assert kinds(new) <= kinds(old), f'{name} is stale at: {old.source}'


def kinds(cell):
  """The kinds of what a cell shows: tables, pictures."""
  made = [set(out.get('data', ())) for out in cell.get('outputs', ())]
  return set().union(*made) & {'text/html', 'image/png'}


def test_the_first_table(raw, tmp_path):
  check('first_table', tmp_path, raw)


def test_a_scheme_of_ones_own(raw, tmp_path):
  check('own_scheme', tmp_path, raw)


def test_interference_of_tasks(raw, tmp_path):
  check('interference', tmp_path, raw)


def test_every_notebook_is_tested():
  here = pathlib.Path(__file__).read_text('utf-8')
  for path in FILE.parent.glob('*.ipynb'):
    assert f"check('{path.stem}'" in here
