"""Spreads, and what each side told of itself: the second file of results."""

import statistics
from typing import Any, NamedTuple

from benchmarks import results

OURS = 'ours'
COLUMNS = (
  *('workload', 'side', 'way', 'ms', 'ms_low', 'ms_high'),
  *('ratio', 'ratio_low', 'ratio_high', 'rounds', 'steps'),
  *('mflop_per_step', 'peak_gflops', 'share_of_peak', 'compile_seconds'),
  *('chosen', 'versions'),
)


class Found(NamedTuple):
  """What a workload's rounds gave.

  Attributes:
    ms: per way, such as 'ours' or 'libmtl pinned', one number per round.
    told: per way, what its worker said of itself.
  """

  ms: dict[str, list[float]]
  told: dict[str, dict[str, Any]]

  def best(self, peer: str) -> str | None:
    """The faster way of a peer; None where it has none."""
    ways = {w: ms for w, ms in self.ms.items() if w.split()[0] == peer}
    return results.better(ways) if ways else None


def rows(workload: str, found: Found) -> list[dict[str, str]]:
  """One line per way."""
  return [
    {
      'workload': workload,
      **dict(zip(('side', 'way'), f'{way} -'.split(), strict=False)),
      **_timed(ms, found.ms[OURS]),
      **_told(found.told.get(way, {}), statistics.median(ms)),
    }
    for way, ms in found.ms.items()
  ]


def _timed(ms: list[float], ours: list[float]) -> dict[str, str]:
  ratios = results.ratios(ms, ours)
  numbers = {
    'ms': statistics.median(ms),
    'ms_low': min(ms),
    'ms_high': max(ms),
    'ratio': statistics.median(ratios),
    'ratio_low': min(ratios),
    'ratio_high': max(ratios),
  }
  return {k: f'{v:.4g}' for k, v in numbers.items()} | {'rounds': str(len(ms))}


def _told(told: dict[str, Any], ms: float) -> dict[str, str]:
  """Cells that a side has nothing to say to stay empty."""
  flops, peak = told.get('flops'), told.get('peak')
  numbers = {
    'mflop_per_step': flops and flops / 1e6,
    'peak_gflops': peak and peak / 1e9,
    'share_of_peak': flops and peak and flops / (ms / 1000) / peak,
    'compile_seconds': told.get('compile_seconds'),
  }
  return {
    'steps': str(told.get('steps', '')),
    **{k: f'{v:.4g}' if v else '' for k, v in numbers.items()},
    'chosen': told.get('ways', ''),
    'versions': told.get('versions', ''),
  }
