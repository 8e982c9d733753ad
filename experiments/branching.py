"""Where should an encoder branch into one part per task?

  python -m experiments.branching --config=configs/multi_digits.py \\
    --config.seeds=10 --workdir=out/branching

Hard sharing whose first `split_at` stages are shared, from none, where it is
`single`, to all of them.

RUNTIME_AND_ANSWER
"""

from experiments import ablation, cli
from mtl_jax import build


def variants(config) -> ablation.Variants:
  """One row per stage to branch behind."""
  count = len(build.stages(config))
  return {
    f'hard {cut} of {count} stages shared': {
      'scheme': 'hard',
      'schemes.hard.split_at': cut,
    }
    for cut in range(1, count + 1)
  }


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants))
