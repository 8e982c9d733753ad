"""Is it sharing that differs, or the number of parameters?

  python -m experiments.capacity --config=configs/actg175.py \\
    --workdir=out/capacity

`hard` has an encoder where `single` has one per task. `hard_wide` shares one
with as many parameters as all of those, the towers of `single_small` have
together about as many as the one.

Ten resplits train in half a minute on two cores. Answer on ACTG 175
(docs/results/capacity): nothing is shown to differ from `single`. The mean of
`hard_wide`, a Δm of -0.4 %, lies between those of `hard`, -1.0 %, and `single`;
so does that of `single_small`.
"""

from experiments import ablation, cli

SCHEMES = ('hard', 'hard_wide', 'single_small')


def variants(config) -> ablation.Variants:
  """One row per scheme."""
  del config
  return {name: {'scheme': name} for name in SCHEMES}


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants))
