"""CIFAR-100: 20 coarse classes as tasks of their own pictures.

The recipe is that of Auto-Lambda (arXiv:2202.03091), but for its network and
augmentation: 32 rows of each task in a batch, SGD at .1 with momentum .9 and
weight decay 5e-4, cosine over 200 epochs; they have VGG-16, here it is
ResNet-18 for 32 pixels. PCGrad's table has other networks. 2,500 training rows
of a task are 78 batches, 15,600 steps in 200 epochs. mtl_jax/data/standard/
cifar100.py has the published figures and `tasks='levels'`.

Needs a GPU; `python -m mtl_jax.data.standard.cifar100 --miniature=FOLDER`
writes files to try the whole path on.

  python -m experiments.compare --config=configs/cifar100.py \\
    --schemes=hard,cross_stitch --workdir=out/cifar100
"""

from configs import default

TASKS = 20


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'mtl_jax.data.standard.cifar100'
  config.datasets.cifar100 = {
    'tasks': 'coarse',  # or levels: coarse and fine classes of every picture
    'parts': (9, 1),  # sizes of train and valid
    'published': True,  # or any files of this format
    'labels': (),
  }
  config.resplit = False  # the official test split
  config.encoder = 'resnet18'
  config.sampling = 'uniform'
  config.batch_size = 32 * TASKS
  config.steps = 15_600
  config.evals = 50
  config.optimizer = 'sgd'
  config.schedule = 'cosine'
  config.seeds = 3
  config.hp.lr = (0.1,)
  config.hp.weight_decay = (5e-4,)
  return config
