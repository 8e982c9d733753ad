"""Cityscapes: seven categories and inverse depth, as in published tables.

MTAN's preprocessed files at 128 x 256 pixels, a SegNet with MTAN's attention,
Adam at 1e-4 halved after epoch 100 of 200, batches of 8, random scale, crop and
flip, 3 seeds: as in Nash-MTL (arXiv:2202.01017, table 3), CAGrad and FAMO. The
base row and the convention of Delta_m are in
mtl_jax/data/standard/cityscapes.py.

What differs from published runs is what differs in configs/nyuv2.py: the test
split is evaluated once, with the parameters that are best on validation, which
are not the mean of the last 10 epochs; a tenth of the training pictures serves
for validation, and is trained on too.

Needs a GPU; `python -m mtl_jax.data.standard.cityscapes --miniature=FOLDER`
writes files to try the whole path on.
"""

from configs import nyuv2


def get_config():
  """Returns the configuration."""
  config = nyuv2.get_config()
  config.dataset = 'mtl_jax.data.standard.cityscapes'
  config.datasets.cityscapes = {
    'form': 'mtan',  # or original: the official folders
    'tasks': (),  # both
    'valid': 0.1,  # share of the training pictures
    'train_on_valid': True,
    'averaging': 'batches',  # means over batches of 8, as published; or pixels
    'metric_batch': 8,
    'published': True,  # or any files of this format
    'labels': (),
  }
  config.batch_size = 8
  config.eval_batch_size = 32
  return config
