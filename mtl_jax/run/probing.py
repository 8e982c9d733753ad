"""Measures interference between tasks while a cell is trained."""

import functools
import pathlib
import time
from typing import IO, Any

import numpy as np

from mtl_jax import devices
from mtl_jax.cells import Cell, Chunk
from mtl_jax.data import sources
from mtl_jax.data.sources import Source
from mtl_jax.interference import grad_tag, probes
from mtl_jax.processes import hosts
from mtl_jax.programs.compiled import Compiled
from mtl_jax.programs.inputs import Inputs
from mtl_jax.records import atomic
from mtl_jax.run import outcomes


class Timed:
  """A program that is compiled at its first call, and its time without that.

  Args:
    program: a jitted function.
  """

  def __init__(self, program: Any):
    self._program, self._compiled = program, None
    self._count, self._seconds = 0, 0.0

  @property
  def seconds(self) -> float | None:
    """Seconds of one run, without compiling; None before the first call."""
    return self._seconds / self._count if self._count else None

  def __call__(self, runs: int, *arguments: Any) -> Any:
    """Returns the results on the host.

    Args:
      runs: how many runs are measured, without padding.
      *arguments: of the program.
    """
    # Compiled before the clock starts.
    if self._compiled is None:
      self._compiled = self._program.lower(*arguments).compile()
    began = time.monotonic()
    results = devices.fetch(self._compiled(*arguments))
    self._seconds += time.monotonic() - began
    self._count += runs
    return results


class Probing:
  """The measurements that `config.probe` asks for; does nothing without.

  Its programs are compiled at their first call, since few cells need them.

  Args:
    cell: what is trained.
    programs: its compiled programs; they say how runs are mapped to devices.
  """

  def __init__(self, cell: Cell, programs: Compiled):
    self._cell = cell
    system, splits = cell.system, cell.datas[0].splits
    sampling = probes.Sampling(
      cell.sizes.probe, cell.sizes.batch, cell.sampling.quotas
    )
    # The fewest rows of any seed, so that none of them is padding.
    valid = int(cell.reading.counts['valid'].min())
    count = min(cell.config.probe.rows, len(splits['train'].mask))
    batch = min(count, cell.sizes.eval_batch)
    rows = grad_tag.Rows(count, min(cell.config.probe.rows, valid))

    def measure(hp, seed, state, num_rows, data):
      return probes.measure(system, sampling, hp, seed, state, data, num_rows)

    def features(best, num_rows, data):
      return probes.features(system, count, batch, best, data, num_rows)

    def affinity(seed, best, num_rows, shared, own, *valid):
      both = Source(shared, *own), Source(valid[0], *valid[1])
      return grad_tag.measure(system, rows, seed, best, both, num_rows)

    mapped = programs.map_runs
    self._measure = Timed(
      mapped(sources.reading(measure), (0, 0, 0, 0, *sources.AXES))
    )
    self._features = mapped(sources.reading(features), (0, 0, *sources.AXES))
    self._affinity = Timed(
      mapped(affinity, (0, 0, 0, *sources.AXES, *sources.AXES))
    )

  @property
  def seconds(self) -> float | None:
    """Seconds to measure one run once, without compiling; None before."""
    return self._measure.seconds

  @property
  def grad_tag_seconds(self) -> float | None:
    """Seconds of Grad-TAG of one run, likewise."""
    return self._affinity.seconds

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
    arguments = inputs.hp, inputs.seeds, state, inputs.drawn_from
    measured = self._measure(
      len(chunk.runs), *arguments, *inputs.train.arguments
    )
    modules = probes.modules(self._cell.system, state.params.shapes)
    return outcomes.probes(self._cell, chunk, step, modules, flat(measured))

  def save_features(
    self, folder: pathlib.Path, chunk: Chunk, inputs: Inputs, state: Any
  ) -> None:
    """Writes what is measured of the best parameters of each run.

    `features_<first run>.npy` has the inputs of the heads `[R, K, rows, C]` for
    the first `config.probe.rows` rows of the training split, and
    `grad_tag_<first run>.npy` the affinities `[R, K, K]`; separate towers have
    none, since nothing of a task reaches another. Nothing is written where
    `config.probe.batches` is 0.

    Args:
      folder: of the cell.
      chunk: the runs.
      inputs: what they read.
      state: `train.TrainState` of all runs, on the devices.
    """
    if not self._cell.config.probe.batches:
      return
    read = inputs.num_rows, *inputs.train.arguments
    found = {'features': devices.fetch(self._features(state.best, *read))}
    if not self._cell.system.scheme.separate:
      read = inputs.seeds, state.best, *read, *inputs.valid.arguments
      found['grad_tag'] = self._affinity(len(chunk.runs), *read)
    if hosts.is_process_0():
      for name, values in found.items():
        of_runs = values[: len(chunk.runs)]  # without padding
        path = folder / f'{name}_{chunk.first}.npy'
        atomic.write(path, functools.partial(_save, of_runs))


def _save(values: np.ndarray, file: IO[bytes]) -> None:
  np.save(file, values)


def flat(measured: probes.Measurements) -> dict[str, np.ndarray]:
  """Measures by their names in records, where TAG's gain is `tag`."""
  return {
    **measured.grams,
    'tag': measured.affinity.gain,
    'tag_fall': measured.affinity.fall,
    'curvature': measured.curvature,
  }
