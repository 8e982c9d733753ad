"""How should cross-stitch units start, and how fast should they learn?

  python -m experiments.stitches --config=configs/actg175.py \\
    --workdir=out/stitches

The three published ablations (Misra et al., CVPR 2016, tables 1 to 3) in
miniature: a tower's weight on itself at the start, the learning rate's
multiplier, and towers that were trained apart first.

Ten resplits train in 2 to 6 minutes on two cores. Answer on ACTG 175, under
Adam (docs/results/stitches): no start from .1 to .9 is shown to differ from
`single`, nor are towers that were trained apart first. A multiplier of 1000 is
shown to harm four of five tasks: the published ones are for SGD, and Adam
scales the stitches by itself.
"""

from experiments import ablation, cli

OWN = (0.1, 0.5, 0.7, 0.9)
MULTIPLIERS = (1.0, 10.0, 100.0, 1000.0)
APART = (0.25, 0.5)  # shares of the steps


def variants(config) -> ablation.Variants:
  """Table 1, 2 and 3: each changes one thing of .9, x 1, from the start."""
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
  cli.run(lambda: ablation.run(variants))
