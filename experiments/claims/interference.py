"""Do tasks interfere with each other, and did gradients say so beforehand?"""

from __future__ import annotations

from experiments.claims import whole
from experiments.claims.asked import Asked
from mtl_jax import cells
from mtl_jax.api.combinations import choose
from mtl_jax.processes import hosts
from mtl_jax.report import results
from mtl_jax.report.claims import early_cosines, losing_tasks
from mtl_jax.report.claims.claimed import Answer
from mtl_jax.report.claims.early_cosines import Early
from mtl_jax.report.interference import probe_records

PART = 'probed'
SCHEME = 'hard'  # all of its encoder is shared, so every gradient meets there
BATCHES = 8  # of a probe


def answer(asked: Asked) -> Answer | None:
  """Trains every scheme, and one with probes.

  Args:
    asked: the data set, and how large.

  Returns:
    The answer; None on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  found = whole.cells(asked)
  early = _early(asked) if SCHEME in asked.schemes else None
  if found is None:
    return None
  return losing_tasks.answer(found, early, asked.experiment.config.margin)


def _early(asked: Asked) -> Early | None:
  part = asked.part(PART)
  config = choose(part.config, SCHEME, 'equal')
  config.probe.batches = config.probe.batches or BATCHES
  cells.check(config)
  part = part.loaded()
  cell = part.make(config)
  (folder,) = part.train([cell])
  if not hosts.is_process_0():
    return None
  own = results.load(folder)
  frame = probe_records.frame(folder, own)
  return early_cosines.early(frame, own, cell.config.steps)
