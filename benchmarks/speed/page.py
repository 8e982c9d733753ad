"""Puts the tables of speed.csv and speed_detail.csv into the page.

python -m benchmarks.speed.page
"""

import pathlib
import sys

from benchmarks import markdown, results
from benchmarks.speed import workloads

PAGE = pathlib.Path('docs/performance.md')
SPEED = ('workload', 'ours', 'LibMTL', 'torch', 'ratio', 'goal', 'torch ratio')
SHARE = ('workload', 'MFLOP a step', 'GFLOP/s', 'peak GFLOP/s', 'share')
SHARE += ('share at the goal', 'compile s')
COMPILING = ('scheme', 'balancer', 'tracing s', 'compiling s', 'steps/s')


def speeds(rows: list[dict]) -> str:
  """Milliseconds and ratios of every workload, with its goal."""
  lines = []
  for row in rows:
    cells = [
      markdown.number(text) for name, text in row.items() if name != 'workload'
    ]
    goal = f'{workloads.GOALS[row["workload"]]:g}'
    lines.append([row['workload'], *cells[:4], goal, cells[4]])
  return markdown.table(SPEED, lines)


def shares(rows: list[dict], detail: list[dict]) -> str:
  """What share of the measured peak steps reach, and would at their goals."""
  wanted = {
    row['workload']: float(row['libmtl_ms'] or row['torch_ms'])
    / workloads.GOALS[row['workload']]
    for row in rows
  }
  return markdown.table(
    SHARE,
    [
      [
        row['workload'],
        markdown.number(row['mflop_per_step']),
        markdown.number(str(float(row['mflop_per_step']) / float(row['ms']))),
        markdown.number(row['peak_gflops']),
        markdown.percent(float(row['share_of_peak'])),
        markdown.percent(_share(row, wanted[row['workload']])),
        markdown.number(row['compile_seconds']),
      ]
      for row in detail
      if row['share_of_peak']
    ],
  )


def _share(row: dict, milliseconds: float) -> float:
  rate = float(row['mflop_per_step']) / milliseconds
  return rate / float(row['peak_gflops'])


def parts(rows: list[dict]) -> str:
  """The costliest parts of every workload's step, in one line each."""
  lines = {}
  for row in rows:
    text = f'{row["part"]} {markdown.percent(float(row["share"]))}'
    lines.setdefault(row['workload'], []).append(text)
  return '\n'.join(
    f'- `{name}`: {"; ".join(found)}' for name, found in lines.items()
  )


def compiling(rows: list[dict]) -> str:
  """CPU seconds of each cell until it trains, and its steps per second."""
  told = ('tracing_cpu_seconds', 'compiling_cpu_seconds', 'steps_per_second')
  lines = [
    [
      row['scheme'],
      row['balancer'],
      *(markdown.number(row[name]) for name in told),
    ]
    for row in rows
  ]
  return markdown.table(COMPILING, lines, words=2)


def main(folder: pathlib.Path, page: pathlib.Path = PAGE) -> None:
  """Brings the page up to date with the files in `folder`."""
  if folder != page.parent / 'results' or not page.exists():
    return  # A trial elsewhere leaves the page alone.
  text = page.read_text(encoding='utf-8')
  rows = results.read(folder / 'speed.csv')
  text = markdown.put(text, 'speed', speeds(rows))
  detail = results.read(folder / 'speed_detail.csv')
  text = markdown.put(text, 'share', shares(rows, detail))
  if (folder / 'parts.csv').exists():
    text = markdown.put(
      text, 'parts', parts(results.read(folder / 'parts.csv'))
    )
  if (folder / 'compiling.csv').exists():
    rows = results.read(folder / 'compiling.csv')
    text = markdown.put(text, 'compiling', compiling(rows))
  page.write_text(text, encoding='utf-8')


if __name__ == '__main__':
  main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else 'docs/results'))
