"""RAND HIE."""

from configs import default


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'rand_hie'
  config.encoder = 'mlp'
  config.encoders.mlp.widths = (64, 64)
  config.encoders.mlp.dropout = 0.3
  config.optimizer = 'adamw'
  config.schedule = 'cosine'
  config.steps = 1000
  config.batch_size = 256
  config.hp.lr = (3e-3,)
  config.hp.weight_decay = (3.0,)
  return config
