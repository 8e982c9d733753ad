"""Medians and ratios of rounds, and CSV files of results."""

import csv
import pathlib
import statistics
from collections.abc import Iterable, Mapping, Sequence

COLUMNS = (
  'workload',
  'ours_ms',
  'libmtl_ms',
  'torch_ms',
  'ratio',
  'ratio_torch',
)
Rounds = Sequence[float]


def per_step(seconds: float, steps: int, copies: int) -> float:
  """Returns milliseconds per step of one copy.

  Args:
    seconds: wall time until all copies had trained.
    steps: how many each copy trained.
    copies: models that were trained at the same time.
  """
  return 1000 * seconds / (steps * copies)


def better(ways: Mapping[str, Rounds]) -> str:
  """Returns the name with the lowest median."""
  return min(ways, key=lambda way: statistics.median(ways[way]))


def ratios(peer: Rounds, ours: Rounds) -> list[float]:
  """Divides the times of two sides round by round.

  What slows down both sides of a round cancels, which it would not in a ratio
  of medians.

  Args:
    peer: a time per round.
    ours: likewise, for the same rounds.
  """
  return [p / o for p, o in zip(peer, ours, strict=True)]


def spread(values: Rounds) -> tuple[float, float]:
  """Returns the lowest and the highest value."""
  return min(values), max(values)


def row(
  workload: str, ours: Rounds, libmtl: Rounds | None, torch: Rounds | None
) -> dict[str, str]:
  """Returns a line of speed.csv.

  Args:
    workload: its name.
    ours: milliseconds per step in each round.
    libmtl: likewise; None leaves the cells of a peer that cannot run it empty.
    torch: likewise.
  """

  def median(values):
    return f'{statistics.median(values):.6g}' if values else ''

  def ratio(peer):
    return median(ratios(peer, ours)) if peer else ''

  times = (median(ours), median(libmtl), median(torch))
  cells = (workload, *times, ratio(libmtl), ratio(torch))
  return dict(zip(COLUMNS, cells, strict=True))


def read(path: pathlib.Path) -> list[dict[str, str]]:
  """Returns the rows of a CSV file; none if the file does not exist."""
  if not path.exists():
    return []
  with path.open(newline='', encoding='utf-8') as file:
    return list(csv.DictReader(file))


def merge(
  old: Iterable[dict], new: Iterable[dict], order: Sequence[str]
) -> list[dict]:
  """Replaces the rows of workloads that were timed again.

  Args:
    old: rows with a `workload`.
    new: likewise; they replace all old rows of their workloads.
    order: names of all workloads, which the returned rows are sorted by.
  """
  new = list(new)
  timed = {r['workload'] for r in new}
  # A workload may have several rows; all of its old ones are dropped.
  rows = [r for r in old if r['workload'] not in timed] + new
  return sorted(rows, key=lambda r: order.index(r['workload']))


def write(path: pathlib.Path, rows: Sequence[dict]) -> None:
  """Writes rows as CSV, and makes the folder if it is missing.

  Args:
    path: of the file.
    rows: at least one; all have the keys of the first.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  with path.open('w', newline='', encoding='utf-8') as file:
    writer = csv.DictWriter(file, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
