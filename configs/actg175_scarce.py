"""ACTG 175 with 60 training labels of cd496; the other outcomes are whole.

As configs/actg175.py, whose settings were tuned with all labels, but for fewer
steps.
"""

from configs import actg175


def get_config():
  """Returns the configuration."""
  config = actg175.get_config()
  config.datasets.actg175.labels = (('cd496', 60),)
  config.steps = 600
  return config
