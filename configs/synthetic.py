"""Two synthetic tasks of known relatedness, after MMoE (section 5.1).

One layer of 113 units has as many parameters as the paper's eight experts of 16
units; Adam. Not tuned. Each seed has a world of its own; relatedness is set by
--config.datasets.synthetic.related.
"""

from configs import default


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'synthetic'
  config.encoder = 'mlp'
  config.encoders.mlp.widths = (113,)
  config.steps = 2000
  config.evals = 20
  return config
