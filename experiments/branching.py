"""Ablation: where should an encoder branch into one part per task?

  python -m experiments.branching --config=configs/multi_digits.py \\
    --config.seeds=10 --workdir=out/branching

Hard sharing whose first `split_at` stages are shared, from none, which is
`single`, to all of them.

Ten resplits train in 15 minutes on two busy cores. Result on two overlapping
digits (docs/results/branching): no branch point differs significantly from
`single`. The later it branches, the lower the mean: Δm is +0.1 % with one stage
shared, -0.9 % with two, -1.7 % with all three, each ± 1 to 2 %.
"""

from __future__ import annotations

from experiments import ablation, cli, lazy

with lazy.imports():
  from mtl_jax import cells


def variants(config) -> ablation.Variants:
  """Returns one variant per number of shared stages."""
  count = len(cells.stages(config))
  return {
    f'hard {cut} of {count} stages shared': {
      'scheme': 'hard',
      'schemes.hard.split_at': cut,
    }
    for cut in range(1, count + 1)
  }


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants), ablation.check)
