"""Ray: invalid flags are refused; a killed worker changes no result."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pandas as pd
import pytest

from mtl_jax import plugins
from mtl_jax.errors import InputError
from mtl_jax.launchers import base, local
from mtl_jax.launchers.ray import address as ray_address
from mtl_jax.launchers.ray import share as ray_share
from mtl_jax.launchers.ray import worker
from tests import children
from tests.run import test_table

pytest.importorskip('ray')

ROOT = pathlib.Path(__file__).parents[2]
CONFIG = children.toy_config(steps=8000, evals=200)
TIMED = ['steps_per_second', 'seconds', 'seconds_to_single']


def command(folder, *flags):
  (folder / 'toy.py').write_text(CONFIG)
  return [
    sys.executable, '-m', 'experiments.compare', f'--config={folder}/toy.py',
    '--schemes=single', '--reference=false', *flags,
  ]  # fmt: skip


def table(folder):
  return pd.read_csv(folder / 'table.csv').drop(columns=TIMED)


def trained_by(folder):
  """Returns the id of the first process that writes an evaluation."""
  for _ in range(3000):
    time.sleep(0.1)
    for path in folder.glob('cells/*/records.jsonl'):
      if '"eval"' in path.read_text():
        return int((path.parent / 'lock').read_text().split()[1])
  raise AssertionError('nothing was trained')


def test_a_killed_worker_is_retried_and_the_table_is_the_local_one(tmp_path):
  for name, flags in (('local', []), ('ray', ['--launcher=ray'])):
    job = subprocess.Popen(
      command(tmp_path, f'--workdir={tmp_path}/{name}', *flags),
      cwd=ROOT, env=children.environment(), stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if name == 'ray':
      os.kill(trained_by(tmp_path / name), signal.SIGKILL)
    _, errors = job.communicate(timeout=120)
    assert job.returncode == 0, errors
  assert '1 of 1 cells' in errors
  pd.testing.assert_frame_equal(
    table(tmp_path / 'local'), table(tmp_path / 'ray'), rtol=1e-3
  )
  assert not list((tmp_path / 'ray').glob('.ray-*'))


def test_an_unknown_launcher_names_the_nearest():
  with pytest.raises(InputError, match="did you mean 'ray'"):
    plugins.find('mtl_jax.launchers', 'rya', 'make')


@pytest.mark.parametrize(
  ('address', 'part'),
  [
    ('nonsense', 'write host:port'),
    ('ray://127.0.0.1', 'write host:port'),
    ('127.0.0.1:1', 'does not answer'),
    ('127.0.0.1:99999', 'does not answer'),
  ],
)
def test_an_address_without_a_server_is_refused(address, part):
  with pytest.raises(InputError, match=part):
    ray_address.check(address)


def test_a_server_that_is_not_ray_is_refused(monkeypatch):
  monkeypatch.setattr(ray_address, 'SECONDS', (1.0, 2.0))
  with socket.create_server(('127.0.0.1', 0)) as server:
    port = server.getsockname()[1]
    with pytest.raises(InputError, match='is not Ray'):
      ray_address.check(f'127.0.0.1:{port}')


def test_flags_of_ray_without_ray_are_refused():
  with pytest.raises(InputError, match='--launcher=ray'):
    local.make(base.Resources(cpus=2))


class Cluster:
  """Replaces Ray: nodes with given numbers of cores and GPUs."""

  def __init__(self, *nodes):
    self._nodes = [{'CPU': cpus, 'GPU': gpus} for cpus, gpus in nodes]

  def nodes(self):
    return [{'Alive': True, 'Resources': node} for node in self._nodes]


@pytest.mark.parametrize(
  ('nodes', 'asked', 'given'),
  [
    ([(8, 0), (4, 0)], {}, (4, 0)),
    ([(8, 0), (0, 0)], {}, (8, 0)),
    ([(16, 4), (64, 0)], {}, (4, 1)),
    ([(16, 4)], {'gpus': 2}, (8, 2)),
    ([(16, 4)], {'gpus': 0}, (16, 0)),
    ([(8, 0)], {'cpus': 3}, (3, 0)),
  ],
)
def test_a_cell_is_given_what_some_node_has(nodes, asked, given):
  found = ray_share.of_cluster(Cluster(*nodes), base.Resources(**asked))
  assert found == given


@pytest.mark.parametrize('asked', [{'cpus': 9}, {'gpus': 1}])
def test_more_than_any_node_has_is_refused(asked):
  with pytest.raises(InputError, match='largest has 8 cores and 0 GPUs'):
    ray_share.of_cluster(Cluster((8, 0)), base.Resources(**asked))


def test_no_more_cores_than_runs():
  share = ray_share.Share(8, 0)
  assert ray_share.one_core_per_run(share, [test_table.make(seeds=3)]).cpus == 3


def order(cell, workdir, **changes):
  parts = (cell.config.to_dict(), cell.identity, str(workdir))
  whole = worker.Order(*parts, str(workdir / 'token'), 0)
  return whole._replace(**changes)


def test_a_worker_with_another_folder_or_other_data_is_an_error(tmp_path):
  cell = test_table.make()
  with pytest.raises(InputError, match='file system that all machines share'):
    worker.work(order(cell, tmp_path))
  (tmp_path / 'config.json').touch()
  assert worker.work(order(cell, tmp_path)).stopped  # There is no token.
  (tmp_path / 'token').touch()
  other = {**cell.identity, 'fingerprint': 'abc'}
  with pytest.raises(InputError, match='fingerprint is .* here and abc where'):
    worker.work(order(cell, tmp_path, identity=other))
