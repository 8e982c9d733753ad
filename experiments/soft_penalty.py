"""How strongly should towers be drawn together?

  python -m experiments.soft_penalty --config=configs/actg175.py \\
    --config.optimizer=sgd --config.hp.weight_decay="(0.,)" \\
    --config.hp.lr="(.01,.03,.1,.3)" --workdir=out/soft_penalty

Soft sharing (`soft_l2`) from no penalty, where it is `single` but for towers
that start alike, to one that ties the towers. The penalty is a proximal step,
stable at any strength. Under SGD tied towers follow `hard`, its encoder at a
learning rate over the number of tasks; under Adam they do not, since each
tower's gradient is normalised by itself.

Ten resplits train in three minutes on two cores. Answer on ACTG 175
(docs/results/soft_penalty): no strength is shown to differ from `single`. The
mean validation loss goes from .588 without a penalty (`single` .587) over .593
at 1 to .598 where towers are tied (`hard` .595).
"""

from experiments import ablation, cli

STRENGTHS = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 1e9)


def variants(config) -> ablation.Variants:
  """One row per strength, and `hard`."""
  del config
  rows = {
    f'soft_l2 penalty {strength:g}': {
      'scheme': 'soft_l2',
      'schemes.soft_l2.implicit': True,
      'hp.penalty': (),
      'schemes.soft_l2.hp.penalty': (strength,),
    }
    for strength in STRENGTHS
  }
  return {**rows, 'hard': {'scheme': 'hard'}}


if __name__ == '__main__':
  cli.run(lambda: ablation.run(variants))
