"""Every kind of cell, stopped and killed at every evaluation, then resumed.

A stop is a signal that is heard after an evaluation; a kill ends the training
when an evaluation has just been recorded and not saved.
"""

import itertools
import pathlib
from collections.abc import Iterator, Sequence
from unittest import mock

import jax

from tests.faults.exact import child, commands, stopped
from tests.faults.outcome import Outcome

# Of float32 sums in another order, after the few steps of these cells.
TOLERANCE = 1e-4
# Devices and mesh of one process after the other.
PLACES = {
  'from 1 device to 8': ((1, (1, 1)), (8, (8, 1))),
  'from 8 devices to 1': ((8, (8, 1)), (1, (1, 1))),
  'from 1 device to 8 and back': ((1, (1, 1)), (8, (8, 1)), (1, (1, 1))),
  'from a batch on 4 devices to 1': ((8, (2, 4)), (1, (1, 1))),
  'from 1 device to a batch on 4': ((1, (1, 1)), (8, (2, 4))),
}


def run(trials: int, folder: pathlib.Path) -> Iterator[Outcome]:
  """Yields what became of each kind.

  Args:
    trials: most stops of a kind.
    folder: for workdirs; it must exist.
  """
  jax.config.update('jax_numpy_rank_promotion', 'raise')
  for number, kind in enumerate(stopped.KINDS):
    yield from _of_kind(kind, trials, folder / f'kind_{number}')
  yield _backwards(trials, folder / 'backwards')
  yield _own_processes(trials, folder / 'processes')
  for number, (name, places) in enumerate(PLACES.items()):
    yield _elsewhere(name, places, folder / f'places_{number}')
  yield from commands.run(folder / 'commands')


def _of_kind(kind: str, trials: int, folder: pathlib.Path) -> Iterator[Outcome]:
  subject = stopped.subject(kind)
  whole = folder / 'whole'
  points = stopped.train(subject, whole)
  single = [(n,) for n in range(1, points.stops + 1)]
  # Every pair of stops; the second counts from where the first was.
  pairs = [
    (a, b)
    for a, b in itertools.product(range(1, points.stops), repeat=2)
    if a + b <= points.stops
  ]
  stops = [{'stops': own} for own in [*single, *pairs][:trials]]
  yield _tried(f'stopped and resumed: {kind}', subject, whole, stops)
  ends = range(1, points.evaluations + 1)
  kills = [{'die_after': n} for n in ends][:trials]
  yield _tried(f'killed and resumed: {kind}', subject, whole, kills)


def _tried(
  fault: str,
  subject: stopped.Subject,
  whole: pathlib.Path,
  cases: Sequence[dict],
) -> Outcome:
  unequal, doubled = [], 0
  for number, case in enumerate(cases):
    folder = whole.parent / f'{fault.partition(" ")[0]}_{number}'
    stops = case.get('stops', ())
    stopped.resumed(subject, folder, *stops, die_after=case.get('die_after', 0))
    if different := stopped.unequal(whole, folder):
      unequal.append(f'{case}: {", ".join(different)}')
    doubled += bool(stopped.doubled(folder))
  return Outcome(
    *('exact', fault, len(cases)),
    doubled=doubled,
    unequal=len(unequal),
    note='; '.join(unequal),
  )


def _backwards(trials: int, folder: pathlib.Path) -> Outcome:
  """Each look at the wall clock is an hour before the last."""
  subject = stopped.subject()
  points = stopped.train(subject, folder / 'whole').stops
  hours = itertools.count()
  clocks = {
    'time': lambda: 1.8e9 - 3600.0 * next(hours),
    'time_ns': lambda: (1_800_000_000 - 3600 * next(hours)) * 10**9,
  }
  cases = [{'stops': (n,)} for n in range(1, points + 1)][:trials]
  with mock.patch.multiple('time', **clocks):
    name = 'stopped under a clock that goes backwards'
    return _tried(name, subject, folder / 'whole', cases)


def _own_processes(trials: int, folder: pathlib.Path) -> Outcome:
  child.start(folder / 'whole')
  stops = range(1, min(trials, 3) + 1)
  unequal = 0
  for stop in stops:
    own = folder / str(stop)
    child.start(own, stop)
    child.start(own)
    unequal += bool(stopped.unequal(folder / 'whole', own))
  fault = 'stopped and resumed in another process that compiles anew'
  return Outcome('exact', fault, len(stops), unequal=unequal)


def _elsewhere(
  name: str,
  places: Sequence[tuple[int, tuple[int, int]]],
  folder: pathlib.Path,
) -> Outcome:
  """The same to rounding; that is measured."""
  child.start(folder / 'whole', mesh=(1, 1))
  for number, (devices, mesh) in enumerate(places, start=1):
    stop = int(number < len(places))
    child.start(folder / 'cell', stop, devices, mesh=mesh)
  found = stopped.difference(folder / 'whole', folder / 'cell')
  return Outcome(
    *('exact', f'stopped and resumed {name}', 1),
    doubled=int(bool(stopped.doubled(folder / 'cell'))),
    unequal=int(found > TOLERANCE),
    note=f'to rounding: largest relative difference {found:.1e}, of at most '
    f'{TOLERANCE:g}',
  )
