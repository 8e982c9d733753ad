"""Five synthetic tasks of known relatedness, few rows and a small network.

For experiments.validity, in which each seed has a world of its own and sharing
helps some tasks and harms others. Not tuned; the last tasks have few labels.
"""

from configs import default


def get_config():
  """Returns the configuration."""
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
