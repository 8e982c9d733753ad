"""Writes the generated parts of docs/balancers.md.

python -m benchmarks.balancers.page

Reads the code of the balancers and docs/results; nothing is measured.
"""

from __future__ import annotations

import pathlib

from benchmarks import commands, markdown
from benchmarks import results as rounds
from experiments import lazy
from mtl_jax import plugins

with lazy.imports():
  from benchmarks.balancers import facts
  from mtl_jax.resources import plans

RESULTS = pathlib.Path('docs/results')
PAGE = pathlib.Path('docs/balancers.md')
COSTS, PASSES = 'balancers.csv', 'balancer_passes.csv'
Row = dict[str, str]


def needs(described: list[facts.Described], costs: list[Row]) -> str:
  """Returns the table of all balancers.

  Args:
    described: the balancers, one per line of the table.
    costs: rows of balancers.csv. The table has a column for each number of
      tasks in them; a pair that was not measured gets a dash.
  """
  tasks = sorted({int(row['tasks']) for row in costs})
  # A pair that was not measured is missing here, and gets a dash below.
  ratios = {(r['balancer'], int(r['tasks'])): r for r in costs}
  head = ('balancer', 'input', 'paper', 'fields (tuned in)')
  head += ('neutral', 'positive losses', 'state')
  return markdown.table(
    (*head, *(f'K = {k}' for k in tasks)),
    [
      [
        f'`{one.name}`',
        facts.update_input(one.balancer),
        facts.source(one),
        facts.fields(one),
        _yes(one.balancer.neutral),
        _yes(one.balancer.positive),
        facts.state(one.balancer),
        *(_ratio(ratios.get((one.name, k))) for k in tasks),
      ]
      for one in described
    ],
    words=len(head),
  )


def _yes(flag: bool) -> str:
  return 'yes' if flag else '–'


def _ratio(row: Row | None) -> str:
  return markdown.number(row['ratio']) if row else '–'


def words(described: list[facts.Described]) -> str:
  """Returns a list with one sentence per balancer."""
  lines = [f'- `{one.name}`: {facts.headline(one)}' for one in described]
  return '\n'.join(map(markdown.wrapped, lines))


def measured(costs: list[Row]) -> str:
  """Returns a paragraph on how the costs in the table were measured."""
  if not costs:
    return 'No step has been timed yet.'
  # Every balancer was timed with `equal` of its own rounds: take their median.
  bases: dict[int, list[str]] = {}
  for row in costs:
    bases.setdefault(int(row['tasks']), []).append(row['equal_us'])
  medians = ', '.join(
    f'{markdown.number(sorted(times, key=float)[len(times) // 2])} µs with {k}'
    for k, times in sorted(bases.items())
  )
  one = costs[0]
  return markdown.wrapped(
    f'With `equal` a step of one seed took {medians} tasks. A ratio is the '
    f'median of {one["rounds"]} rounds in which both were trained in turn, '
    f'with {one["runs"]} seeds on {one["devices"]} {one["device"]} devices and '
    f'{one["versions"]}. Other jobs shared the machine: {_widest(costs)}. The '
    'ratio of `equal` to itself would be 1 without noise.'
  )


def _widest(costs: list[Row]) -> str:
  """Describes the ratio that varied most between rounds."""
  row = max(costs, key=lambda r: float(r['ratio_high']) / float(r['ratio_low']))
  low, high = (markdown.number(row[k]) for k in ('ratio_low', 'ratio_high'))
  return (
    f'rounds differed most for `{row["balancer"]}` with {row["tasks"]} tasks, '
    f'{low} to {high}'
  )


def passes(rows: list[Row]) -> str:
  """Returns the table of one backward pass per step against two."""
  head = ('network', 'tasks', 'batch', 'shared parameters', 'MB of gradients')
  head += ('ms, stored', 'ms, two passes', 'ratio', 'lowest, highest round')
  head += ('MB temporary, stored', 'MB temporary, two passes')
  return markdown.table(
    head,
    [
      [
        row['network'],
        row['tasks'],
        row['batch'],
        f'{int(row["params_shared"]):,}',
        _megabytes(row['kept_bytes']),
        markdown.number(row['kept_ms']),
        markdown.number(row['twice_ms']),
        f'{float(row["ratio"]):.2f}',
        f'{float(row["ratio_low"]):.2f}, {float(row["ratio_high"]):.2f}',
        _megabytes(row['kept_temp_bytes']),
        _megabytes(row['twice_temp_bytes']),
      ]
      for row in rows
    ],
  )


def _megabytes(text: str) -> str:
  return markdown.number(str(int(text) / 1e6))


def marked() -> str:
  """Returns a sentence on the schemes that mark the last shared features."""
  names = facts.marking(plugins.names('mtl_jax.schemes'))
  listed = ', '.join(f'`{name}`' for name in names)
  return markdown.wrapped(
    f'With their default fields these schemes mark features: {listed}.'
  )


def stored() -> str:
  """Returns a sentence on the size up to which gradients are stored."""
  return markdown.wrapped(
    f'Up to {plans.amount(facts.STORED)} of gradients are stored per run '
    '(`KEPT` in `mtl_jax/train/balancing.py`).'
  )


def contents(results: pathlib.Path) -> dict[str, str]:
  """Returns the generated parts of the page by the names of their marks.

  Args:
    results: folder of the CSV files.
  """
  described = [facts.find(name) for name in facts.NAMES]
  costs = rounds.read(results / COSTS)
  return {
    'needs': needs(described, costs),
    'measured': measured(costs),
    'words': words(described),
    'marked': marked(),
    'kept': stored(),
    'passes': passes(rounds.read(results / PASSES)),
  }


def write(path: pathlib.Path) -> None:
  """Updates the page from the code and from the CSV files in `results`."""
  text = path.read_text(encoding='utf-8')
  for name, content in contents(path.parent / 'results').items():
    text = markdown.put(text, name, f'\n{content}\n')
  path.write_text(text, encoding='utf-8')


if __name__ == '__main__':
  commands.parser('benchmarks.balancers.page', __doc__).parse_args()
  write(PAGE)
