"""Office-31: a task per domain, by the protocol of LibMTL and DB-MTL.

Adam at 1e-4 with weight decay 1e-5, 64 rows of each domain in a batch, 100
epochs of the largest domain (2600 steps), hard sharing of a ResNet-18 that was
trained on ImageNet, 3 runs on one split (arXiv:2308.12029, table 4). The base
row and the convention of Delta_m are in mtl_jax/data/standard/office31.py.

Weights of ImageNet are yours to bring, as `--config.init_from=FILE` (names as
in this package, see docs). Without them accuracies are far lower, and stand
beside no published figure. The split is the published one if the folder has
LibMTL's lists. They report the epoch that is best on validation, as is done
here (the loss decides; `--config.select=metric` for accuracies).

Needs a GPU. To try the whole path, write miniature files by
`python -m mtl_jax.data.standard.office31 --miniature=FOLDER`.

  python -m experiments.compare --config=configs/office31.py \\
    --schemes=hard,cross_stitch --workdir=out/office31
"""

from configs import default

DOMAINS = 3


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'mtl_jax.data.standard.office31'
  config.datasets.office31 = {
    'size': 224,  # height and width in pixels
    'published': True,  # or any folders of this format
    'labels': (),
  }
  config.resplit = False  # the published split
  config.encoder = 'resnet18'
  config.encoders.resnet18.stem = 'large'
  config.sampling = 'uniform'
  config.batch_size = 64 * DOMAINS
  config.steps = 2600
  config.evals = 100
  config.eval_batch_size = 64
  config.seeds = 3
  config.hp.lr = (1e-4,)
  config.hp.weight_decay = (1e-5,)
  return config
