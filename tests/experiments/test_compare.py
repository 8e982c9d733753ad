"""The command, as it is typed: what it prints, writes, refuses, resumes."""

import pathlib
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from tests import children

ROOT = pathlib.Path(__file__).parents[2]
CONFIG = children.toy_config(steps=1200, evals=60)
TIMED = ['steps_per_second', 'seconds', 'seconds_to_single']


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
  path = tmp_path_factory.mktemp('configs') / 'toy.py'
  path.write_text(CONFIG)
  return f'--config={path}'


def command(*flags, script='experiments.compare'):
  return [sys.executable, '-m', script, *flags]


def run(*flags, **script):
  return subprocess.run(
    command(*flags, **script), cwd=ROOT, capture_output=True, text=True,
    env=children.environment(), timeout=300, check=False,
  )  # fmt: skip


@pytest.mark.parametrize(
  ('flags', 'parts'),
  [
    (['--config.sedes=3'], ["unknown key 'sedes'", "did you mean 'seeds'"]),
    (['--config=configs/nope.py'], ['no file', 'nope.py']),
    (['--schemes=hrad'], ["did you mean 'hard'"]),
    (['--tune=0'], ['--tune=0', 'give 2 to 1000 draws']),
    (['--tune=8'], ['config.seeds=2', '--config.seeds=3']),
  ],
)
def test_a_mistake_is_one_line_and_exit_code_2(toy, tmp_path, flags, parts):
  done = run(toy, f'--workdir={tmp_path}/w', *flags)
  assert done.returncode == 2
  assert done.stdout == ''
  (line,) = done.stderr.splitlines()
  for part in parts:
    assert part in line
  assert not (tmp_path / 'w').exists()


def test_debug_shows_where_it_went_wrong(toy, tmp_path):
  done = run(toy, f'--workdir={tmp_path}/w', '--schemes=hrad', '--debug')
  assert done.returncode != 0
  assert 'Traceback' in done.stderr


def test_sigterm_saves_and_the_same_command_goes_on(toy, tmp_path):
  whole, cut = (
    [toy, '--schemes=hard', f'--workdir={tmp_path}/{name}']
    for name in ('whole', 'cut')
  )
  assert run(*whole).returncode == 0
  job = subprocess.Popen(
    command(*cut),
    cwd=ROOT,
    env=children.environment(),
    stderr=subprocess.PIPE,
    text=True,
  )
  while not list((tmp_path / 'cut').rglob('records.jsonl')):
    time.sleep(0.1)
  # The header is written first; let it train into the first cell.
  (records,) = (tmp_path / 'cut').rglob('records.jsonl')
  while '"eval"' not in records.read_text() and job.poll() is None:
    time.sleep(0.01)
  job.send_signal(signal.SIGTERM)
  _, errors = job.communicate(timeout=120)
  assert job.returncode == 128 + signal.SIGTERM, errors
  assert 'run the same command to continue' in errors
  done = run(*cut)
  assert done.returncode == 0, done.stderr
  assert 'resuming from its checkpoint' in done.stderr
  tables = [pd.read_csv(tmp_path / n / 'table.csv') for n in ('whole', 'cut')]
  pd.testing.assert_frame_equal(*(t.drop(columns=TIMED) for t in tables))
