"""ACTG 175: five outcomes of 2,139 patients from what is known at baseline."""

from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'actg175'
  config.encoder = 'mlp'
  return config
