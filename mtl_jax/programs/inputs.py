"""The inputs of a cell's runs, on the devices."""

import functools
from typing import Any, NamedTuple

import numpy as np
from jax.sharding import Mesh

from mtl_jax import devices
from mtl_jax.cells import Cell, Chunk, settings, streamed
from mtl_jax.cells import scoring as scorings
from mtl_jax.cells.reading import EVALUATED
from mtl_jax.data import stacked
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.devices import placing
from mtl_jax.tasks import scores
from mtl_jax.train import Scoring, optimizers


class Inputs(NamedTuple):
  """What the runs of one chunk read; arrays have a leading axis of runs.

  Attributes:
    hp: hyperparameters.
    seeds: of the runs, `[R]`.
    num_rows: `[R]`, number of rows of the training split without padding.
    drawn_from: numbers of rows that batches are drawn from: `num_rows`, or
      those of each source `[R, S]`.
    scoring: how scores are made of validation losses, `[R, K]`.
    train: the training split; its `shared` part has no axis of runs. None where
      it stays on the host, see `streaming`.
    valid: the validation split, likewise.
    test: the test split, likewise.
    known: labels of validation and test, on the host.
    scale: the unit of each task's loss or metric `[R, K]`, on the host.
  """

  hp: optimizers.Hp
  seeds: Any
  num_rows: Any
  drawn_from: Any
  scoring: Scoring
  train: Source | None
  valid: Source
  test: Source
  known: dict[str, scores.Labels]
  scale: np.ndarray


class Reader:
  """Puts what the runs of a cell read on the devices.

  Args:
    cell: the cell.
    mesh: the devices.
  """

  def __init__(self, cell: Cell, mesh: Mesh):
    self._cell, self._mesh = cell, mesh

  def __call__(self, chunk: Chunk) -> Inputs:
    """Puts the inputs of a chunk of runs on the devices."""
    cell, reading = self._cell, self._cell.reading
    seeds = np.array([seed for seed, _ in chunk.padded], np.int32)
    # Number of each run's data set: 0 for all where they share one.
    which = cell.config.resplit * (seeds - cell.config.first_seed)
    groups = [cell.groups[s['group']] for _, s in chunk.padded if cell.groups]
    shared, labels = self._shared
    own = reading.own_parts(which, groups)
    known = reading.known(labels, own)
    own = {name: (_packed(part, 2), rows) for name, (part, rows) in own.items()}
    hp = settings.hp([setting for _, setting in chunk.padded])
    # Labels for the host are taken before: packing changes their structure.
    separate, primary = cell.system.scheme.separate, cell.config.primary
    scoring = scorings.of_runs(
      cell.scales[which], cell.datas[0], groups, primary, separate
    )
    noise = settings.noise_seeds(cell.config, seeds)
    num_rows = reading.counts['train'][which]
    counts = cell.sampling.counts
    drawn_from = counts[which] if len(counts) else num_rows
    read = hp, noise, num_rows, drawn_from, scoring, own
    *first, own = devices.place(read, over_runs=True, mesh=self._mesh)
    splits = {k: Source(v, *own[k]) for k, v in shared.items()}
    splits.setdefault('train', None)
    return Inputs(*first, **splits, known=known, scale=scoring.scale)

  @functools.cached_property
  def _shared(self) -> tuple[dict[str, Split], dict[str, Split]]:
    """The shared data on the devices, and their labels on the host."""
    keys = EVALUATED if streamed.asked(self._cell.config) else ()
    parts = self._cell.reading.shared_parts(keys)
    labels = {k: part._replace(inputs=None) for k, part in parts.items()}
    packed = {name: _packed(part, 1) for name, part in parts.items()}
    return placing.once(packed, self._mesh), labels


def _packed(part: Split, axis: int) -> Split:
  """Stacks labels of equal shape in one array, on the axis after the rows."""
  if part.labels is None:
    return part
  return part._replace(labels=stacked.packed(part.labels, axis))
