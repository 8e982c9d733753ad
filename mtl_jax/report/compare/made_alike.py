"""A note on rows of different code, versions, devices or precision."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_jax.records import checkout
from mtl_jax.report import many
from mtl_jax.report.results import Cell

NOT_RECORDED = 'not recorded'
# Digests of code that only rows of equal names have in common.
OWN = ('scheme', 'balancer')


def lines(cells: Sequence[Cell]) -> list[str]:
  """Returns one line that names what differs, and in which rows.

  Args:
    cells: of the table.

  Returns:
    `[]` where all rows were made alike, or none says how it was made.
  """
  each = {cell.label: _facts(cell) for cell in cells}
  known = {label: facts for label, facts in each.items() if facts}
  names = dict.fromkeys(name for facts in known.values() for name in facts)
  differing = {n: text for n in names if (text := _differing(n, known))}
  # Commits that did not change the code of a row say nothing of its numbers.
  if not any(name.startswith('code of') for name in differing):
    differing.pop('commit', None)
  found = [*differing.values()]
  if known and len(known) < len(each):
    older = [label for label in each if label not in known]
    found.append(f'{NOT_RECORDED} of {many.some(older)}')
  if not found:
    return []
  return [f'Not all rows were made alike: {"; ".join(found)}']


def _differing(name: str, known: Mapping[str, Mapping[str, str]]) -> str:
  """The values of a fact with their rows; '' where all are equal."""
  rows: dict[str, list[str]] = {}
  for label, facts in known.items():
    # A fact that a row lacks, such as the encoder of a linear model.
    if name in facts:
      rows.setdefault(facts[name], []).append(label)
  if len(rows) < 2:
    return ''
  counts = Counter({value: len(labels) for value, labels in rows.items()})
  most, count = counts.most_common(1)[0]
  others = f'{most} in the others' if count > 1 else ''
  texts = [
    f'{value} in {many.some(labels)}'
    for value, labels in rows.items()
    if not (others and value == most)
  ]
  return f'{name} {", ".join(filter(None, [*texts, others]))}'


def _facts(cell: Cell) -> dict[str, str]:
  """By name, the value of each fact; several where several jobs trained it."""
  found: dict[str, dict[str, None]] = {}
  for job in cell.made:
    for name, value in _of_job(job, cell).items():
      found.setdefault(name, {})[value] = None
  return {name: ' and '.join(values) for name, values in found.items()}


def _of_job(job: Mapping[str, Any], cell: Cell) -> dict[str, str]:
  code = job['code']
  commit = checkout.State(code['commit'], code['clean']).short
  digests = {
    f'code of {what} {cell.header.get(what, "")}'
    if what in OWN
    else f'code of {what}': digest
    for what, digest in code['digests'].items()
  }
  return {
    'commit': commit or checkout.UNKNOWN,
    **digests,
    **job['versions'],
    'device': _device(job['devices']),
    **{name: str(value) for name, value in job['precision'].items()},
    **{name: str(value) or 'none' for name, value in job['flags'].items()},
  }


def _device(devices: Mapping[str, Any]) -> str:
  """Such as '2 cpu (x86_64 Intel Xeon)'."""
  return f'{devices["count"]} {devices["kind"]} ({devices["processor"]})'
