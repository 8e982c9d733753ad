"""Writes the generated tables of docs/performance.md.

python -m benchmarks.speed.page

Reads speed.csv, speed_detail.csv, parts.csv and compiling.csv in docs/results;
nothing is measured.
"""

import pathlib

from benchmarks import commands, markdown, results
from benchmarks.speed import workloads

PAGE = pathlib.Path('docs/performance.md')
SPEED = ('workload', 'ours', 'LibMTL', 'torch', 'ratio', 'goal', 'torch ratio')
SHARE = ('workload', 'MFLOP a step', 'GFLOP/s', 'peak GFLOP/s', 'share')
SHARE += ('share at the goal', 'compile s')
COMPILING = ('scheme', 'balancer', 'tracing s', 'compiling s', 'steps/s')


def speeds(rows: list[dict]) -> str:
  """Returns the table of milliseconds, ratios and goals per workload."""
  lines = []
  for row in rows:
    cells = [
      markdown.number(text) for name, text in row.items() if name != 'workload'
    ]
    goal = f'{workloads.GOALS[row["workload"]]:g}'
    lines.append([row['workload'], *cells[:4], goal, cells[4]])
  return markdown.table(SPEED, lines)


def shares(rows: list[dict], detail: list[dict]) -> str:
  """Returns the table of the share of the machine's peak that steps reach.

  Args:
    rows: speed.csv, for the times that goals are relative to.
    detail: speed_detail.csv; lines without a share are left out.
  """
  # LibMTL's time over the goal; torch's for a workload that LibMTL cannot run.
  goal_ms = {
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
        markdown.percent(_share(row, goal_ms[row['workload']])),
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
  """Returns a list of the costliest parts of every workload's step."""
  lines = {}
  for row in rows:
    text = f'{row["part"]} {markdown.percent(float(row["share"]))}'
    lines.setdefault(row['workload'], []).append(text)
  return '\n'.join(
    f'- `{name}`: {"; ".join(shares)}' for name, shares in lines.items()
  )


def compiling(rows: list[dict]) -> str:
  """Returns the table of CPU seconds and steps per second per cell."""
  columns = ('tracing_cpu_seconds', 'compiling_cpu_seconds', 'steps_per_second')
  lines = [
    [
      row['scheme'],
      row['balancer'],
      *(markdown.number(row[name]) for name in columns),
    ]
    for row in rows
  ]
  return markdown.table(COMPILING, lines, words=2)


def main(folder: pathlib.Path, page: pathlib.Path = PAGE) -> None:
  """Updates the page from the CSV files in a folder.

  Args:
    folder: of the results. Unless it is the page's own `results`, this does
      nothing: a benchmark with another `--out` does not change the docs.
    page: the Markdown file.
  """
  if folder != page.parent / 'results' or not page.exists():
    return
  text = page.read_text(encoding='utf-8')
  rows = results.read(folder / 'speed.csv')
  text = markdown.put(text, 'speed', speeds(rows))
  detail = results.read(folder / 'speed_detail.csv')
  text = markdown.put(text, 'share', shares(rows, detail))
  # These two files come from other commands, which may not have run yet.
  if (folder / 'parts.csv').exists():
    text = markdown.put(
      text, 'parts', parts(results.read(folder / 'parts.csv'))
    )
  if (folder / 'compiling.csv').exists():
    rows = results.read(folder / 'compiling.csv')
    text = markdown.put(text, 'compiling', compiling(rows))
  page.write_text(text, encoding='utf-8')


if __name__ == '__main__':
  commands.parser('benchmarks.speed.page', __doc__).parse_args()
  main(pathlib.Path('docs/results'))
