"""Is it sharing that differs, or the number of parameters?

  python -m experiments.capacity --config=configs/actg175.py \\
    --workdir=out/capacity

`hard` has an encoder where `single` has one per task. `hard_wide` shares one
with as many parameters as all of those, `single_small` has towers with no more
than the one.

RUNTIME_AND_ANSWER
"""

from experiments import ablation, cli

SCHEMES = ('hard', 'hard_wide', 'single_small')


def variants(config) -> ablation.Variants:
  """One row per scheme."""
  del config
  return {name: {'scheme': name} for name in SCHEMES}


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants))
