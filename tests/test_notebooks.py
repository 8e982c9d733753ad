"""The notebooks run, and show what a run of them showed."""

import importlib.util
import pathlib

import pytest

from tests import children

FILE = pathlib.Path(__file__).parents[1] / 'docs/notebooks/run.py'
NAMES = sorted(path.stem for path in FILE.parent.glob('*.ipynb'))
PARAMETERS = """
schemes = ['hard']
budget = {'seeds': 3, 'steps': 4, 'evals': 1, 'probe.rows': 50}
"""


@pytest.mark.parametrize('name', NAMES)
def test_a_notebook_runs_and_holds_what_it_shows(name, raw, tmp_path):
  pytest.importorskip('nbclient')
  spec = importlib.util.spec_from_file_location('notebooks', FILE)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  environment = children.environment(
    MTL_JAX_FILES=raw('actg175'), PYTHONPATH=str(FILE.parents[2])
  )
  made = module.execute(name, tmp_path, PARAMETERS, env=environment)
  stored = module.read(name)
  for new, old in zip(made.cells, stored.cells, strict=True):
    assert kinds(new) <= kinds(old), old.source


def kinds(cell):
  """The kinds of what a cell shows: tables, pictures."""
  made = [set(out.get('data', ())) for out in cell.get('outputs', ())]
  return set().union(*made) & {'text/html', 'image/png'}
