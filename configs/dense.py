"""Segmentation, depth and normals of rooms that are rendered here.

The tasks have losses of unlike scales, and are truly related: all follow from
where a ray meets a surface. The table of docs/results/dense:

  python -m experiments.compare --config=configs/dense.py \\
    --schemes=hard,cross_stitch,mtan,mmoe \\
    --balancers=equal,uncertainty,pcgrad,famo --workdir=out/dense

Every seed has rooms of its own. For the networks of the papers set
config.encoder to segnet or deeplab, and rendered_scenes.size to 128.
"""

from configs import default


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'rendered_scenes'
  config.datasets.rendered_scenes.num_train = 600
  config.datasets.rendered_scenes.num_valid = 100
  config.datasets.rendered_scenes.num_test = 200
  config.encoder = 'unet'
  config.encoders.unet.widths = (8, 16, 32)
  config.seeds = 5
  config.batch_size = 8
  config.eval_batch_size = 50
  config.schedule = 'cosine'
  config.steps = 750
  config.evals = 5
  config.hp.lr = (3e-3,)
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.schemes.nddr.mix_lr = 1.0
  config.schemes.mmoe.expert_from = 1  # Pixels themselves gate nothing.
  return config
