"""A command that is killed goes on, and its table is the same to the bit.

A few trials of the campaign tests/faults/campaigns/kills.py.
"""

import random
import signal

import pytest

from tests.faults.kills import aims
from tests.faults.kills.aims import Aim
from tests.faults.kills.bench import Bench, Harm
from tests.faults.kills.forked import Server


@pytest.fixture(scope='module')
def bench(tmp_path_factory, actg175_file):
  folder = tmp_path_factory.mktemp('bench')
  with Server(folder / 'home', folder) as server:
    yield Bench(folder, server)


@pytest.fixture(scope='module')
def actg175_file(raw):
  return raw('actg175')


AIMS = (
  Aim('a checkpoint is saved', 'before', signal.SIGKILL, 4, 9),
  Aim('a model is kept', 'before', signal.SIGKILL, 0, 11),
  Aim('table and page are written', 'half', signal.SIGTERM, 0, 1),
)


def test_nothing_is_lost(bench):
  for aim in AIMS:
    bench.clear()
    stopped, harm, said = bench.trial(aim.signum, {}, aim)
    assert stopped, (aim, said)
    assert harm == Harm(), (aim, said)


def test_moments_are_drawn_where_something_is_written():
  calls, rng = [[3, 2, 0.5], [1, 0, 0.1]], random.Random(0)
  drawn = [aims.draw('a model is kept', 9, calls, n, rng) for n in range(200)]
  assert {(aim.how, aim.call) for aim in drawn} == {
    *((how, 0) for how in aims.HOW),
    *((how, 1) for how in aims.HOW if how != 'half'),
  }
  for aim in drawn:
    operations, files, seconds = calls[aim.call]
    numbers = {'before': operations, 'half': files}.get(aim.how, 1)
    assert aim.number < numbers
    assert aim.seconds <= seconds
