"""Two processes of one job write one set of records and lose no work."""

import pathlib
import signal
import socket
import subprocess
import sys
import time
import types

import pytest

from experiments import cli
from mtl_jax import models
from mtl_jax.errors import InputError
from mtl_jax.processes import jobs, supervisor
from tests import children, small
from tests.run import test_table

quick = small.quick
ROOT = pathlib.Path(__file__).parents[2]
LONG = {'steps': 120, 'evals': 20, 'scheme': 'single', 'seeds': 2}
ENVIRONMENT = {
  'JAX_PLATFORMS': 'cpu',
  'JAX_NUM_CPU_DEVICES': '1',
  'PYTHONPATH': str(ROOT),
}
CONFIG = f"""
from tests.run import test_table

def get_config():
  return test_table.config(**{LONG!r})
"""


class Job:
  """Two processes of one command; only the first is given the workdir."""

  def __init__(self, folder, *options):
    with socket.socket() as free:
      free.bind(('127.0.0.1', 0))
      port = free.getsockname()[1]
    self.folder = folder
    (folder / 'config.py').write_text(CONFIG)
    self.processes = [
      subprocess.Popen(
        [
          *(sys.executable, '-m', 'experiments.compare', '--noreference'),
          f'--config={folder}/config.py',
          f'--workdir={folder}/{"out" if number == 0 else "other"}',
          f'--coordinator=127.0.0.1:{port}',
          *('--processes=2', f'--process={number}', '--config.mesh=(1, 2)'),
          *options,
        ],
        cwd=ROOT,
        env=children.environment(**ENVIRONMENT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
      )
      for number in (0, 1)
    ]

  def end(self, signum=None):
    """Exit codes, output and errors of both; may signal the second."""
    if signum:
      self.processes[1].send_signal(signum)
    printed = [process.communicate(timeout=120) for process in self.processes]
    return [p.returncode for p in self.processes], *zip(*printed, strict=True)

  def saved(self):
    """The numbers of periods after which a state was saved."""
    found = self.folder.glob('out/cells/*/checkpoints/*_runs/[0-9]*')
    return {int(path.name) for path in found if path.name.isdecimal()}

  def until_saved(self, *before):
    while not self.saved() - set(before):
      assert self.processes[0].poll() is None, self.end()
      time.sleep(0.05)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """The same cell, trained in one process without interruption."""
  folder = tmp_path_factory.mktemp('whole')
  test_table.train(test_table.make(**LONG), folder)
  return test_table.numbers(folder)


def cell_of(folder):
  (config,) = (folder / 'out').glob('cells/*/config.json')
  return config.parent


def test_two_processes_train_one_batch_and_write_once(whole, tmp_path):
  codes, outputs, errors = Job(tmp_path).end()
  assert codes == [0, 0], errors
  found = test_table.numbers(cell_of(tmp_path), rel=1e-3)
  assert found == pytest.approx(whole, rel=1e-3)
  assert 'single' in outputs[0]
  assert 'Gloo' not in outputs[0]
  assert outputs[1] == ''
  assert not (tmp_path / 'other').exists()
  assert models.load(cell_of(tmp_path)).seeds == (0, 1)


def test_one_process_continues_what_two_saved(whole, tmp_path):
  """Both stop when one is signalled; both continue; one dies; one finishes."""
  job = Job(tmp_path, '--config.checkpoint_seconds=0')
  job.until_saved()
  codes, _, errors = job.end(signal.SIGTERM)
  assert codes == [128 + signal.SIGTERM] * 2, errors
  assert all('the state is saved' in text for text in errors)

  before = job.saved()
  job = Job(tmp_path, '--config.checkpoint_seconds=0')
  job.until_saved(*before)
  codes, _, errors = job.end(signal.SIGKILL)
  assert codes == [supervisor.DIED, -signal.SIGKILL], errors
  assert 'from the last checkpoint' in errors[0].splitlines()[-1]

  assert max(job.saved()) > max(before)
  test_table.train(test_table.make(**LONG), cell_of(tmp_path))
  found = test_table.numbers(cell_of(tmp_path), rel=1e-3)
  assert found == pytest.approx(whole, rel=1e-3)


@pytest.mark.parametrize(
  ('job', 'words'),
  [
    (jobs.Job('here', 2, 0), '--coordinator=here: write HOST:PORT'),
    (jobs.Job('here:1234'), '--coordinator needs --processes'),
    (jobs.Job('here:1234', 2, 2), '--process=2: .* from 0 to 1'),
  ],
)
def test_an_invalid_job_is_refused(job, words):
  with pytest.raises(InputError, match=words):
    jobs.check(job)


def test_processes_without_a_coordinator_are_refused(monkeypatch):
  given = {'COORDINATOR': '', 'PROCESSES': 2, 'PROCESS': None}
  for flag, value in given.items():
    monkeypatch.setattr(cli, flag, types.SimpleNamespace(value=value))
  with pytest.raises(InputError, match='require --coordinator'):
    cli._job()
