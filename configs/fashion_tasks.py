"""What an item is and what is hidden of it: one picture, few labels of items.

A task with classes and one of continuous maps, as in the paper of cross-stitch
networks (Misra et al., CVPR 2016), whose gain is largest where labels are few:
200 of 4,000 training pictures have the label of `item`, all have `hidden`. Each
of ten seeds has 7,000 pictures of its own. SGD with momentum, since the
multipliers of the learning rate that the paper compares are those of SGD.

The learning rate was chosen for `single` on the validation rows of 2 seeds, 600
steps: score .318 for .003, .271 for .01, .387 for .03, .725 for .1:

  python -m experiments.search --config=configs/fashion_tasks.py \\
    --try="batch_size=(64,)" --config.seeds=2 --config.steps=600 \\
    --config.evals=10 --config.hp.lr="(.003,.01,.03,.1)" --workdir=out/search
"""

from configs import default


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'fashion_tasks'
  config.datasets.fashion_tasks.blocks = 10
  config.datasets.fashion_tasks.labels = (('item', 200),)
  config.encoder = 'lenet'
  config.encoders.lenet.channels = (8, 16)
  config.encoders.lenet.size = 3
  config.encoders.lenet.width = 32
  config.optimizer = 'sgd'
  config.schedule = 'cosine'
  config.steps = 1000
  config.evals = 20
  config.batch_size = 64
  config.hp.lr = (0.01,)
  return config
