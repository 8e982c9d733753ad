"""Measures how tasks interfere in one scheme.

  python -m experiments.interference --config=configs/actg175.py \\
    --scheme=hard --balancer=equal --workdir=out/interference

Trains the scheme with the balancer, and also `single` with `equal`, whose
towers learn the features of each task separately. At the start and at each
evaluation it compares the gradients of the tasks on `config.probe.batches`
batches (4 if the config has 0). Writes interference.csv, matrices.csv,
interference.md and figures/. A finished cell is not trained again.

docs/interference.md defines each number and its limits.
"""

from __future__ import annotations

from experiments import cli, compare, lazy

with lazy.imports():
  from mtl_jax.api import interference


def main() -> None:
  """Trains the scheme and the baseline and writes the report."""
  result = interference.run(cli.experiment(), *cli.pair())
  if result:
    result.report()


if __name__ == '__main__':
  cli.run(main, compare.check_choices)
