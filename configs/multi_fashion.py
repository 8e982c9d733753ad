"""Two overlapping pieces of clothing in one picture, one task per piece.

The recipe is that of Kurin et al. (NeurIPS 2022) for Multi-MNIST, not tuned
here: LeNet with dropout, Adam at 1e-2 (their choice of 1e-3, 1e-2 and 1e-1),
times .95 after each epoch, batches of 256. It is shorter, for a CPU: 20,000
pictures and 30 epochs, where they have 50,000 and 100. With another number of
epochs, `boundaries` gives the ends of all.
"""

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
  config.schedules.step.boundaries = boundaries(EPOCHS)
  config.schedules.step.factor = 0.95
  config.epochs = float(EPOCHS)
  config.evals = 15
  config.batch_size = 256
  config.seeds = 5
  config.hp.lr = (1e-2,)
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.schemes.nddr.mix_lr = 1.0
  return config


def boundaries(epochs: int) -> tuple[float, ...]:
  """Ends of all epochs but the last, as shares of a run."""
  return tuple(i / epochs for i in range(1, epochs))
