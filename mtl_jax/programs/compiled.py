"""A cell's compiled programs, and its data where they are read."""

import functools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from mtl_jax import devices, train
from mtl_jax.cells import Cell, Chunk, settings, shapes, task_groups
from mtl_jax.data import sources, stacked, views
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.devices import meshes, placing
from mtl_jax.programs import exports
from mtl_jax.programs.measuring import Measuring, Results
from mtl_jax.resources import needed_memory
from mtl_jax.tasks import scores
from mtl_jax.train import optimizers

# XLA's older way of fusing compiles in two thirds of the time. Evaluation is as
# fast by it, steps are up to 1.7 times slower.
SIMPLE = {'xla_cpu_use_fusion_emitters': False}
# Sorting and gathering are as fast with fewer of LLVM's passes.
LIGHT = SIMPLE | {'xla_backend_optimization_level': 1}
# For what runs once: a quarter of the time to compile, and four times slower.
ONCE = SIMPLE | {'xla_backend_optimization_level': 0}


class Inputs(NamedTuple):
  """What the runs of one chunk read; the leading axis is the runs'.

  A source's `shared` has no such axis. `known` holds the labels of the splits
  that are evaluated, on the host.
  """

  hp: optimizers.Hp
  seeds: Any
  num_rows: Any
  train: Source
  valid: Source
  test: Source
  known: dict[str, scores.Labels]


class Programs:
  """Start, train and test the runs of a chunk, each compiled once per cell."""

  def __init__(self, cell: Cell):
    config, system = cell.config, cell.system
    self._cell = cell
    first = cell.chunks()[0]
    self._runs, self.width = len(first.runs), first.size
    self._mesh = meshes.mesh_for(self.width, config.mesh)
    self.map_runs = map_runs = functools.partial(
      devices.map_runs,
      mesh=self._mesh,
      spread=config.spread,
      side_by_side=cell.plan.side_by_side,
    )
    rows = views.first(cell.datas[0].train, 2).inputs
    example = jax.tree.map(jnp.asarray, rows)
    # A batch over several devices is laid out while it is traced.
    recorded = self._mesh.shape['batch'] == 1
    self._init = map_runs(
      functools.partial(_init, cell, example, recorded), (0, 0)
    )
    # Apart, since two programs compile side by side, and all cells of a table
    # draw the same.
    self._draw = map_runs(functools.partial(_draw, cell), (0, 0, 0))
    self._follow = map_runs(
      sources.reading(functools.partial(_follow, cell, recorded)),
      (0, 0, 0, *sources.AXES),
      donate=(1,),
    )
    alone = config.spread == 'jit' and jax.process_count() == 1
    self._lowering = exports.Lowering(cell, recorded and alone)
    self.measuring = Measuring(cell, map_runs)
    # The restart after a search reads the first parameters from the best.
    self._reads_best = bool(system.scheme.restart(config.steps))
    self._step = functools.partial(train.step, system)

  def inputs(self, chunk: Chunk) -> Inputs:
    """What these runs read, on the devices."""
    cell, reading = self._cell, self._cell.reading
    seeds = np.array([seed for seed, _ in chunk.padded], np.int32)
    which = cell.config.resplit * (seeds - cell.config.first_seed)
    groups = [cell.groups[s['group']] for _, s in chunk.padded if cell.groups]
    shared, labels = self._shared
    own = reading.own_parts(which, groups)
    known = reading.known(labels, own)
    own = {name: (_packed(part, 2), rows) for name, (part, rows) in own.items()}
    hp = settings.hp([setting for _, setting in chunk.padded])
    read = hp, seeds, reading.counts['train'][which], own
    *first, own = devices.place(read, over_runs=True, mesh=self._mesh)
    splits = {k: Source(v, *own[k]) for k, v in shared.items()}
    return Inputs(*first, **splits, known=known)

  @functools.cached_property
  def _shared(self) -> tuple[dict[str, Split], dict[str, Split]]:
    """What all runs read, on the devices, and its labels on the host."""
    parts = self._cell.reading.shared_parts()
    labels = {k: part._replace(inputs=None) for k, part in parts.items()}
    packed = {name: _packed(part, 1) for name, part in parts.items()}
    return placing.once(packed, self._mesh), labels

  def start(self, inputs: Inputs) -> train.TrainState:
    """The runs' states before their first step."""
    return self._init(inputs.hp, inputs.seeds)

  def compile(self, inputs: Inputs) -> float:
    """Compiles all programs, side by side; returns the seconds it took."""
    began = time.monotonic()
    own = inputs.hp, inputs.seeds
    lower = self._lowering.lowered
    init = lower('init', self._init, own)
    state = self._laid(init.out_info)
    draw = lower(
      'draw', self._draw, (inputs.seeds, state.step, inputs.num_rows)
    )
    steps = (inputs.hp, self._carried(state), self._laid(draw.out_info))
    steps += inputs.train.arguments
    lowered = [
      (init, ONCE),
      (draw, LIGHT),
      (lower('follow', self._follow, steps, donate=(1,)), {}),
      *((one, SIMPLE) for one in self.measuring.lower(lower, state, inputs)),
    ]
    self._lowering.keep()
    with ThreadPoolExecutor(len(lowered)) as pool:
      compiled = list(pool.map(_compile, *zip(*lowered, strict=True)))
    self._init, self._draw, self._follow, *measures = compiled
    self.measuring.compiled(measures)
    self._state = state
    return time.monotonic() - began

  def memory(self) -> int:
    """Bytes on each device that a period takes, as its compiler says.

    With what lies beside: the best parameters while steps are taken, the
    optimizer's state while parameters are measured.
    """
    size = self._mesh.shape['runs']
    best, opt = (
      needed_memory.size(tree) // size
      for tree in (self._state.best, self._state.opt)
    )
    steps = _bytes(self._follow) + best * (not self._reads_best)
    # Rows are drawn while all that steps take lies there.
    taken = self._follow.memory_analysis().argument_size_in_bytes
    drawing = _bytes(self._draw) + taken
    measured = [_bytes(m) + opt for m in self.measuring.programs]
    return max(steps, drawing, *measured)

  def _carried(self, state: train.TrainState) -> train.TrainState:
    """What steps take of a state: the best parameters only where they read."""
    return state if self._reads_best else state._replace(best=())

  def _laid(self, found: Any) -> Any:
    """Shapes of what a program leaves on the devices."""
    laid = jax.NamedSharding(self._mesh, PartitionSpec('runs'))
    return jax.tree.map(
      lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=laid), found
    )

  def unpadded(self, state: train.TrainState) -> train.TrainState:
    """What is saved: without runs that only fill this number of devices."""
    return jax.tree.map(lambda x: x[: self._runs], state)

  def place(self, state: train.TrainState) -> train.TrainState:
    """A restored state, on the devices, filled up again."""
    rows = np.minimum(np.arange(self.width), self._runs - 1)
    full = jax.tree.map(lambda x: x[rows], state)
    return devices.place(full, over_runs=True, mesh=self._mesh)

  def period(
    self, inputs: Inputs, state: train.TrainState
  ) -> tuple[train.TrainState, train.Metrics, Results]:
    """To the next evaluation: state, step metrics, validation results.

    The new state takes the memory of the old one, which is gone. Metrics and
    results are on the host.
    """
    best, carried = state.best, self._carried(state)
    drawn = self._draw(inputs.seeds, state.step, inputs.num_rows)
    own = inputs.hp, carried, drawn
    state, metrics = self._follow(*own, *inputs.train.arguments)
    best, results = self.measuring('valid', inputs, state, state.best or best)
    return state._replace(best=best), devices.fetch(metrics), results

  def test(
    self, inputs: Inputs, state: train.TrainState
  ) -> tuple[Results, Results]:
    """Validation and test results of the best parameters."""
    best = state.best
    kept = state._replace(params=best.params, extra=best.extra)
    _, valid = self.measuring('valid', inputs, kept, best)
    _, test = self.measuring('test', inputs, kept, best)
    return valid, test

  def one_step(self, inputs: Inputs, state: train.TrainState) -> tuple:
    """The step of one run, and shapes of what it takes."""

    hp, one = jax.tree.map(
      lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), (inputs.hp, state)
    )
    data = task_groups.first(self._cell.datas[0], self._cell.groups)
    batch = shapes.batch(self._cell.system, self._cell.config, data)
    return self._step, hp, one, batch, jax.random.key(0)


def _init(cell, example, recorded, hp, seed):
  if recorded:
    return cell.traced.init(hp, seed, example)
  return train.init(cell.system, hp, seed, example)


def _draw(cell, seed, step, num_rows):
  sizes, several = cell.sizes, cell.system.batches
  size = cell.reading.lengths['train']
  return train.draw(
    several, seed, step, num_rows, sizes.steps, sizes.batch, size
  )


def _follow(cell, recorded, hp, state, drawn, data):
  step = _step_of(cell, state) if recorded else None
  return train.follow(cell.system, hp, state, data, drawn, step)


def _step_of(cell, state):
  """The step as the cell traced it, on a state that may carry no best."""
  if jax.tree.leaves(state.best):
    return cell.traced.step

  def step(hp, state, batch, key):
    full = state._replace(best=_zeros(cell.traced.state.best))
    new, metrics = cell.traced.step(hp, full, batch, key)
    return new._replace(best=()), metrics

  return step


def _zeros(tree):
  """What is neither read nor kept: a compiler leaves it out."""
  return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), tree)


def _packed(part: Split, axis: int) -> Split:
  """With labels of one shape side by side, behind the rows."""
  if part.labels is None:
    return part
  return part._replace(labels=stacked.packed(part.labels, axis))


def _bytes(program: Any) -> int:
  found = program.memory_analysis()
  kept = found.argument_size_in_bytes + found.output_size_in_bytes
  return kept + found.temp_size_in_bytes - found.alias_size_in_bytes


def _compile(lowered: Any, options: dict) -> Any:
  if jax.default_backend() != 'cpu' or not options:
    return lowered.compile()
  try:
    return lowered.compile(compiler_options=options)
  except jax.errors.JaxRuntimeError:  # Another XLA may not know them.
    return lowered.compile()
