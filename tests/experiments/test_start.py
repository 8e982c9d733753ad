"""What a command imports before it has anything to do."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BEGIN = ('s.run(main', 'cli.run(main', 'ablation.run(', 'typed.run(main')
WRITER = "commands.parser('"  # of a page; see benchmarks/commands.py


def scripts(*calls):
  """Modules under experiments/ and benchmarks/ that make one of the calls."""
  return sorted(
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for folder in ('experiments', 'benchmarks')
    for path in (ROOT / folder).rglob('*.py')
    if '__main__' in (text := path.read_text())
    and any(call in text for call in calls)
  )


SCRIPTS = scripts(*BEGIN, WRITER)
HEAVY = {
  *('sklearn', 'pandas', 'matplotlib', 'tensorflow_datasets', 'orbax', 'ray'),
  'scipy.stats',
}
START = """
import runpy, sys
sys.argv = [{script!r}, *{flags!r}]
try:
  runpy.run_module({script!r}, run_name='__main__', alter_sys=True)
except SystemExit as end:
  print('code', end.code, file=sys.stderr)
print(*sys.modules, file=sys.stderr)
"""


def start(code):
  return subprocess.run(
    [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True,
    timeout=300, check=True,
  ).stderr.splitlines()  # fmt: skip


def begun(script, *flags):
  """What a command said, and the modules that it imported."""
  *said, modules = start(START.format(script=script, flags=flags))
  return said, set(modules.split())


@pytest.mark.parametrize('script', SCRIPTS)
def test_help_needs_nothing_heavy(script):
  _, modules = begun(script, '--help')
  assert not modules & {*HEAVY, 'jax', 'flax', 'optax'}


def test_all_kinds_of_scripts_are_covered():
  assert {
    'experiments.compare',
    'experiments.report',
    'benchmarks.growth.__main__',
    'benchmarks.growth.page',
    'benchmarks.schemes.__main__',
    'benchmarks.speed.plot',
  } <= set(SCRIPTS)


@pytest.mark.parametrize('script', scripts(WRITER))
def test_an_unknown_flag_writes_no_page(script):
  before = states()
  (line, code), modules = begun(script, '--foldr=docs')
  assert line == 'error: unrecognized arguments: --foldr=docs; see --help'
  assert code == 'code 2'
  assert not modules & {*HEAVY, 'jax', 'flax', 'optax'}
  assert states() == before


def states():
  """When each file of docs/ was last written."""
  files = (path for path in (ROOT / 'docs').rglob('*') if path.is_file())
  return {path: path.stat().st_mtime_ns for path in files}


@pytest.mark.parametrize(
  'script', [s for s in scripts(*BEGIN[1:3]) if not s.endswith('.compare')]
)
def test_draws_are_refused_where_they_have_no_effect(script):
  flags = '--config=configs/actg175.py', '--workdir=/nowhere', '--tune=3'
  (line, code), _ = begun(script, *flags)
  assert line.startswith('error: ')
  assert 'experiments.compare' in line or "flag 'tune'" in line
  assert code == 'code 2'


def test_nor_does_training_need_what_reads_and_shows():
  (modules,) = start(
    'import sys, mtl_jax.train; print(*sys.modules, file=sys.stderr)'
  )
  assert not set(modules.split()) & HEAVY


def test_training_needs_no_file_locks():
  *_, modules = start(
    'import sys; sys.modules["fcntl"] = None\n'
    'import mtl_jax.train, mtl_jax.records.locks\n'
    'print(*sys.modules, file=sys.stderr)'
  )
  assert 'mtl_jax.train' in modules.split()


def test_modules_that_are_put_off_are_the_modules():
  start(
    'from experiments import lazy\n'
    'with lazy.imports():\n'
    '  from mtl_jax import records\n'
    'import sys\n'
    'assert sys.modules["mtl_jax.records"] is records\n'
    'from mtl_jax.records import digest\n'
    'assert records.digest is digest\n'
  )
