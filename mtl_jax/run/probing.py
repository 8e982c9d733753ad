"""Measures interference between tasks while a cell is trained."""

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
  """The measurements that `config.probe` asks for; does nothing without.

  Its programs are compiled at their first call, since few cells need them.

  Args:
    cell: what is trained.
    programs: its compiled programs; they say how runs are mapped to devices.
  """

  def __init__(self, cell: Cell, programs: Compiled):
    self._cell = cell
    system = cell.system
    sampling = probes.Sampling(cell.sizes.probe, cell.sizes.batch)
    count = min(cell.config.probe.rows, len(cell.datas[0].train.mask))

    def measure(hp, seed, state, num_rows, data):
      return probes.measure(system, sampling, hp, seed, state, data, num_rows)

    def features(best, num_rows, data):
      return probes.features(system, count, best, data, num_rows)

    self._program = programs.map_runs(
      sources.reading(measure), (0, 0, 0, 0, *sources.AXES)
    )
    self._features = programs.map_runs(
      sources.reading(features), (0, 0, *sources.AXES)
    )
    self._compiled: Any = None
    self._count, self._seconds = 0, 0.0  # of runs that were measured

  @property
  def seconds(self) -> float | None:
    """Seconds to measure one run once, without compiling; None before."""
    return self._seconds / self._count if self._count else None

  def measure(
    self, chunk: Chunk, inputs: Inputs, state: Any, step: int
  ) -> list[dict]:
    """Measures all runs of a chunk.

    Args:
      chunk: the runs.
      inputs: what they read.
      state: `train.TrainState` of all runs, on the devices.
      step: training steps that they have taken.

    Returns:
      One record per run; none where `config.probe.batches` is 0.
    """
    if not self._cell.config.probe.batches:
      return []
    hp, seeds, num_rows, data, *_ = inputs
    arguments = hp, seeds, state, num_rows, *data.arguments
    # Compiled before the clock starts: `seconds` leaves compiling out.
    if self._compiled is None:
      self._compiled = self._program.lower(*arguments).compile()
    began = time.monotonic()
    measured = devices.fetch(self._compiled(*arguments))
    self._seconds += time.monotonic() - began
    self._count += len(chunk.runs)
    modules = probes.modules(self._cell.system, state.params.shapes)
    return outcomes.probes(self._cell, chunk, step, modules, flat(measured))

  def save_features(
    self, folder: pathlib.Path, chunk: Chunk, inputs: Inputs, state: Any
  ) -> None:
    """Writes the inputs of the heads to `features_<first run>.npy`.

    The array is `[R, K, rows, C]`, by the best parameters of each run, for the
    first `config.probe.rows` rows of the training split. Nothing is written
    where `config.probe.batches` is 0.

    Args:
      folder: of the cell.
      chunk: the runs.
      inputs: what they read.
      state: `train.TrainState` of all runs, on the devices.
    """
    if not self._cell.config.probe.batches:
      return
    read = inputs.num_rows, *inputs.train.arguments
    features = devices.fetch(self._features(state.best, *read))
    if hosts.is_process_0():
      of_runs = features[: len(chunk.runs)]  # without padding
      np.save(folder / f'features_{chunk.first}.npy', of_runs)


def flat(measured: probes.Measurements) -> dict[str, np.ndarray]:
  """Measures by their names in records, where TAG's gain is `tag`."""
  return {
    **measured.grams,
    'tag': measured.affinity.gain,
    'tag_fall': measured.affinity.fall,
    'curvature': measured.curvature,
  }
