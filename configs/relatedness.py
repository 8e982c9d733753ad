"""Five tasks in worlds whose relatedness is set, few rows and a small network.

For experiments.validity, which draws every seed another world: sharing helps
some tasks there and hurts others. Not tuned; the last tasks have few labels.
"""

from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'synthetic'
  config.datasets.synthetic.tasks = 5
  config.datasets.synthetic.inputs = 20
  config.datasets.synthetic.rows = (400, 400, 2000)
  config.datasets.synthetic.c = 1.0
  config.datasets.synthetic.known = (1.0, 1.0, 0.5, 0.25, 0.25)
  config.encoder = 'mlp'
  config.encoders.mlp.widths = (16,)
  config.seeds = 40
  config.steps = 1000
  config.hp.lr = (3e-3,)
  return config
