"""The main job reaches no other machine, and writes where it was told to."""

import socket

import numpy as np
import pytest

from tests import offline
from tests.faults.trust import reach


@pytest.fixture(scope='module')
def ran(tmp_path_factory, raw):
  """A folder in which a table was made, and a model of it has predicted."""
  folder = tmp_path_factory.mktemp('job')
  raw('actg175')
  np.save(folder / 'rows.npy', np.zeros((5, 19), np.float32))
  workdir = f'--workdir={folder}/job'
  done = reach.run(folder, '-m', 'experiments.compare', *reach.FLAGS, workdir)
  assert done.code == 0, done.said
  out = f'--out={folder}/job/predictions.csv'
  given = workdir, '--scheme=hard', f'{folder}/rows.npy', out
  done = reach.run(folder, '-m', 'experiments.predict', *given)
  assert done.code == 0, done.said
  return folder, done


def test_a_job_without_a_network_is_whole(ran):
  folder, _ = ran
  assert (folder / 'job/report.html').exists()
  assert len((folder / 'job/predictions.csv').read_text().splitlines()) == 6


def test_a_job_writes_nowhere_else_and_leaves_nothing(ran):
  folder, done = ran
  assert reach.strays(folder, done) == []


def test_a_stray_write_and_a_connection_would_be_seen(tmp_path):
  code = 'open("stray", "w"); import os; os.mkdir(os.path.expanduser("~/own"))'
  done = reach.run(tmp_path, '-c', code)
  assert done.code == 0, done.said
  wanted = [tmp_path / 'cwd/stray', tmp_path / 'home/own']
  assert {*map(str, wanted)} == {*reach.strays(tmp_path, done)}
  code = 'import socket; socket.create_connection(("192.0.2.1", 80))'
  done = reach.run(tmp_path, '-c', code)
  assert done.code == 1
  assert 'NetworkUsed: socket.getaddrinfo: 192.0.2.1' in done.said


@pytest.mark.parametrize('host', ['192.0.2.1', '2001:db8::1', 'example.org'])
def test_tests_reach_no_other_machine(host):
  with pytest.raises(offline.NetworkUsed, match=f'{host} is another machine'):
    socket.create_connection((host, 80))
  assert [f'socket.getaddrinfo {host}'] == offline.REACHED
  offline.REACHED.clear()


def test_tests_connect_to_no_other_machine():
  with pytest.raises(offline.NetworkUsed), socket.socket() as opened:
    opened.connect(('192.0.2.1', 80))
  offline.REACHED.clear()


def test_tests_reach_this_machine():
  with socket.create_server(('127.0.0.1', 0)) as server:
    socket.create_connection(server.getsockname()).close()
  assert socket.getaddrinfo('localhost', 80)
