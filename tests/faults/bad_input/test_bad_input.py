"""Bad input gets one line, exit code 2, and leaves nothing half-written."""

import ast
import contextlib
import pathlib

import pytest

from experiments import main
from tests.faults.bad_input import (
  config_values,
  files,
  flags,
  hostile,
  own_code,
  python,
  running,
  tables,
)

CASES = flags.cases() | config_values.cases() | files.cases()
CASES |= tables.cases()
OWN_CODE = own_code.cases()
CALLS = python.calls()
# Workers that other benchmarks start; their arguments are never typed.
INNER = ('speed.compiling', 'speed.ours', 'speed.towers', 'speed.peers')


@pytest.fixture(scope='module')
def light():
  server = running.Server(running.LIGHT)
  assert 'jax' not in server.modules
  with contextlib.closing(server):
    yield server


@pytest.fixture(scope='module')
def heavy():
  with contextlib.closing(running.Server(running.HEAVY)) as server:
    yield server


def commands():
  """Modules that `python -m` runs."""
  paths = [
    path
    for folder in ('experiments', 'benchmarks', 'mtl_jax')
    for path in (running.ROOT / folder).rglob('*.py')
    if "__name__ == '__main__'" in path.read_text()
  ]
  names = {
    '.'.join(path.relative_to(running.ROOT).with_suffix('').parts)
    for path in paths
  }
  inner = tuple(f'benchmarks.{name}' for name in INNER)
  return {
    name.removesuffix('.__main__')
    for name in names
    if not name.startswith(inner)
  }


@pytest.mark.parametrize('name', CASES)
def test_bad_input_is_answered_in_one_line_without_jax(light, tmp_path, name):
  assert running.trial(light, CASES[name], tmp_path) == []


@pytest.mark.parametrize('name', OWN_CODE)
def test_so_are_the_users_files_and_what_only_data_tell(heavy, tmp_path, name):
  assert running.trial(heavy, OWN_CODE[name], tmp_path) == []


@pytest.mark.parametrize('name', CALLS)
def test_so_is_a_call_of_python(tmp_path, monkeypatch, name):
  monkeypatch.chdir(tmp_path)
  assert python.trial(CALLS[name], tmp_path) == []


def test_there_are_at_least_200_cases_and_one_of_each_command():
  assert len(CASES) + len(OWN_CODE) + len(CALLS) >= 200
  cases = [*CASES.values(), *OWN_CODE.values()]
  tried = {case.module.removesuffix('.__main__') for case in cases}
  # Makers of miniature files are the data sets themselves, which import JAX.
  makers = {n for n in commands() if n.startswith('mtl_jax.data.standard.')}
  assert commands() - tried == makers
  assert {f'experiments.{name}' for name in main.commands()} - tried == set()


def test_there_is_a_case_of_each_public_function():
  tree = ast.parse((running.ROOT / 'mtl_jax' / '__init__.py').read_text())
  (public,) = (
    ast.literal_eval(node.value)
    for node in tree.body
    if isinstance(node, ast.Assign) and node.targets[0].id == '_PUBLIC'
  )
  tried = {name.partition(':')[0] for name in CALLS}
  assert public.keys() - {'InputError'} - tried == set()


def test_what_was_unpickled_would_have_run(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  import pickle

  pickle.loads(hostile.PICKLE)
  assert pathlib.Path('ran').exists()
