"""The published recipes as configs, at any size."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

BATCH = 256  # in all recipes
DECAY = 0.95  # of the learning rate per epoch, in Kurin's


class Size(NamedTuple):
  """How much of a recipe is trained.

  Attributes:
    pairs: of train, valid and test.
    epochs: passes over the training pairs.
    seeds: number of seeds, all on the official test pictures.
  """

  pairs: tuple[int, int, int]
  epochs: int
  seeds: int


def kurin(size: Size) -> Any:
  """Kurin et al., NeurIPS 2022: the LeNet of Sener and Koltun.

  Adam at 1e-2, times .95 per epoch, parameters of the best mean validation
  accuracy. The last dense layer is private, as published.
  """
  config = _config('kurin', size)
  config.encoder = 'lenet_sener_koltun'
  config.schemes.hard.split_at = 3
  config.schemes.mmoe.tower_from = 3
  config.hp.lr = (1e-2,)
  _decay(config, range(1, size.epochs), size.epochs, DECAY)
  return config


def pareto_lenet(size: Size) -> Any:
  """Lin et al., NeurIPS 2019: LeNet of one dense layer, SGD with momentum.

  Learning rate 1e-3, halved at epochs 15, 30, ..., 90.
  """
  config = _config('pareto_mtl', size)
  config.encoder = 'lenet'
  config.encoders.lenet.update(channels=(10, 20), sizes=(9, 5), width=50)
  config.encoders.lenet.padding = 'VALID'
  config.optimizer = 'sgd'
  config.optimizers.sgd.momentum = 0.9
  config.hp.lr = (1e-3,)
  _decay(config, range(15, 91, 15), 100, 0.5)
  return config


def pareto_resnet18(size: Size) -> Any:
  """Lin et al., NeurIPS 2019: ResNet-18, Adam at 1e-3, a tenth from epoch 10.

  The published schedule also names epoch 20, which is the end.
  """
  config = _config('pareto_mtl', size)
  config.encoder = 'resnet18'
  config.encoders.resnet18.stem = 'large'
  config.hp.lr = (1e-3,)
  _decay(config, (10,), 20, 0.1)
  return config


RECIPES: dict[str, Callable[[Size], Any]] = {
  'kurin': kurin,
  'pareto_lenet': pareto_lenet,
  'pareto_resnet18': pareto_resnet18,
}


def _config(generator: str, size: Size) -> Any:
  from configs import default  # not at the top: --help does without

  config = default.get_config()
  config.dataset = 'multi_fashion'
  # The official test pictures, as published: seeds then differ by training
  # noise alone, which is what the published intervals are of.
  config.resplit = False
  fields = dict(zip(('train', 'valid', 'test'), size.pairs, strict=True))
  section = config.datasets.multi_fashion
  section.update({f'num_{split}': count for split, count in fields.items()})
  section.generator = generator
  config.seeds, config.epochs = size.seeds, float(size.epochs)
  config.evals, config.batch_size = size.epochs, BATCH
  config.select = 'metric'
  config.optimizer = 'adam'
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.keep = 'nothing'
  return config


def _decay(config: Any, epochs: Sequence[int], of: int, factor: float) -> None:
  """Multiplies the learning rate by a factor at the start of some epochs."""
  if not epochs:
    config.schedule = 'constant'
    return
  config.schedule = 'step'
  config.schedules.step.boundaries = tuple(epoch / of for epoch in epochs)
  config.schedules.step.factor = factor
