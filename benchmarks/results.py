"""Medians, ratios of rounds, and the table of results: numbers alone."""

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
  """Milliseconds for one step of one copy, where all train side by side."""
  return 1000 * seconds / (steps * copies)


def better(ways: Mapping[str, Rounds]) -> str:
  """The way with the lower median."""
  return min(ways, key=lambda way: statistics.median(ways[way]))


def ratios(peer: Rounds, ours: Rounds) -> list[float]:
  """Peer over ours, round by round: what slows both cancels."""
  return [p / o for p, o in zip(peer, ours, strict=True)]


def spread(values: Rounds) -> tuple[float, float]:
  """Lowest and highest."""
  return min(values), max(values)


def row(
  workload: str, ours: Rounds, libmtl: Rounds | None, torch: Rounds | None
) -> dict[str, str]:
  """A line of speed.csv; a peer that cannot run it leaves its cells empty."""

  def median(values):
    return f'{statistics.median(values):.6g}' if values else ''

  def ratio(peer):
    return median(ratios(peer, ours)) if peer else ''

  cells = (median(ours), median(libmtl), median(torch))
  told = (workload, *cells, ratio(libmtl), ratio(torch))
  return dict(zip(COLUMNS, told, strict=True))


def read(path: pathlib.Path) -> list[dict[str, str]]:
  """Rows of a CSV; none where there is no file."""
  if not path.exists():
    return []
  with path.open(newline='', encoding='utf-8') as file:
    return list(csv.DictReader(file))


def merge(
  old: Iterable[dict], new: Iterable[dict], order: Sequence[str]
) -> list[dict]:
  """New rows in place of old ones of the same workload, in `order`."""
  new = list(new)
  timed = {r['workload'] for r in new}
  rows = [r for r in old if r['workload'] not in timed] + new
  return sorted(rows, key=lambda r: order.index(r['workload']))


def write(path: pathlib.Path, rows: Sequence[dict]) -> None:
  """Writes rows, which all have the keys of the first."""
  path.parent.mkdir(parents=True, exist_ok=True)
  with path.open('w', newline='', encoding='utf-8') as file:
    writer = csv.DictWriter(file, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
