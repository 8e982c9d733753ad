"""The programs of a cell: jitted functions of its runs, and compiled ones."""

import functools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec

from mtl_jax import devices, train
from mtl_jax.cells import Cell, shapes, task_groups
from mtl_jax.data import sources, views
from mtl_jax.devices import meshes
from mtl_jax.programs import exports
from mtl_jax.programs.inputs import Inputs, Reader
from mtl_jax.programs.measuring import Measuring, Results
from mtl_jax.resources import needed_memory

# XLA's older way of fusing compiles in two thirds of the time. Evaluation is as
# fast by it, steps are up to 1.7 times slower.
SIMPLE = {'xla_cpu_use_fusion_emitters': False}
# Sorting and gathering are as fast with fewer of LLVM's passes.
LIGHT = SIMPLE | {'xla_backend_optimization_level': 1}
# For what runs once: a quarter of the time to compile, and four times slower.
ONCE = SIMPLE | {'xla_backend_optimization_level': 0}


class Programs:
  """The functions of a cell's runs, mapped over runs and jitted.

  Attributes:
    cell: the cell.
    inputs: gives the inputs of a chunk of runs, see `inputs.Reader`.
    map_runs: maps a function of one run over the runs of a program, as
      `devices.map_runs` does on the devices of this cell.
    runs: that are trained together.
    width: `runs`, padded to a multiple of the devices.
  """

  def __init__(self, cell: Cell):
    config = cell.config
    first = cell.chunks()[0]
    self.cell, self.runs, self.width = cell, len(first.runs), first.size
    self.mesh = meshes.mesh_for(self.width, config.mesh)
    self.inputs = Reader(cell, self.mesh)
    self.map_runs = functools.partial(
      devices.map_runs,
      mesh=self.mesh,
      spread=config.spread,
      side_by_side=cell.plan.side_by_side,
    )
    # A batch over several devices gets its layout while it is traced.
    recorded = self.mesh.shape['batch'] == 1
    self._init = self.map_runs(
      functools.partial(_init, cell, _example(cell), recorded), (0, 0)
    )
    # Rows and keys are a program of their own: two programs compile at the same
    # time, and all cells of a table share this one.
    self._draw = self.map_runs(functools.partial(_draw, cell), (0, 0, 0))
    self._follow = self.map_runs(
      sources.reading(functools.partial(_follow, cell, recorded)),
      (0, 0, 0, *sources.AXES),
      donate=(1,),
    )
    alone = config.spread == 'jit' and jax.process_count() == 1
    self._lowering = exports.Lowering(cell, recorded and alone)

  def compile(self, inputs: Inputs) -> 'Compiled':
    """Compiles all programs of the cell at the same time.

    Args:
      inputs: of any chunk; their shapes are those of all chunks.
    """
    began = time.monotonic()
    own = inputs.hp, inputs.seeds
    lower = self._lowering.lowered
    init = lower('init', self._init, own)
    state = self._placed(init.out_info)
    draw = lower(
      'draw', self._draw, (inputs.seeds, state.step, inputs.num_rows)
    )
    steps = inputs.hp, carried(self.cell, state), self._placed(draw.out_info)
    steps += inputs.train.arguments
    measuring = Measuring(self.cell, self.map_runs)
    lowered = [
      (init, ONCE),
      (draw, LIGHT),
      (lower('follow', self._follow, steps, donate=(1,)), {}),
      *((one, SIMPLE) for one in measuring.lower(lower, state, inputs)),
    ]
    self._lowering.keep()
    with ThreadPoolExecutor(len(lowered)) as pool:
      found = list(pool.map(_compile, *zip(*lowered, strict=True)))
    measuring.compiled(found[3:])
    return Compiled(self, found[:3], measuring, state, time.monotonic() - began)

  def _placed(self, tree: Any) -> Any:
    """Shapes of results, with the devices that they are on."""
    layout = jax.NamedSharding(self.mesh, PartitionSpec('runs'))
    return jax.tree.map(
      lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=layout), tree
    )


class Compiled:
  """The compiled programs of a cell.

  Attributes:
    programs: what they were compiled from.
    seconds: that lowering and compiling took.
    measuring: the evaluation, with the errors that metrics raised.
  """

  def __init__(
    self,
    programs: Programs,
    steps: list[Any],
    measuring: Measuring,
    state: train.TrainState,
    seconds: float,
  ):
    self.programs, self.measuring, self.seconds = programs, measuring, seconds
    self.inputs, self.map_runs = programs.inputs, programs.map_runs
    self._cell, self._state = programs.cell, state
    self._init, self._draw, self._follow = steps

  def start(self, inputs: Inputs) -> train.TrainState:
    """The states of all runs before their first step."""
    return self._init(inputs.hp, inputs.seeds)

  def steps(
    self, inputs: Inputs, state: train.TrainState
  ) -> tuple[train.TrainState, train.Metrics]:
    """The steps to the next evaluation.

    Args:
      inputs: what the runs read.
      state: of all runs. Its memory is reused for the new state: it cannot be
        read any more.

    Returns:
      The new state and the metrics of the steps, on the devices.
    """
    best = state.best
    drawn = self._draw(inputs.seeds, state.step, inputs.num_rows)
    own = inputs.hp, carried(self._cell, state), drawn
    state, metrics = self._follow(*own, *inputs.train.arguments)
    return state._replace(best=state.best or best), metrics

  def period(
    self, inputs: Inputs, state: train.TrainState
  ) -> tuple[train.TrainState, train.Metrics, Results]:
    """The steps to the next evaluation, and that evaluation.

    Args:
      inputs: what the runs read.
      state: of all runs; see `steps`.

    Returns:
      The new state; the metrics of the steps and the results on the validation
      split, both on the host.
    """
    state, metrics = self.steps(inputs, state)
    best, results = self.measuring('valid', inputs, state, state.best)
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

  def memory(self) -> int:
    """Bytes on each device that a period takes, as the compiler reports.

    That is the largest of the programs, with what is in memory while it runs:
    the best parameters during the steps, the optimizer's state during an
    evaluation.
    """
    size = self.programs.mesh.shape['runs']
    trees = self._state.best, self._state.opt
    best, opt = (needed_memory.size(tree) // size for tree in trees)
    steps = _bytes(self._follow) + best * (not _reads_best(self._cell))
    # Rows are drawn while all that the steps read is in memory.
    read = self._follow.memory_analysis().argument_size_in_bytes
    drawing = _bytes(self._draw) + read
    measured = [_bytes(m) + opt for m in self.measuring.programs]
    return max(steps, drawing, *measured)

  def step_memory(self) -> dict[str, int]:
    """Bytes of the program of the steps: arguments, outputs, temporaries.

    Outputs that take the memory of an argument are not counted again. XLA's own
    peak leaves temporaries out on a CPU.
    """
    found = self._follow.memory_analysis()
    return {
      'arguments': found.argument_size_in_bytes,
      'outputs': found.output_size_in_bytes - found.alias_size_in_bytes,
      'temporaries': found.temp_size_in_bytes,
    }

  def step_text(self) -> str:
    """The program of the steps, as XLA prints it."""
    return self._follow.as_text()

  def unpadded(self, state: train.TrainState) -> train.TrainState:
    """What is saved: without runs that only fill this number of devices."""
    return jax.tree.map(lambda x: x[: self.programs.runs], state)

  def place(self, state: train.TrainState) -> train.TrainState:
    """A restored state, on the devices and padded again."""
    programs = self.programs
    rows = np.minimum(np.arange(programs.width), programs.runs - 1)
    full = jax.tree.map(lambda x: x[rows], state)
    return devices.place(full, over_runs=True, mesh=programs.mesh)


def one_step(cell: Cell, inputs: Inputs) -> tuple:
  """The step of one run, and the shapes of its arguments."""
  hp = jax.tree.map(
    lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), inputs.hp
  )
  data = task_groups.first(cell.datas[0], cell.groups)
  batch = shapes.batch(cell.system, cell.config, data)
  step = functools.partial(train.step, cell.system)
  return step, hp, cell.traced.state, batch, jax.random.key(0)


def prepare(cell: Cell) -> tuple[Compiled, Inputs]:
  """Compiled programs of a cell, and the inputs of its first chunk of runs."""
  programs = Programs(cell)
  inputs = programs.inputs(cell.chunks()[0])
  return programs.compile(inputs), inputs


def carried(cell: Cell, state: train.TrainState) -> train.TrainState:
  """What the steps read of a state: the best parameters only if they must."""
  return state if _reads_best(cell) else state._replace(best=())


def _reads_best(cell: Cell) -> bool:
  # The restart after a search reads the first parameters from the best.
  return bool(cell.system.scheme.restart(cell.config.steps))


def _example(cell: Cell) -> Any:
  """Inputs that the shapes of parameters are taken from."""
  rows = views.first(cell.datas[0].train, 2).inputs
  return jax.tree.map(jnp.asarray, rows)


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
