"""What the flags of experiments.claims ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
  from mtl_jax.api.experiment import Experiment


class Asked(NamedTuple):
  """What is measured, and how large.

  Attributes:
    experiment: the data set, its config and the workdir; nothing is loaded.
    schemes: ways of sharing that are held against `single`, in order.
    curve_schemes: those of the curves over labels.
    tuned_schemes: those whose draws are counted.
    balancers: that are held against fixed weights, `equal` not among them.
    shares: of the training labels, ascending, the last 1.
    scarce: name of the task that is scarce beside rich ones.
    draws: settings of hyperparameters per tuned row.
    tasks: names of all tasks of the data set.
  """

  experiment: Experiment
  schemes: tuple[str, ...]
  curve_schemes: tuple[str, ...]
  tuned_schemes: tuple[str, ...]
  balancers: tuple[str, ...]
  shares: tuple[float, ...]
  scarce: str
  draws: int
  tasks: tuple[str, ...] = ()

  def part(self, name: str, config: Any = None) -> Experiment:
    """Returns an experiment of its own folder inside the workdir.

    Cells of one folder share data and budget; a part with other labels or with
    probes takes a folder of its own.

    Args:
      name: of the folder, such as `whole` or `labels/cd496_0.1`.
      config: of the part; None is the one that was asked for.
    """
    return self.experiment._replace(
      folder=self.experiment.folder / name,
      config=self.experiment.config if config is None else config,
      datas=(),
    )
