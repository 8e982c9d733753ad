"""A cell's compiled programs, and its data where they are read."""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax import (
  batches,
  build,
  choices,
  costs,
  devices,
  meshes,
  optimizers,
  train,
)
from mtl_jax.cells import Cell, Chunk


class Inputs(NamedTuple):
  """What the runs of one chunk read; the leading axis is the runs'.

  Data that all seeds share have no such axis.
  """

  hp: optimizers.Hp
  seeds: Any
  num_rows: Any
  train: Any
  valid: Any
  test: Any


class Programs:
  """Start, train and test the runs of a chunk, each compiled once per cell."""

  def __init__(self, cell: Cell):
    config, system = cell.config, cell.system
    self._shared = not config.resplit
    self._splits = {
      name: batches.stacked([data.splits[name] for data in cell.datas])
      for name in ('train', 'valid', 'test')
    }
    sizes = cell.sizes
    own = None if self._shared else 0
    first = cell.chunks()[0]
    self._runs, self.width = len(first.runs), first.size
    self._mesh = meshes.mesh_for(self.width, config.mesh)
    map_runs = functools.partial(
      devices.map_runs,
      mesh=self._mesh,
      spread=config.spread,
      side_by_side=cell.plan.side_by_side,
    )
    example = build.first_rows(cell.datas[0].train.inputs)
    self._init = map_runs(
      functools.partial(train.init, system, inputs=example), (0, 0)
    )
    self._period = map_runs(
      functools.partial(train.period, system, sizes), (0, 0, own, 0, own, own)
    )
    self._test = map_runs(
      functools.partial(train.test, system, sizes), (0, own, own)
    )
    self._step = functools.partial(train.step, system)
    self._batch_size = config.batch_size
    self._compiled = None

  def inputs(self, chunk: Chunk) -> Inputs:
    """What these runs read, on the devices."""
    seeds = np.array([seed for seed, _ in chunk.padded], np.int32)
    which = 0 if self._shared else seeds
    rows = self._splits['train'][1][which]
    splits = {
      name: jax.tree.map(lambda x: x[which], split)
      for name, (split, _) in self._splits.items()
    }
    hp = choices.hp([setting for _, setting in chunk.padded])
    own = devices.place((hp, seeds), over_runs=True, mesh=self._mesh)
    data = devices.place(
      (rows, splits), over_runs=not self._shared, mesh=self._mesh
    )
    return Inputs(*own, data[0], **data[1])

  def start(self, inputs: Inputs) -> train.TrainState:
    """The runs' states before their first step."""
    return self._init(inputs.hp, inputs.seeds)

  def compile(self, inputs: Inputs, state: train.TrainState) -> None:
    """Compiles `period` ahead, so that this does not count as training."""
    arguments = self._arguments(inputs, state)
    self._compiled = self._period.lower(*arguments).compile()

  def unpadded(self, state: train.TrainState) -> train.TrainState:
    """What is saved: without runs that only fill this number of devices."""
    return jax.tree.map(lambda x: x[: self._runs], state)

  def place(self, state: train.TrainState) -> train.TrainState:
    """A restored state, on the devices, filled up again."""
    rows = np.minimum(np.arange(self.width), self._runs - 1)
    full = jax.tree.map(lambda x: x[rows], state)
    return devices.place(full, over_runs=True, mesh=self._mesh)

  def period(self, inputs: Inputs, state: train.TrainState):
    """To the next evaluation: state, step metrics, validation results."""
    return self._compiled(*self._arguments(inputs, state))

  def test(self, inputs: Inputs, state: train.TrainState):
    """Validation and test results of the best parameters."""
    return self._test(state.best, inputs.valid, inputs.test)

  def flops(self, inputs: Inputs, state: train.TrainState) -> int:
    """Floating-point operations of one step of one run."""
    return costs.flops(*self.one_step(inputs, state))

  def one_step(self, inputs: Inputs, state: train.TrainState) -> tuple:
    """The step of one run, and shapes of what it takes."""

    def like(tree, skipped, *rows):
      return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(rows + x.shape[skipped:], x.dtype), tree
      )

    hp, one = like((inputs.hp, state), 1)
    batch = like(inputs.train, 1 if self._shared else 2, self._batch_size)
    return self._step, hp, one, batch, jax.random.key(0)

  @staticmethod
  def _arguments(inputs: Inputs, state: train.TrainState) -> tuple:
    hp, seeds, rows, train_split, valid, _ = inputs
    return hp, seeds, rows, state, train_split, valid
