"""A command that is killed goes on, and its table is the same to the bit.

A few trials of the campaign tests/faults/campaigns/kills.py.
"""

import signal

import pytest

from tests.faults.aims import Aim
from tests.faults.bench import Bench, Harm
from tests.faults.forked import Server


@pytest.fixture(scope='module')
def bench(tmp_path_factory, actg175_file):
  folder = tmp_path_factory.mktemp('bench')
  with Server(folder / 'home', folder) as server:
    yield Bench(folder, server)


@pytest.fixture(scope='module')
def actg175_file(raw):
  return raw('actg175')


@pytest.mark.parametrize(
  ('signum', 'target', 'how', 'call', 'number'),
  [
    (signal.SIGKILL, 'a checkpoint is saved', 'before', 4, 9),
    (signal.SIGKILL, 'a model is kept', 'before', 0, 11),
    (signal.SIGTERM, 'table and page are written', 'half', 0, 1),
  ],
)
def test_nothing_is_lost(bench, signum, target, how, call, number):
  bench.clear()
  aim = Aim(target, how, signum, call, number)
  stopped, harm, said = bench.trial(signum, {}, aim)
  assert stopped, said
  assert harm == Harm(), said
