"""How many experts do tasks need?

  python -m experiments.expert_count --config=configs/actg175.py \\
    --workdir=out/expert_count

Mixtures of 1, where it is `hard` behind the stem, to 16 experts, each as large
as the encoder.

RUNTIME_AND_ANSWER
"""

from experiments import ablation, cli

COUNTS = (1, 2, 4, 8, 16)


def variants(config) -> ablation.Variants:
  """One row per number of experts."""
  del config
  return {
    f'mmoe of {count}': {
      'scheme': 'mmoe',
      'schemes.mmoe.num_experts': count,
    }
    for count in COUNTS
  }


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants))
