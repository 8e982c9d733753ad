"""Where a table comes from: data, settings, code, seconds."""

import json
import pathlib
import subprocess
from collections.abc import Sequence

from mtl_jax.report import many
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import hyperparameters
from mtl_jax.report.layout import human
from mtl_jax.report.results import Cell


def card(cells: Sequence[Cell]) -> list[tuple[str, str]]:
  """Returns the card of the data as (name, text)."""
  own = baseline(cells).header.get('card') or {}
  names = ('name', 'source', 'licence', 'citation', 'split_rule')
  texts = {name: own.get(name) for name in names}
  texts['rows'] = _counts(own.get('counts') or {})
  texts['notes'] = own.get('notes')
  return [(k.replace('_', ' '), text) for k, text in texts.items() if text]


def lines(cells: Sequence[Cell]) -> list[tuple[str, str]]:
  """Returns seeds, versions, code and seconds as (name, text)."""
  cells = ordered(cells)
  base = baseline(cells)
  versions = base.header['versions'].items()
  seconds = [s for c in cells if (s := c.cost.get('seconds')) is not None]
  found = {
    'seeds': f'{_spans(base.header["seeds"])} ({base.repeats})',
    'versions': ', '.join(f'{name} {own}' for name, own in versions),
    'commit of this report': commit(),
    'seconds of all cells': human(sum(seconds)) if seconds else '',
  }
  return [(name, text) for name, text in found.items() if text]


def commit() -> str:
  """Returns the commit of the code, with + if files differ; '' if unknown."""
  root = pathlib.Path(__file__).parents[4]
  # An installed package may lie inside a repository of the user's own.
  if not (root / '.git').exists():
    return ''
  try:
    found, changes = (
      subprocess.run(
        # Without the option `git status` would write to .git.
        ['git', '--no-optional-locks', '-C', root, *arguments],
        capture_output=True,
        text=True,
        check=True,
      ).stdout.strip()
      for arguments in (
        ('rev-parse', '--short=12', 'HEAD'),
        ('status', '--porcelain', '--untracked-files=no'),
      )
    )
  except (OSError, subprocess.CalledProcessError):
    return ''
  return f'{found}+' if changes else found


def settings(cells: Sequence[Cell]) -> list[tuple[str, str]]:
  """Returns the cell and the hyperparameters of each row."""
  return [(cell.label, _settings(cell)) for cell in ordered(cells)]


def configuration(cells: Sequence[Cell]) -> str:
  """Returns what all rows have in common, as JSON."""
  return json.dumps(baseline(cells).header['comparable'], indent=2)


def _settings(cell: Cell) -> str:
  hp = json.dumps(hyperparameters.settled(cell))
  chosen = hyperparameters.selected(cell)
  more = f'; {hyperparameters.choice(cell)}' if chosen else ''
  seconds = cell.cost.get('seconds')
  took = f'; {human(seconds)} s' if seconds is not None else ''
  return f'cell {cell.header["hash"]}: {hp}{more}{took}'


def _counts(counts: dict[str, int]) -> str:
  """Rows per split, and known labels per task where some are missing."""
  # Keys are SPLIT for rows and SPLIT/TASK for known labels.
  rows = [f'{k} {n}' for k, n in counts.items() if '/' not in k]
  labels = [
    f'{k} {n}'
    for k, n in counts.items()
    if '/' in k and n != counts.get(k.split('/')[0])
  ]
  known = f'; known labels: {many.some(labels, 36)}' if labels else ''
  return ', '.join(rows) + known


def _spans(seeds: Sequence[int]) -> str:
  """Formats `0 to 29`, or the seeds where some are missing."""
  first, last = min(seeds), max(seeds)
  if sorted(seeds) == [*range(first, last + 1)]:
    return f'{first} to {last}' if last > first else f'{first}'
  return ', '.join(map(str, seeds))
