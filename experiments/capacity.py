"""Ablation: is the difference due to sharing or to the number of parameters?

  python -m experiments.capacity --config=configs/actg175.py \\
    --workdir=out/capacity

`hard` has one encoder, `single` has one per task. `hard_wide` shares an encoder
with as many parameters as all encoders of `single` together. The encoders of
`single_small` have together about as many parameters as the one of `hard`.

Ten resplits train in 15 seconds on two cores. Result on ACTG 175
(docs/results/capacity): nothing differs significantly from `single`. The mean
of `hard_wide`, a Δm of -0.6 %, is between those of `hard`, -0.9 %, and
`single`; so is that of `single_small`, -0.5 %.
"""

from experiments import ablation, cli

SCHEMES = ('hard', 'hard_wide', 'single_small')


def variants(config) -> ablation.Variants:
  """Returns one variant per scheme."""
  del config
  return {name: {'scheme': name} for name in SCHEMES}


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants), ablation.check)
