"""CelebA: 40 attributes, by the protocol of Kurin et al. (NeurIPS 2022).

ResNet-18 with linear heads on 64 x 64 pixels, Adam at 1e-3 (5e-4 for MGDA and
IMTL) times .95 after each of 50 epochs, batches of 128, 3 runs; published is
the mean test accuracy of the 40 tasks with a 95 % interval, .9090 +- .0008 for
the plain sum. They tune dropout and weight decay in {0, 1e-4, 1e-3} per method;
this ResNet has no dropout. Parameters are chosen by validation loss here. No
row of single tasks is published, so that Delta_m stands beside no figure of
theirs. mtl_jax/data/standard/celeba.py has the other protocols.

Needs a GPU; `python -m mtl_jax.data.standard.celeba --miniature=FOLDER` writes
files to try the whole path on.

  python -m experiments.compare --config=configs/celeba.py \\
    --schemes=hard --workdir=out/celeba
"""

from configs import default, multi_fashion

EPOCHS = 50


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'mtl_jax.data.standard.celeba'
  config.datasets.celeba = {
    'form': 'files',  # or tfds: the prepared data set celeb_a
    'tasks': (),  # names of attributes; () is all 40
    'size': 64,  # height and width in pixels
    'published': True,  # or any files of this format
    'labels': (),
  }
  config.resplit = False  # the official split, by person
  config.encoder = 'resnet18'
  config.encoders.resnet18.stem = 'large'
  config.schedule = 'step'
  config.schedules.step.boundaries = multi_fashion.boundaries(EPOCHS)
  config.schedules.step.factor = 0.95
  config.epochs = float(EPOCHS)
  config.evals = EPOCHS
  config.batch_size = 128
  config.seeds = 3
  config.hp.lr = (1e-3,)
  return config
