"""Two tasks whose relatedness is set, after MMoE (section 5.1 of its paper).

One layer of 113 units, as many parameters as its eight experts of 16; Adam. Not
tuned: a world per seed, to be swept with --config.datasets.synthetic.related.
"""

from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'synthetic'
  config.encoder = 'mlp'
  config.encoders.mlp.widths = (113,)
  config.steps = 2000
  config.evals = 20
  return config
