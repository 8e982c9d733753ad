"""What is trained: the rows of each recipe, at three sizes.

`smoke` checks the machinery, `cpu` is Kurin's protocol with fewer pairs and
epochs, and `full` is as published, for a GPU or TPU.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.multi_fashion.recipes import RECIPES, Size
from mtl_jax.errors import InputError, nearest


class Row(NamedTuple):
  """A way of training both tasks.

  Attributes:
    label: for people.
    scheme: its name.
    balancer: its name.
    fields: of the balancer, where they are not the defaults.
  """

  label: str
  scheme: str
  balancer: str = 'equal'
  fields: Mapping[str, Any] = {}


ROWS = {
  'single': Row('single', 'single'),
  'equal': Row('hard, equal', 'hard'),
  'uncertainty': Row('hard, uncertainty', 'hard', 'uncertainty'),
  'gradnorm': Row('hard, gradnorm', 'hard', 'gradnorm'),
  'mgda': Row('hard, mgda', 'hard', 'mgda'),
  'pcgrad': Row('hard, pcgrad', 'hard', 'pcgrad'),
  'cagrad': Row('hard, cagrad', 'hard', 'cagrad'),
  'imtl': Row('hard, imtl', 'hard', 'imtl'),
  'graddrop': Row('hard, graddrop', 'hard', 'graddrop'),
  'rlw_normal': Row('hard, rlw (normal)', 'hard', 'rlw', {'draw': 'normal'}),
  'rlw_dirichlet': Row(
    'hard, rlw (Dirichlet)', 'hard', 'rlw', {'draw': 'dirichlet'}
  ),
  'cross_stitch': Row('cross_stitch, equal', 'cross_stitch'),
  'mmoe': Row('mmoe, equal', 'mmoe'),
  'mtan': Row('mtan, equal', 'mtan'),
}


# The rows whose results were published, for the recipes of Pareto MTL.
PARETO = ('single', 'equal', 'uncertainty', 'gradnorm', 'mgda')
RECON = ('pcgrad', 'cagrad', 'graddrop', 'mmoe')
TRAINED = {
  'kurin': tuple(ROWS),
  'pareto_lenet': PARETO,
  'pareto_resnet18': PARETO + RECON,
}


class Preset(NamedTuple):
  """A size of the benchmark.

  Attributes:
    sizes: by recipe.
    accelerator: whether it takes a GPU or TPU.
  """

  sizes: Mapping[str, Size]
  accelerator: bool = False


PRESETS = {
  'smoke': Preset({'kurin': Size((1000, 500, 1000), 3, 2)}),
  # 20 epochs of five seeds take some 1.5 minutes with equal on two cores of an
  # EPYC that do nothing else, and all rows about half an hour.
  'cpu': Preset({'kurin': Size((20_000, 5000, 10_000), 20, 5)}),
  'full': Preset(
    {
      'kurin': Size((50_000, 10_000, 10_000), 100, 10),
      'pareto_lenet': Size((100_000, 20_000, 20_000), 100, 5),
      'pareto_resnet18': Size((100_000, 20_000, 20_000), 20, 5),
    },
    accelerator=True,
  ),
}


def refuse(name: str, devices: Sequence[Any]) -> None:
  """Checks that the devices can train a preset in reasonable time.

  Args:
    name: of the preset.
    devices: of JAX.

  Raises:
    InputError: it takes a GPU or TPU, and there is none.
  """
  if PRESETS[name].accelerator and all(d.platform == 'cpu' for d in devices):
    raise InputError(
      f'--preset={name} takes a GPU or TPU, and JAX finds only the CPU; '
      'install JAX for your accelerator, or take --preset=cpu'
    )


def check_recipes(recipes: Sequence[str] | None, preset: str) -> None:
  """Checks the names of recipes.

  Args:
    recipes: names; None stands for all.
    preset: name of the preset.

  Raises:
    InputError: the preset has no such recipe.
  """
  known = PRESETS[preset].sizes
  for name in recipes or ():
    if name not in known:
      raise InputError(
        f'--recipes={name}: not a recipe of --preset={preset}; '
        + nearest(name, known)
      )


def sizes(preset: str, recipes: Sequence[str] | None) -> dict[str, Size]:
  """Returns the sizes of a preset's recipes.

  Args:
    preset: name of the preset.
    recipes: which of its recipes; None or none stands for all.
  """
  known = PRESETS[preset].sizes
  return {name: known[name] for name in recipes or known}


def configs(recipe: str, size: Size) -> dict[str, Any]:
  """Returns the config of each row of a recipe."""
  base = RECIPES[recipe](size)
  return {name: _chosen(base, ROWS[name]) for name in TRAINED[recipe]}


def _chosen(base: Any, row: Row) -> Any:
  from mtl_jax.api import combinations  # not at the top: --help does without

  chosen = combinations.choose(base, row.scheme, row.balancer)
  chosen.balancers[row.balancer].update(row.fields)
  return chosen
