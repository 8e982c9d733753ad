"""What digests and checkpoints cost: `python -m tests.faults.overhead`.

A table of ACTG 175 is trained in this process, with a checkpoint at every
evaluation, and the functions that save, digest and sync are timed. The parts
go into docs/reliability.md in percent of the run; checkpoints at the default
of one every `config.checkpoint_seconds`.
"""

import argparse
import functools
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from benchmarks import markdown
from experiments.made.making import processor
from mtl_jax.records import digests, disk, file_digests
from mtl_jax.run import checkpoints

PAGE = pathlib.Path(__file__).parents[2] / 'docs' / 'reliability.md'
EVERY = 60.0  # config.checkpoint_seconds of configs/default.py
COMMAND = 'python -m tests.faults.overhead'
SAVES = 'checkpoints'
PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
  SAVES: ((checkpoints.Checkpoints, 'save'),),
  'digests': tuple(
    (module, name)
    for module in (digests, file_digests)
    for name in ('write_beside', 'verify', 'write')
  ),
  'syncs of files': ((disk, 'sync'),),
}


def main(arguments: list[str] | None = None) -> None:
  """Measures, prints the table and puts it into the page."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--runs', type=int, default=3)
  parser.add_argument('--steps', type=int, default=1000)
  asked = parser.parse_args(arguments)
  spent = timed()
  totals, parts = [], {name: [] for name in PARTS}
  for _ in range(asked.runs):
    totals.append(trained(asked.steps))
    for name in PARTS:
      parts[name].append(list(spent[name]))
      spent[name].clear()
  text = table(totals, parts, asked.steps)
  print(text)
  page = markdown.put(PAGE.read_text('utf-8'), 'overhead', text)
  PAGE.write_text(page, 'utf-8')


def timed() -> dict[str, list[float]]:
  """Wraps the functions of `PARTS`; returns the seconds of each call so far.

  A call inside another one of the same part is not counted twice.
  """
  spent: dict[str, list[float]] = {name: [] for name in PARTS}
  for part, functions in PARTS.items():
    inside: list[str] = []
    for owner, name in functions:
      own = getattr(owner, name)
      setattr(owner, name, _wrapped(own, spent[part], inside))
  return spent


def _wrapped(function: Callable, spent: list[float], inside: list) -> Callable:
  @functools.wraps(function)
  def call(*args, **kwargs):
    if inside:
      return function(*args, **kwargs)
    inside.append('')
    began = time.perf_counter()
    try:
      return function(*args, **kwargs)
    finally:
      inside.clear()
      spent.append(time.perf_counter() - began)

  return call


def trained(steps: int) -> float:
  """Trains single and hard, ten resplits each; returns the seconds."""
  from configs import actg175
  from mtl_jax import cells, run
  from mtl_jax.cells import build

  config = actg175.get_config()
  config.steps, config.checkpoint_seconds = steps, 0.0
  data = build.data(config)
  both = [config.copy_and_resolve_references() for _ in range(2)]
  both[0].scheme, both[1].scheme = 'single', 'hard'
  with tempfile.TemporaryDirectory() as folder:
    began = time.perf_counter()
    run.train([cells.make(c, data) for c in both], pathlib.Path(folder))
    return time.perf_counter() - began


def table(totals: list[float], parts: dict, steps: int) -> str:
  """The parts in percent, medians over the runs, and how it was measured."""
  rows = []
  for name, runs in parts.items():
    calls = statistics.median(map(len, runs))
    seconds = statistics.median(map(sum, runs))
    each = seconds / max(calls, 1)
    share = seconds / statistics.median(totals)
    usual = f'{each / EVERY:.2%}' if name == SAVES else f'< {share:.1%}'
    rows.append(
      [name, f'{calls:.0f}', f'{1e3 * each:.1f}', f'{share:.1%}', usual]
    )
  head = ('part', 'calls', 'ms each', 'of this run', 'of a run by default')
  where = (
    f'`{COMMAND}`: single and hard on ACTG 175, ten resplits, {steps:,} steps, '
    f'{statistics.median(totals):.0f} s, median of {len(totals)} runs, a '
    'checkpoint at every evaluation; by default there is one every '
    f'{EVERY:.0f} s. {os.cpu_count()} cores of {processor()}, Python '
    f'{platform.python_version()}. Parts overlap: a checkpoint has digests '
    'and syncs of its own.'
  )
  return '\n\n'.join(
    ['', markdown.table(head, rows), markdown.wrapped(where), '']
  )


if __name__ == '__main__':
  sys.exit(main())
