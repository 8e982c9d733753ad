"""Draws speed.png from speed.csv: ratios per workload, with their goals.

python -m benchmarks.speed.plot

Works in docs/results unless another folder is given; nothing is measured.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from benchmarks import commands, results
from benchmarks.speed import workloads

if TYPE_CHECKING:
  from matplotlib.figure import Figure

# The colours of Okabe and Ito, safe for colour-blind readers; markers differ.
PEERS = {
  'libmtl': ('#0072B2', 'o', 'LibMTL'),
  'torch': ('#D55E00', 's', 'torch'),
}


def draw(folder: pathlib.Path) -> Figure:
  """Draws ratios on a log axis, with bars from the lowest to highest round."""
  from matplotlib.figure import Figure  # not at the top: it takes a second

  rows = results.read(folder / 'speed.csv')
  detail = results.read(folder / 'speed_detail.csv')
  names = [row['workload'] for row in rows][::-1]
  figure = Figure((7, 1.2 + 0.42 * len(names)), layout='constrained')
  axes = figure.subplots()
  for number, (peer, style) in enumerate(PEERS.items()):
    column = 'ratio' if peer == 'libmtl' else 'ratio_torch'
    points = [
      (names.index(row['workload']), float(row[column]), row['workload'])
      for row in rows
      if row[column]
    ]
    _points(axes, points, style, 0.12 - 0.24 * number, _ranges(detail, peer))
  goals = [workloads.GOALS[name] for name in names]
  axes.scatter(
    *(goals, range(len(names))),
    marker='|', s=300, color='black', label='goal against LibMTL', zorder=3,
  )  # fmt: skip
  axes.axvline(1, color='#777777', linewidth=1)
  axes.set_xscale('log')
  axes.set_yticks(range(len(names)), names)
  axes.set_xlabel('times faster than the peer (peer ms / our ms)')
  axes.set_ylabel('workload')
  axes.set_ylim(-0.6, len(names) - 0.4)
  axes.xaxis.set_major_formatter('{x:g}')
  figure.legend(loc='outside upper center', ncols=3)
  return figure


def _points(axes, points, style, shift: float, ranges: dict) -> None:
  colour, marker, label = style
  values = [value for _, value, _ in points]
  low, high = zip(
    *(ranges.get(name, (value, value)) for _, value, name in points),
    strict=True,
  )
  axes.errorbar(
    values,
    [place + shift for place, _, _ in points],
    xerr=[
      [max(v - x, 0) for v, x in zip(values, low, strict=True)],
      [max(x - v, 0) for v, x in zip(values, high, strict=True)],
    ],
    fmt=marker, color=colour, label=label, capsize=2,
  )  # fmt: skip


def _ranges(detail: list[dict], peer: str) -> dict[str, tuple[float, float]]:
  """Returns the lowest and highest ratio of the peer's faster variant."""
  best = {}
  # From slow to fast: the faster way overwrites the slower one.
  for row in sorted(detail, key=lambda row: -float(row['ms'])):
    if row['side'] == peer:
      best[row['workload']] = row
  return {
    name: (float(row['ratio_low']), float(row['ratio_high']))
    for name, row in best.items()
  }


def main(folder: pathlib.Path) -> None:
  """Writes speed.png into the folder of speed.csv."""
  draw(folder).savefig(folder / 'speed.png', dpi=150)


if __name__ == '__main__':
  parser = commands.parser('benchmarks.speed.plot', __doc__)
  parser.add_argument('folder', nargs='?', default='docs/results')
  asked = pathlib.Path(parser.parse_args().folder)
  if not (asked / 'speed.csv').is_file():
    parser.error(f'no file {asked}/speed.csv; run python -m benchmarks.speed')
  main(asked)
