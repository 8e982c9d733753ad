"""Office-Home: a task per domain, by the protocol of LibMTL and DB-MTL.

Adam at 1e-4 with weight decay 1e-5, 64 rows of each domain in a batch, 100
epochs of the largest domain (4100 steps), hard sharing of a ResNet-18 that was
trained on ImageNet, 3 runs on one split (arXiv:2308.12029, table 4). The base
row and the convention of Delta_m are in mtl_jax/data/standard/office_home.py.

Weights of ImageNet are yours to bring, as `--config.init_from=FILE` (names as
in this package, see docs). Without them accuracies are far lower, and stand
beside no published figure. The split is the published one if the folder has
LibMTL's lists. They report the epoch that is best on validation, as is done
here (the loss decides; `--config.select=metric` for accuracies).

Needs a GPU. To try the whole path, write miniature files by
`python -m mtl_jax.data.standard.office_home --miniature=FOLDER`.

  python -m experiments.compare --config=configs/office_home.py \\
    --schemes=hard,cross_stitch --workdir=out/office_home
"""

from configs import office31

DOMAINS = 4


def get_config():
  """Returns the configuration."""
  config = office31.get_config()  # The fields of both data sets are the same.
  config.dataset = 'mtl_jax.data.standard.office_home'
  config.datasets.office_home = config.datasets.office31
  del config.datasets.office31
  config.batch_size = 64 * DOMAINS
  config.steps = 4100
  return config
