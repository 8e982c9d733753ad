"""What every ablation does: a table whose rows are one scheme's variants.

A variant is a name and the keys of the config that it changes; `single` joins
by itself. Rows, intervals and tests are those of `experiments.compare`.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from experiments import cli, compare, lazy
from experiments.search import changed

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax.processes import hosts
  from mtl_jax.report import results as report_cells

Variants = dict[str, dict[str, Any]]


def run(variants: Callable[[Any], Variants]) -> None:
  """Trains the variants of `--config` into `--workdir` and prints the table."""
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  baseline = {'scheme': 'single', 'balancer': 'equal'}
  chosen = {'single': baseline} | variants(config)
  configs = [changed(config, changes) for changes in chosen.values()]
  for one in configs:
    cells.check(one)
  datas = cells.data(config)
  table = [cells.make(one, datas, workdir=folder) for one in configs]
  folders = compare.trained(table, folder, launcher)
  if hosts.is_process_0():
    pairs = zip(chosen, folders, strict=True)
    compare.report([named(name, found) for name, found in pairs], folder)


def named(name: str, folder: pathlib.Path) -> report_cells.Cell:
  """A cell under its variant's name, which is what its row is called."""
  cell = report_cells.load(folder)
  return cell._replace(header={**cell.header, 'scheme': name})
