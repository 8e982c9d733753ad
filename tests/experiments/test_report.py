"""The command that joins workdirs, as it is typed."""

import pathlib

import pytest

from tests.experiments import test_start
from tests.report.joined.test_joined import workdir

SCRIPT = 'experiments.report'


@pytest.fixture(scope='module')
def two(tmp_path_factory):
  folder = tmp_path_factory.mktemp('out')
  return [str(workdir(folder / name)) for name in ('patients', 'texts')]


def test_the_report_stands_beside_the_workdirs_and_needs_no_jax(two):
  (code,), modules = test_start.begun(SCRIPT, *two)
  assert code == 'code 0'
  folder = pathlib.Path(two[0]).with_name('joined')
  assert '2 data sets are too few' in (folder / 'joined.md').read_text()
  assert '-m experiments.report /' in (folder / 'report.html').read_text()
  assert not modules & {'jax', 'flax', 'optax'}


def test_a_terminal_without_greek_letters_reads_it_in_ascii(two, monkeypatch):
  monkeypatch.setenv('PYTHONIOENCODING', 'ascii')
  (code,), _ = test_start.begun(SCRIPT, *two)
  assert code == 'code 0'


@pytest.mark.parametrize(
  ('flags', 'word'),
  [
    (['none'], 'none: no such folder'),
    (['--margin=-1'], '--margin=-1.0 is not a number above 0'),
    (['--margin=few'], 'could not convert'),
    (['--uot=x'], "Unknown command line flag 'uot'"),
    (['--into={}'], 'is a workdir'),
    (['--into={}/config.py/x'], 'is a file'),
  ],
)
def test_a_mistake_is_one_line_and_needs_nothing_heavy(two, flags, word):
  with open(f'{two[0]}/config.py', 'w'):
    pass
  flags = [flag.format(two[0]) for flag in flags]
  (line, code), modules = test_start.begun(SCRIPT, *two, *flags)
  assert line.startswith('error: ')
  assert word in line
  assert code == 'code 2'
  assert not modules & {*test_start.HEAVY, 'jax', 'flax', 'optax'}
