"""The clock of a cell counts on where a checkpoint was written."""

import numpy as np
import pytest

from mtl_jax.run.clock import Clock


@pytest.fixture
def now(monkeypatch):
  """The time, which a test sets."""
  now = [100.0]
  monkeypatch.setattr('time.monotonic', lambda: now[0])
  return now


def test_compiling_is_part_of_what_elapsed(now):
  clock = Clock(compiling=3.0)
  now[0] += 2
  assert clock.elapsed == 5


def test_a_resumed_clock_counts_on(now):
  first = Clock(compiling=3.0)
  now[0] += 2
  first.add_period(1.5, 300)
  saved = first.to_array()
  assert saved.dtype == np.float64
  assert saved.tolist() == [5, 1.5, 300]
  now[0] += 1000  # between two jobs
  second = Clock(compiling=1.0)
  second.resume(1, saved)
  now[0] += 4
  second.add_period(2.0, 100)
  assert second.periods == 2
  assert second.in_periods == 3.5
  assert second.steps == 400
  assert second.elapsed == 5 + 1 + 4


def test_a_checkpoint_is_due_after_so_many_seconds(now):
  clock = Clock(compiling=3.0)
  now[0] += 10
  assert not clock.due(10.0)
  now[0] += 1
  assert clock.due(10.0)
  clock.saved()
  assert not clock.due(10.0)
