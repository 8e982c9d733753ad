"""Load: commands at once, a sweep under kills, a long run, a large report."""

import importlib.util
import pathlib
from collections.abc import Container, Iterator

from tests.faults.load import at_once, killed, large, long_run
from tests.faults.outcome import Outcome

COMMANDS = 8
STEPS = 2000  # of the long run, for each trial
CELLS_OF_RAY = 10  # trials for each; a worker takes seconds to start


def run(
  trials: int, folder: pathlib.Path, done: Container[str] = ()
) -> Iterator[Outcome]:
  """Runs the campaign.

  Args:
    trials: cells of the sweep and of the report; a long run has 2,000 steps
      for each: 500 make it a million.
    folder: empty.
    done: faults that are finished.

  Yields:
    An outcome per kind of load.
  """
  kinds = {
    f'{COMMANDS} equal commands at once': at_once.equal,
    f'{COMMANDS} commands at once that share cells': at_once.sharing,
    'a sweep, its process killed every few seconds': killed.local,
    'a sweep on Ray, a worker killed every few seconds': killed.on_ray,
    'a run of many steps': long_run.run,
    'a report of many cells': large.run,
  }
  counts = dict(
    zip(
      kinds,
      (
        *(COMMANDS, COMMANDS, trials, max(trials // CELLS_OF_RAY, 2)),
        *(STEPS * trials, trials),
      ),
      strict=True,
    )
  )
  for i, (fault, kind) in enumerate(kinds.items()):
    if fault in done:
      continue
    if kind is killed.on_ray and not importlib.util.find_spec('ray'):
      yield Outcome('load', fault, 0, note='Ray is not installed here')
      continue
    own = folder / str(i)
    own.mkdir()
    found = kind(counts[fault], own)
    yield Outcome('load', fault, **found)
