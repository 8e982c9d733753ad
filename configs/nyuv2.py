"""NYUv2: classes, depth and normals, by the protocol of published tables.

MTAN's preprocessed files, a SegNet with MTAN's attention, Adam at 1e-4 halved
after epoch 100 of 200, batches of 2, random scale, crop and flip, 3 seeds: as
in Nash-MTL (arXiv:2202.01017, table 2), CAGrad and FAMO. The base row and the
convention of Delta_m are in mtl_jax/data/standard/nyuv2.py.

Published figures are means of the last 10 epochs on the test split, and there
is no validation split. Here the test split is evaluated once, with the
parameters that are best on validation, and no mean over epochs is made. So
that training has all 795 pictures, as published, a tenth of them serve for
validation too (`train_on_valid`): what fits training pictures best is among the
last evaluations, and test pictures choose nothing. With `train_on_valid=False`
the tenth is held out, as the choice of hyperparameters needs it.

Needs a GPU; `python -m mtl_jax.data.standard.nyuv2 --miniature=FOLDER` writes
files to try the whole path on.
"""

from configs import default

EPOCHS = 200


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'mtl_jax.data.standard.nyuv2'
  config.datasets.nyuv2 = {
    'form': 'mtan',  # or mat: the official file, without normals
    'tasks': (),  # all that the files have
    'valid': 0.1,  # share of the training pictures
    'train_on_valid': True,
    'averaging': 'batches',  # means over batches of 2, as published; or pixels
    'metric_batch': 2,
    'published': True,  # or any files of this format
    'labels': (),
  }
  config.resplit = False
  config.encoder = 'segnet'
  config.scheme = 'mtan'
  config.augment = 'scale_crop_flip'
  config.schedule = 'step'
  config.schedules.step.boundaries = (0.5,)
  config.schedules.step.factor = 0.5
  config.epochs = float(EPOCHS)
  config.evals = 40
  config.batch_size = 2
  config.eval_batch_size = 8
  config.seeds = 3
  config.hp.lr = (1e-4,)
  return config
