"""Claim (d): sharing needs fewer labels.

Two settings: the task `--scarce` has a share of its training labels beside
tasks with all of theirs, and all tasks have that share. Labels are masked and
rows stay, so that one program of a scheme serves all shares: programs read from
arguments which labels are known (mtl_jax/cells/program_identity.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.claims import whole
from experiments.claims.asked import Asked
from mtl_jax.api import compare
from mtl_jax.api.combinations import combinations, swept
from mtl_jax.plugins import sections
from mtl_jax.report.claims.claimed import Answer
from mtl_jax.report.claims.labels import label_answer, label_curves
from mtl_jax.report.compare.deltas import primary
from mtl_jax.report.results import Cell

if TYPE_CHECKING:
  from mtl_jax.api.experiment import Experiment

Labels = tuple[tuple[str, int | float], ...]


def answer(asked: Asked) -> Answer | None:
  """Trains the schemes of the curves with few labels.

  Args:
    asked: the data set, the schemes, the shares and the scarce task.

  Returns:
    The answer; None on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  below = [share for share in asked.shares if share < 1]
  if not below:
    return label_answer.nothing()
  every = _all_labels(asked)
  one, names = asked.scarce, asked.tasks
  # A task may have the name of the folder of all.
  parts = (f'{one}_' if one == 'all' else one, [one]), ('all', names)
  alone, together = (
    {share: _cells(asked, *part, share) for share in below} for part in parts
  )
  if every is None:
    return None
  tasks = {task.name: task for task in every[0].tasks}
  return label_answer.answer(
    [
      label_curves.make(
        f'{one} scarce', one, [tasks[one]], {**alone, 1.0: every}
      ),
      label_curves.make(
        'all scarce', 'Δm', primary(every[0]), {**together, 1.0: every}
      ),
    ]
  )


def _all_labels(asked: Asked) -> list[Cell] | None:
  """The cells with all labels; there may be curves of further schemes."""
  if {*asked.curve_schemes} <= {*asked.schemes}:
    return whole.cells(asked)
  return _trained(asked.part(whole.PART), asked.curve_schemes)


def labels(known: Labels, tasks: list[str], share: float) -> Labels:
  """Returns the field `labels` of a data set with fewer labels.

  Args:
    known: what the config asks for already, see `data.scarce.keep`.
    tasks: that keep a share of it.
    share: above 0 and below 1.
  """
  before = dict(known)
  return tuple(
    (task, _part(before.get(task, 1.0), share if task in tasks else 1.0))
    for task in dict.fromkeys([*before, *tasks])
  )


def _part(amount: int | float, share: float) -> int | float:
  if isinstance(amount, int):
    return max(1, round(amount * share))
  return amount * share


def _cells(
  asked: Asked, name: str, tasks: list[str], share: float
) -> list[Cell] | None:
  """Trains one share in a folder of its own, whose cells keep no models."""
  config = few(asked.experiment.config, tasks, share)
  # A task's name may be one of a column of the user's.
  folder = re.sub(r'[^\w.-]', '_', name)
  part = asked.part(f'labels/{folder}_{share:g}', config)
  print(f'{100 * share:.3g} % of the labels of {name}', flush=True)
  return _trained(part, asked.curve_schemes)


def _trained(part: Experiment, schemes: Sequence[str]) -> list[Cell] | None:
  pairs = combinations([*schemes], ['equal'])
  result = compare.run(part._replace(reference=False), pairs, False)
  return None if result is None else [*result.cells]


def few(config: Any, tasks: list[str], share: float) -> Any:
  """Copies a config and hides training labels.

  Args:
    config: the config.
    tasks: that keep a share of their labels.
    share: above 0 and below 1.
  """
  chosen = swept(config)
  fields = dict(sections.section(chosen, 'dataset'))
  known = labels(fields.get('labels', ()), tasks, share)
  name = chosen.dataset.rpartition('.')[2]
  # A user's file need not have a section.
  with chosen.unlocked():
    chosen.datasets[name] = {**fields, 'labels': known}
  return chosen
