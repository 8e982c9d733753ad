"""Ablation: initial value and learning rate of cross-stitch units.

  python -m experiments.stitches --config=configs/actg175.py \\
    --workdir=out/stitches

The three published ablations (Misra et al., CVPR 2016, tables 1 to 3) on a
small scale: the initial weight of a tower on itself, the multiplier of the
learning rate, and towers that are first trained separately.

Ten resplits train in one minute on two cores. Result on ACTG 175 under Adam
(docs/results/stitches): no initial weight from .1 to .9 differs significantly
from `single`, nor do towers that are first trained separately. A multiplier of
1000 significantly harms three of five tasks: the published values are for SGD,
whereas Adam scales the updates of the units itself.
"""

from experiments import ablation, cli
from mtl_jax.errors import InputError

OWN = (0.1, 0.5, 0.7, 0.9)
MULTIPLIERS = (1.0, 10.0, 100.0, 1000.0)
APART = (0.25, 0.5)  # shares of the training steps


def variants(config) -> ablation.Variants:
  """Returns the variants; each changes one of three default values."""
  if config.epochs:
    raise InputError(
      'the warm start of stitches is a share of config.steps; set these and '
      'config.epochs=0'
    )
  usual = {'own': 0.9, 'mix_lr': 1.0, 'warm_start': 0}
  rows = {f'own {own:g}': {'own': own} for own in OWN}
  rows |= {f'lr x {m:g}': {'mix_lr': m} for m in MULTIPLIERS if m != 1}
  rows |= {
    f'apart for {share:.0%}': {'warm_start': round(share * config.steps)}
    for share in APART
  }
  return {
    f'cross_stitch {name}': {
      'scheme': 'cross_stitch',
      **{f'schemes.cross_stitch.{k}': v for k, v in (usual | row).items()},
    }
    for name, row in rows.items()
  }


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants), ablation.check)
