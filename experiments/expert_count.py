"""Ablation: how many experts do tasks need?

  python -m experiments.expert_count --config=configs/actg175.py \\
    --workdir=out/expert_count

Mixtures of 1 to 16 experts, each as large as the encoder. With one expert the
scheme is `hard` after the stem.

Ten resplits train in half a minute on two cores. Result on ACTG 175
(docs/results/expert_count): no number differs significantly from `single`. The
mean Δm of 4, 8 and 16 experts is +0.2 to +0.3 %, that of two 0, of one -0.9 %.
"""

from experiments import ablation, cli

COUNTS = (1, 2, 4, 8, 16)


def variants(config) -> ablation.Variants:
  """Returns one variant per number of experts."""
  del config
  return {
    f'mmoe of {count}': {
      'scheme': 'mmoe',
      'schemes.mmoe.num_experts': count,
    }
    for count in COUNTS
  }


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants), ablation.check)
