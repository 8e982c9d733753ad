"""Measures interference while a cell is trained: programs, records, clock."""

import pathlib
import time
from typing import Any

import numpy as np

from mtl_jax import devices
from mtl_jax.cells import Cell, Chunk
from mtl_jax.data import sources
from mtl_jax.interference import probes
from mtl_jax.processes import hosts
from mtl_jax.programs.compiled import Compiled
from mtl_jax.programs.inputs import Inputs
from mtl_jax.run import outcomes


class Probing:
  """What `config.probe` asks for; does nothing where that is nothing.

  Its programs are compiled where they are first asked, since few cells are.
  """

  def __init__(self, cell: Cell, programs: Compiled):
    self._cell = cell
    system = cell.system
    asked = probes.Sampling(cell.sizes.probe, cell.sizes.batch)

    def measure(hp, seed, state, num_rows, data):
      return probes.measure(system, asked, hp, seed, state, data, num_rows)

    def features(best, num_rows, data):
      return probes.features(system, count, best, data, num_rows)

    self._measure = programs.map_runs(
      sources.reading(measure), (0, 0, 0, 0, *sources.AXES)
    )
    count = min(cell.config.probe.rows, len(cell.datas[0].train.mask))
    self._features = programs.map_runs(
      sources.reading(features), (0, 0, *sources.AXES)
    )
    self._compiled: Any = None
    self._looks, self._seconds = 0, 0.0

  @property
  def seconds(self) -> float | None:
    """Of one look at one run, without compiling; None where there was none."""
    return self._seconds / self._looks if self._looks else None

  def look(
    self, chunk: Chunk, inputs: Inputs, state: Any, step: int
  ) -> list[dict]:
    """The records of one look at all runs."""
    if not self._cell.config.probe.batches:
      return []
    hp, seeds, num_rows, data, *_ = inputs
    arguments = hp, seeds, state, num_rows, *data.arguments
    if self._compiled is None:
      self._compiled = self._measure.lower(*arguments).compile()
    began = time.monotonic()
    found = devices.fetch(self._compiled(*arguments))
    self._seconds += time.monotonic() - began
    self._looks += len(chunk.runs)
    modules = probes.modules(self._cell.system, state.params.shapes)
    return outcomes.probes(self._cell, chunk, step, modules, flat(found))

  def keep_features(
    self, folder: pathlib.Path, chunk: Chunk, inputs: Inputs, state: Any
  ) -> None:
    """Writes what heads read by the best parameters: `[R, K, rows, C]`."""
    if not self._cell.config.probe.batches:
      return
    read = inputs.num_rows, *inputs.train.arguments
    found = self._features(state.best, *read)
    kept = devices.fetch(found)[: len(chunk.runs)]
    if hosts.is_process_0():
      np.save(folder / f'features_{chunk.first}.npy', kept)


def flat(found: probes.Measurements) -> dict[str, np.ndarray]:
  """By the names that records have: TAG's gain is `tag`."""
  return {
    **found.grams,
    'tag': found.affinity.gain,
    'tag_fall': found.affinity.fall,
    'curvature': found.curvature,
  }
