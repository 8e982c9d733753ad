"""How strongly should towers be drawn together?

  python -m experiments.soft_penalty --config=configs/actg175.py \\
    --workdir=out/soft_penalty

Soft sharing (`soft_l2`) from no penalty, where it is `single`, to one
that ties the towers. The penalty is a proximal step, stable at any
strength; ends are compared with `single` and with `hard`.

RUNTIME_AND_ANSWER
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
