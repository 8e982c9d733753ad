"""Runs an ablation: a table whose rows are variants of one scheme.

A variant has a name and the config keys that it changes. `single` is always
added as the baseline. Rows, intervals and tests are those of
`experiments.compare`.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from experiments import cli, compare, lazy
from experiments.search import with_changes

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax.api import combinations, comparison
  from mtl_jax.processes import hosts
  from mtl_jax.report import results as report_cells

Variants = dict[str, dict[str, Any]]
check = compare.check_choices  # of the flags, before JAX is imported


def run(variants: Callable[[Any], Variants]) -> None:
  """Trains the variants of `--config` into `--workdir` and prints the table.

  Args:
    variants: maps a config to its variants: names with dotted config keys and
      their values.

  Raises:
    InputError: if a variant cannot be built with the config.
  """
  experiment = cli.experiment()
  baseline = {'scheme': 'single', 'balancer': 'equal'}
  config = combinations.swept(experiment.config)
  chosen = {'single': baseline} | variants(config)
  configs = [with_changes(config, changes) for changes in chosen.values()]
  for one in configs:
    cells.check(one)
  experiment = experiment.loaded()
  folders = experiment.train([experiment.make(one) for one in configs])
  if hosts.is_process_0():
    pairs = zip(chosen, folders, strict=True)
    rows = [load_as(name, own) for name, own in pairs]
    comparison.of(rows, experiment, folders).report()


def load_as(name: str, folder: pathlib.Path) -> report_cells.Cell:
  """Loads a cell under the name of its variant.

  Args:
    name: name of the variant, which labels its row of the table.
    folder: folder of the cell.
  """
  cell = report_cells.load(folder)
  return cell._replace(header={**cell.header, 'scheme': name})
