"""Ablations: their variants are configurations, their table has a row each."""

import importlib

import pandas as pd
import pytest

from configs import actg175
from experiments import search
from mtl_jax.cells import build
from mtl_jax.tasks import Task
from tests.experiments import test_compare

toy = test_compare.toy
NAMES = ('branching', 'capacity', 'expert_count', 'soft_penalty', 'stitches')


@pytest.mark.parametrize('name', NAMES)
def test_every_variant_can_be_built_and_differs(name):
  config = actg175.get_config()
  module = importlib.import_module(f'experiments.{name}')
  rows = module.variants(config)
  made = [search.with_changes(config, changes) for changes in rows.values()]
  for one in made:
    build.check(one)
    build.system(one, (Task('a', 'binary'), Task('b', 'regression')))
  assert len({one.to_json_best_effort() for one in made}) == len(rows) > 1
  assert 'docs/results' in module.__doc__


def test_its_table_and_page_are_its_own(toy, tmp_path):
  flags = [
    toy, f'--workdir={tmp_path}', '--config.steps=4', '--config.evals=1',
  ]  # fmt: skip
  done = test_compare.run(*flags, script='experiments.branching')
  assert done.returncode == 0, done.stderr
  rows = pd.read_csv(tmp_path / 'table.csv').scheme.unique()
  assert list(rows) == ['single', 'hard 1 of 1 stages shared']
  page = (tmp_path / 'report.html').read_text()
  assert 'python -m experiments.branching' in page
