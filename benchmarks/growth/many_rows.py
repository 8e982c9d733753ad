"""Measures the memory of a large table with many resplits, stage by stage.

  python -m benchmarks.growth.many_rows --rows=1000000

Trains hard sharing by an MLP (64, 64) on two tasks with all resplits in one
process, then makes a second cell and fits linear models. For each stage it
records the resident memory of the process after the stage and its peak until
then, as the operating system reports them. Writes docs/results/many_rows.csv,
from which `benchmarks.growth.page` makes a section.

This file is also the data set: its `load` is what `config.dataset` names.
"""

import argparse
import functools
import pathlib
import resource
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from benchmarks import commands, results
from benchmarks.growth import rows_page
from configs import default
from mtl_jax import cells, devices
from mtl_jax.cells import build
from mtl_jax.data import base, splits
from mtl_jax.programs import compiled
from mtl_jax.run import linear
from mtl_jax.tasks import Task

TASKS = Task('sum', 'regression'), Task('sign', 'binary')
CARD = base.Card('many_rows', 'drawn here', 'none', 'none', '3:1:1 by row', {})
PAGE = resource.getpagesize()  # bytes
GIB = 2**30


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  rows: int = 100_000,
  inputs: int = 200,
) -> base.Data:
  """Splits the table by 3:1:1.

  Args:
    split_seed: of the split; the rows are the same for all seeds.
    data_dir: unused; there is nothing to read.
    files: unused.
    rows: of the table.
    inputs: columns of the table, float32.
  """
  del data_dir, files
  whole = table(rows, inputs)
  parts = splits.stratified(whole.labels[1], (3, 1, 1), split_seed)
  return base.cut(whole, parts, TASKS, CARD)


@functools.cache
def table(rows: int, inputs: int) -> base.Split:
  """Draws all rows; once in a process, so that its resplits share them.

  Args:
    rows: how many.
    inputs: columns, each standard normal.

  Returns:
    Inputs float32 `[rows, inputs]`, the labels of `TASKS`, `[rows]` each, and
    a mask in which no label is missing.
  """
  draw = np.random.default_rng(0)
  x = draw.standard_normal((rows, inputs), np.float32)
  y = x @ draw.standard_normal(inputs, np.float32) / np.float32(inputs**0.5)
  y += draw.standard_normal(rows, np.float32)
  labels = y, (x[:, 0] + y > 0).astype(np.int32)
  return base.Split(x, labels, np.ones((rows, 2), bool))


def config(asked: argparse.Namespace) -> Any:
  """Returns the config of the first cell; the second has another balancer."""
  c = default.get_config()
  c.dataset = 'benchmarks.growth.many_rows'
  c.datasets.many_rows = {'rows': asked.rows, 'inputs': asked.inputs}
  c.encoders.mlp.widths = (64, 64)
  c.seeds, c.steps, c.evals = asked.seeds, asked.steps, 2
  c.batch_size, c.eval_batch_size = 256, 4096
  return c


class Stages:
  """Runs stages and measures the memory and time of each.

  Args:
    **known: columns that are the same in every row.

  Attributes:
    rows: a row of many_rows.csv for each stage so far.
  """

  def __init__(self, **known: Any):
    self.known = known
    self.rows: list[dict[str, Any]] = []

  def __call__(
    self, name: str, stage: Callable[..., Any], *arguments: Any
  ) -> Any:
    before, began = held(), time.monotonic()
    result = stage(*arguments)
    # Linux reports KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    numbers = {
      'gib_more': (held() - before) / GIB,
      'gib_held': held() / GIB,
      'gib_peak': peak / GIB,
      'seconds': time.monotonic() - began,
    }
    row = {'stage': name} | {k: f'{v:.3f}' for k, v in numbers.items()}
    print(*row.values(), sep=', ', flush=True)
    self.rows.append(self.known | row)
    return result


def held() -> int:
  """Returns the resident memory of the process in bytes (Linux only)."""
  return int(pathlib.Path('/proc/self/statm').read_text().split()[1]) * PAGE


def prepared(cell: cells.Cell) -> tuple:
  """Returns the programs of a cell and the inputs of its first chunk."""
  made = compiled.Programs(cell)
  return made, jax.block_until_ready(made.inputs(cell.chunks()[0]))


def trained(cell: cells.Cell, made: compiled.Compiled, inputs: Any) -> dict:
  """Trains, evaluates and tests the first chunk of runs.

  Args:
    cell: gives the number of evaluations.
    made: its compiled programs.
    inputs: of the chunk, on the devices.

  Returns:
    The test metrics.
  """
  state = made.start(inputs)
  for _ in range(cell.config.evals):
    state, *_ = made.period(inputs, state)
  return made.test(inputs, state)[1]


def main() -> None:
  parser = commands.Parser(description=__doc__.splitlines()[0])
  parser.add_argument('--rows', type=int, default=100_000, help='of the table')
  parser.add_argument('--inputs', type=int, default=200, help='columns')
  parser.add_argument('--seeds', type=int, default=10, help='resplits')
  parser.add_argument('--steps', type=int, default=300, help='of every run')
  parser.add_argument('--code', default=rows_page.NOW, help='name of version')
  parser.add_argument('--out', default='docs/results', help='folder of CSV')
  asked = parser.parse_args()
  for name in ('rows', 'inputs', 'seeds', 'steps'):
    if getattr(asked, name) < 1:
      parser.error(f'--{name} must be at least 1')
  devices.use_every_core()
  c = config(asked)
  # The config names the module, not the copy that runs as __main__: only the
  # module's cached table is the one that `load` cuts.
  from benchmarks.growth import many_rows as own

  staged = Stages(code=asked.code, rows=asked.rows, resplits=asked.seeds)
  staged('the table', own.table, asked.rows, asked.inputs)
  datas = staged('its resplits', build.data, c)
  cell = staged('a cell', cells.make, c, datas)
  made, inputs = staged('what it reads, on devices', prepared, cell)
  programs = staged('compiled', made.compile, inputs)
  staged(f'{asked.steps} steps, tested', trained, cell, programs, inputs)
  c.balancer = 'pcgrad'
  other = staged('a second cell', cells.make, c, datas)
  staged('what that reads', prepared, other)
  staged('linear models of a resplit', linear.fit, datas[0])
  path = pathlib.Path(asked.out) / 'many_rows.csv'
  results.write(path, rows_page.merged(results.read(path), staged.rows))


if __name__ == '__main__':
  main()
