"""The tables of docs/balancers.md: what every balancer needs and costs.

python -m benchmarks.balancers.page
"""

import pathlib

from benchmarks import markdown
from benchmarks import results as rounds
from benchmarks.balancers import facts
from benchmarks.balancers.facts import NAMES, Found
from mtl_jax import plugins
from mtl_jax.resources import plans
from mtl_jax.train import balancing

RESULTS = pathlib.Path('docs/results')
PAGE = pathlib.Path('docs/balancers.md')
COSTS, PASSES = 'balancers.csv', 'balancer_passes.csv'
Row = dict[str, str]


def needs(found: list[Found], costs: list[Row]) -> str:
  """All balancers; what a step costs where that was measured."""
  tasks = sorted({int(row['tasks']) for row in costs})
  ratios = {(r['balancer'], int(r['tasks'])): r for r in costs}
  head = ('balancer', 'looks at', 'paper', 'own numbers (tuned in)')
  head += ('neutral', 'positive losses', 'state')
  return markdown.table(
    (*head, *(f'K = {k}' for k in tasks)),
    [
      [
        f'`{one.name}`',
        facts.looks(one.balancer),
        facts.source(one),
        facts.numbers(one),
        _yes(one.balancer.neutral),
        _yes(one.balancer.positive),
        facts.state(one.balancer),
        *(_ratio(ratios.get((one.name, k))) for k in tasks),
      ]
      for one in found
    ],
    words=len(head),
  )


def _yes(flag: bool) -> str:
  return 'yes' if flag else '–'


def _ratio(row: Row | None) -> str:
  return markdown.number(row['ratio']) if row else '–'


def words(found: list[Found]) -> str:
  """One line for each."""
  lines = [f'- `{f.name}`: {facts.headline(f)}' for f in found]
  return '\n'.join(map(markdown.wrapped, lines))


def measured(costs: list[Row]) -> str:
  """What the last columns of the table are."""
  if not costs:
    return 'No step has been timed yet.'
  bases: dict[int, list[str]] = {}
  for row in costs:
    bases.setdefault(int(row['tasks']), []).append(row['equal_us'])
  told = ', '.join(
    f'{markdown.number(sorted(found, key=float)[len(found) // 2])} µs with {k}'
    for k, found in sorted(bases.items())
  )
  one = costs[0]
  return markdown.wrapped(
    f'With `equal` a step of one seed took {told} tasks. A ratio is the median '
    f'of {one["rounds"]} rounds in which both were trained in turn; '
    f'{one["runs"]} seeds on {one["devices"]} {one["device"]} devices, '
    f'{one["versions"]}. Other jobs shared the machine: {_widest(costs)}, and '
    '`equal` beside itself should be 1.'
  )


def _widest(costs: list[Row]) -> str:
  """The ratio that its rounds agree on least."""
  row = max(costs, key=lambda r: float(r['ratio_high']) / float(r['ratio_low']))
  low, high = (markdown.number(row[k]) for k in ('ratio_low', 'ratio_high'))
  return (
    f'rounds differed most for `{row["balancer"]}` with {row["tasks"]} tasks, '
    f'{low} to {high}'
  )


def passes(rows: list[Row]) -> str:
  """Gradients kept against a second way back."""
  head = ('network', 'tasks', 'batch', 'shared parameters', 'MB of gradients')
  head += ('ms kept', 'ms twice', 'twice / kept', 'rounds from, to')
  head += ('MB temporary, kept', 'twice')
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
  """The schemes that say which features are the last that tasks share."""
  names = facts.marking(plugins.names('mtl_jax.schemes'))
  told = ', '.join(f'`{name}`' for name in names)
  return markdown.wrapped(
    f'With the default fields these mark features: {told}.'
  )


def kept() -> str:
  """The constant of the code."""
  return markdown.wrapped(
    f'Up to {plans.amount(balancing.KEPT)} of a run are kept '
    '(`KEPT` in `mtl_jax/train/balancing.py`).'
  )


def contents(results: pathlib.Path) -> dict[str, str]:
  """What stands between the marks of the page, by their names."""
  found = [facts.find(name) for name in NAMES]
  costs = rounds.read(results / COSTS)
  return {
    'needs': needs(found, costs),
    'measured': measured(costs),
    'words': words(found),
    'marked': marked(),
    'kept': kept(),
    'passes': passes(rounds.read(results / PASSES)),
  }


def write(path: pathlib.Path) -> None:
  """Brings the page up to date with the code and the CSVs beside it."""
  text = path.read_text(encoding='utf-8')
  for name, content in contents(path.parent / 'results').items():
    text = markdown.put(text, name, f'\n{content}\n')
  path.write_text(text, encoding='utf-8')


if __name__ == '__main__':
  write(PAGE)
