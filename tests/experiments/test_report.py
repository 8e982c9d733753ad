"""The command that joins workdirs, as it is typed."""

import pytest

from tests.experiments import test_compare, test_start
from tests.report.joined.test_joined import workdir

SCRIPT = 'experiments.report'


@pytest.fixture(scope='module')
def two(tmp_path_factory):
  folder = tmp_path_factory.mktemp('out')
  return [str(workdir(folder / name)) for name in ('patients', 'texts')]


def test_the_report_stands_beside_the_workdirs(two):
  done = test_compare.run(*two, script=SCRIPT)
  assert (done.returncode, done.stderr) == (0, '')
  folder = two[0].replace('patients', 'joined')
  assert f'written: {folder}/joined.md .csv' in done.stdout
  assert '2 data sets are too few for any verdict' in done.stdout


def test_it_needs_no_jax(two, tmp_path):
  _, modules = test_start.begun(SCRIPT, *two, f'--out={tmp_path}/w')
  assert (tmp_path / 'w' / 'report.html').is_file()
  assert not modules & {'jax', 'flax', 'optax'}


@pytest.mark.parametrize(
  ('flags', 'word'),
  [
    (['none'], 'none: no such folder'),
    (['--margin=-1'], '--margin=-1.0 is not a number from 0'),
    (['--margin=few'], 'could not convert'),
    (['--uot=x'], "Unknown command line flag 'uot'"),
    (['--out={}'], 'is a workdir'),
    (['--out={}/config.py/x'], 'is a file'),
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
