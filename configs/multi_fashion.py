"""Two overlapping pieces of clothing in one picture, one task per piece."""

from configs import default

EPOCHS = 30


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'multi_fashion'
  config.datasets.multi_fashion.num_train = 20_000
  config.datasets.multi_fashion.num_valid = 4000
  config.encoder = 'lenet_sener_koltun'
  config.schemes.hard.split_at = 3
  config.schedule = 'step'
  boundaries = tuple(i / EPOCHS for i in range(1, EPOCHS))
  config.schedules.step.boundaries = boundaries
  config.schedules.step.factor = 0.85
  config.epochs = float(EPOCHS)
  config.evals = 10
  config.batch_size = 256
  config.seeds = 5
  config.hp.lr = (3e-3,)
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.schemes.nddr.mix_lr = 1.0
  return config
