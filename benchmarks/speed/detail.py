"""Rows of speed_detail.csv: spreads of rounds, and facts about each side."""

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


class Timings(NamedTuple):
  """Results of a workload.

  A way is a side and how it ran, such as 'ours' or 'libmtl pinned'.

  Attributes:
    ms: milliseconds per step of each way, one number per round.
    about: facts that the workers of each way reported.
  """

  ms: dict[str, list[float]]
  about: dict[str, dict[str, Any]]

  def best(self, peer: str) -> str | None:
    """Returns the faster way of a peer; None if the peer was not timed."""
    ways = {w: ms for w, ms in self.ms.items() if w.split()[0] == peer}
    return results.better(ways) if ways else None


def rows(workload: str, timings: Timings) -> list[dict[str, str]]:
  """Returns a row of speed_detail.csv for each way.

  Args:
    workload: its name.
    timings: of all ways, among them 'ours'.
  """
  return [
    {
      'workload': workload,
      # 'libmtl pinned' gives both cells; 'ours' has no second word, hence '-'.
      **dict(zip(('side', 'way'), f'{way} -'.split(), strict=False)),
      **_timed(ms, timings.ms[OURS]),
      **_facts(timings.about.get(way, {}), statistics.median(ms)),
    }
    for way, ms in timings.ms.items()
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


def _facts(about: dict[str, Any], ms: float) -> dict[str, str]:
  """Cells of facts that a side did not report stay empty."""
  flops, peak = about.get('flops'), about.get('peak')
  numbers = {
    'mflop_per_step': flops and flops / 1e6,
    'peak_gflops': peak and peak / 1e9,
    # ms is per step and copy, like flops.
    'share_of_peak': flops and peak and flops / (ms / 1000) / peak,
    'compile_seconds': about.get('compile_seconds'),
  }
  return {
    'steps': str(about.get('steps', '')),
    **{k: f'{v:.4g}' if v else '' for k, v in numbers.items()},
    'chosen': about.get('ways', ''),
    'versions': about.get('versions', ''),
  }
