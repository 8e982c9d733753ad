"""Where should an encoder branch into one part per task?

  python -m experiments.branching --config=configs/multi_digits.py \\
    --config.seeds=10 --workdir=out/branching

Hard sharing whose first `split_at` stages are shared, from none, where it is
`single`, to all of them.

Ten resplits train in a quarter of an hour on two cores that others use. Answer
on two overlapping digits (docs/results/branching): no branch point is shown to
differ from `single`. The means fall the later it branches: Δm is +0.1 % with
one stage shared, -0.9 % with two, -1.7 % with all three, each ± 1 to 2 %.
"""

from __future__ import annotations

from experiments import ablation, cli, lazy

with lazy.imports():
  from mtl_jax import cells


def variants(config) -> ablation.Variants:
  """One row per stage to branch behind."""
  count = len(cells.stages(config))
  return {
    f'hard {cut} of {count} stages shared': {
      'scheme': 'hard',
      'schemes.hard.split_at': cut,
    }
    for cut in range(1, count + 1)
  }


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants))
