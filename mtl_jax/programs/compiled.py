"""The programs of a cell, jitted and compiled."""

import functools
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
from jax.sharding import PartitionSpec

from mtl_jax import devices, train
from mtl_jax.cells import Cell, streamed
from mtl_jax.data import sources, stacked
from mtl_jax.devices import meshes
from mtl_jax.programs import exports, run_functions, streaming
from mtl_jax.programs.inputs import Inputs, Reader
from mtl_jax.programs.measuring import Measuring, Results
from mtl_jax.resources import live_memory

# Options of XLA for CPUs. Without fusion emitters it compiles in two thirds of
# the time. Evaluation is about as fast; steps are up to 2.8 times slower, see
# docs/performance.md.
SIMPLE = {'xla_cpu_use_fusion_emitters': False}
# Sorting and gathering are as fast with fewer of LLVM's passes.
LIGHT = SIMPLE | {'xla_backend_optimization_level': 1}
# For programs that run once: they compile in a quarter of the time and are four
# times slower.
ONCE = SIMPLE | {'xla_backend_optimization_level': 0}


class Programs:
  """The functions of one run, mapped over the runs of a cell and jitted.

  Attributes:
    cell: the cell.
    inputs: loads the inputs of a chunk of runs, see `inputs.Reader`.
    map_runs: `devices.map_runs` for the devices of this cell; it maps a
      function of one run over runs.
    runs: number of runs that are trained together.
    width: `runs`, padded to a multiple of the devices.
    mesh: the devices.
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
    # Where a batch is spread over several devices, functions must be traced
    # with that layout: what the cell has traced does not have it.
    recorded = self.mesh.shape['batch'] == 1
    self._init = self.map_runs(
      functools.partial(
        run_functions.init, cell, run_functions.example(cell), recorded
      ),
      (0, 0),
    )
    # Rows and keys are drawn by a program of their own: it compiles at the same
    # time as the steps, and all cells of a table share it.
    self._draws = {
      steps: self.map_runs(
        functools.partial(run_functions.draw, cell, steps), (0, 0, 0)
      )
      for steps in (cell.sizes.steps, cell.last_steps)
    }
    self._follow = self.map_runs(
      sources.reading(functools.partial(run_functions.follow, cell, recorded)),
      (0, 0, 0, *sources.AXES),
      donate=(1,),
    )
    # Programs of `pmap` and of several processes are not exported.
    exportable = config.spread == 'jit' and jax.process_count() == 1
    self._lowering = exports.Lowering(cell, recorded and exportable)

  def compile(self, inputs: Inputs) -> 'Compiled':
    """Compiles all programs of the cell, in parallel.

    Args:
      inputs: of any chunk; all chunks have the same shapes.
    """
    began = time.monotonic()
    of_runs = inputs.hp, inputs.seeds
    lower = self._lowering.lowered
    init = lower('init', self._init, of_runs)
    state = self._placed(init.out_info)
    draws = self._lowered_draws(state, inputs)
    follows = self._lowered_follows(draws, state, inputs)
    measuring = Measuring(self.cell, self.map_runs, self.mesh)
    lowered = [
      (init, ONCE),
      *((one, LIGHT) for one in draws.values()),
      *((one, {}) for one in follows.values()),
      *((one, SIMPLE) for one in measuring.lower(lower, state, inputs)),
    ]
    self._lowering.save()
    with ThreadPoolExecutor(len(lowered)) as pool:
      compiled = list(pool.map(_compile, *zip(*lowered, strict=True)))
    init, rest = compiled[0], iter(compiled[1:])
    draws = {steps: next(rest) for steps in draws}
    follows = {steps: next(rest) for steps in follows}
    measuring.compiled([*rest])
    seconds = time.monotonic() - began
    return Compiled(self, init, (draws, follows), measuring, state, seconds)

  def _lowered_draws(
    self, state: train.TrainState, inputs: Inputs
  ) -> dict[int, Any]:
    """The programs that draw rows and keys, by the number of steps."""
    arguments = inputs.seeds, state.step, inputs.drawn_from
    return {
      steps: self._lowering.lowered(
        f'draw{self._suffix(steps)}', draw, arguments
      )
      for steps, draw in self._draws.items()
    }

  def _lowered_follows(
    self, draws: dict[int, Any], state: train.TrainState, inputs: Inputs
  ) -> dict[int, Any]:
    """The programs that take steps, by their number."""
    carried, lowered = run_functions.carried(self.cell, state), {}
    for steps, draw in draws.items():
      for length in self.cell.blocks(steps):
        if length not in lowered:
          drawn = self._placed(_cut(draw.out_info, length))
          data = inputs.train or self._block(drawn.rows.shape)
          read = inputs.hp, carried, drawn, *data.arguments
          lowered[length] = self._lowering.lowered(
            f'follow{self._suffix(length)}', self._follow, read, donate=(1,)
          )
    return lowered

  def _suffix(self, steps: int) -> str:
    # Only the last period may have another length than the others.
    return '' if steps == self.cell.sizes.steps else f' {steps}'

  def _block(self, shape: tuple[int, ...]) -> sources.Source:
    """Shapes of the rows of some steps of all runs, see `streaming`."""
    runs, rows = shape[0], math.prod(shape[1:])
    own = streamed.shapes(self.cell.datas[0], rows).own
    of_runs = jax.tree.map(
      lambda x: jax.ShapeDtypeStruct((runs, *x.shape), x.dtype), own
    )
    packed = jax.eval_shape(
      lambda labels: stacked.packed(labels, 2), of_runs.labels
    )
    return sources.Source(
      sources.NOTHING, self._placed(of_runs._replace(labels=packed))
    )

  def _placed(self, tree: Any) -> Any:
    """Shapes of results, with the devices that hold them."""
    layout = jax.NamedSharding(self.mesh, PartitionSpec('runs'))
    return jax.tree.map(
      lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=layout), tree
    )


class Compiled:
  """The compiled programs of a cell.

  Attributes:
    programs: the jitted functions that were compiled.
    measuring: evaluates parameters; it also holds the errors of metrics.
    seconds: that lowering and compiling took.
    inputs: as in `programs`.
    map_runs: as in `programs`.

  Args:
    programs: the jitted functions.
    init: compiled.
    steps: compiled `draw` and `follow`, by their number of steps.
    measuring: with its programs compiled.
    state: shapes of the states of all runs.
    seconds: that lowering and compiling took.
  """

  def __init__(
    self,
    programs: Programs,
    init: Any,
    steps: tuple[dict[int, Any], dict[int, Any]],
    measuring: Measuring,
    state: train.TrainState,
    seconds: float,
  ):
    self.programs, self.measuring, self.seconds = programs, measuring, seconds
    self.inputs, self.map_runs = programs.inputs, programs.map_runs
    self._cell, self._state = programs.cell, state
    self._init, (self._draws, self._follows) = init, steps
    length = programs.cell.sizes.steps
    self._draw = self._draws[length]
    self._follow = self._follows[self._cell.blocks(length)[0]]
    self._streaming = None
    if streamed.asked(self._cell.config):
      mean = programs.map_runs(streaming.mean, (0,))
      self._streaming = streaming.Streaming(
        self._cell, programs.mesh, *steps, mean
      )

  def start(self, inputs: Inputs) -> train.TrainState:
    """Initializes the states of all runs."""
    return self._init(inputs.hp, inputs.seeds)

  def steps(
    self, inputs: Inputs, state: train.TrainState, last: bool = False
  ) -> tuple[train.TrainState, train.Metrics]:
    """Takes the steps to the next evaluation.

    Args:
      inputs: what the runs read.
      state: of all runs. It is donated: its memory is reused for the new state,
        and it cannot be read afterwards.
      last: whether they are those before the last evaluation.

    Returns:
      The new state and the metrics of the steps, on the devices.
    """
    best = state.best
    length = self._cell.last_steps if last else self._cell.sizes.steps
    if self._streaming:
      state, metrics = self._streaming.steps(inputs, state, length)
      return state._replace(best=state.best or best), metrics
    drawn = self._draws[length](inputs.seeds, state.step, inputs.drawn_from)
    arguments = inputs.hp, run_functions.carried(self._cell, state), drawn
    state, metrics = self._follows[length](*arguments, *inputs.train.arguments)
    return state._replace(best=state.best or best), metrics

  def period(
    self, inputs: Inputs, state: train.TrainState, last: bool = False
  ) -> tuple[train.TrainState, train.Metrics, Results]:
    """Takes the steps to the next evaluation, and evaluates on validation.

    Args:
      inputs: what the runs read.
      state: of all runs; it is donated, see `steps`.
      last: whether the evaluation is the last one.

    Returns:
      The new state; the metrics of the steps and the results on the validation
      split, both on the host.
    """
    state, metrics = self.steps(inputs, state, last)
    best, results = self.measuring('valid', inputs, state, state.best)
    return state._replace(best=best), devices.fetch(metrics), results

  def test(
    self, inputs: Inputs, state: train.TrainState
  ) -> tuple[Results, Results]:
    """Evaluates the best parameters on the validation and the test split.

    Args:
      inputs: what the runs read.
      state: of all runs.

    Returns:
      Validation results and test results, on the host.
    """
    best = state.best
    selected = state._replace(params=best.params, extra=best.extra)
    _, valid = self.measuring('valid', inputs, selected, best)
    _, test = self.measuring('test', inputs, selected, best)
    return valid, test

  def test_each(
    self, inputs: Inputs, state: train.TrainState
  ) -> tuple[Results, Results] | None:
    """Evaluates each task at its own best step, on validation and test.

    Args:
      inputs: what the runs read.
      state: of all runs.

    Returns:
      As `test`; None where the cell keeps no parameters per task.
    """
    if not self._cell.system.per_task:
      return None
    return tuple(
      self.measuring.each(name, inputs, state) for name in ('valid', 'test')
    )

  def memory(self) -> int | None:
    """Bytes on each device that a period takes, as the compiler reports.

    This is the largest program with all that is in memory while it runs: the
    best parameters during the steps, the optimizer's state in an evaluation.
    None for programs of `pmap`, of which JAX reports nothing.
    """
    if self._cell.config.spread == 'pmap':
      return None
    size = self.programs.mesh.shape['runs']
    trees = self._state.best, self._state.opt
    best, opt = (live_memory.size(tree) // size for tree in trees)
    steps = _bytes(self._follow) + best * (
      not run_functions.reads_best(self._cell)
    )
    # While rows are drawn, all that the steps read is in memory already.
    read = self._follow.memory_analysis().argument_size_in_bytes
    drawing = _bytes(self._draw) + read
    measured = [_bytes(m) + opt for m in self.measuring.programs]
    return max(steps, drawing, *measured)

  def step_memory(self) -> dict[str, int]:
    """Bytes of the program of the steps: arguments, outputs, temporaries.

    Outputs in the memory of donated arguments are not counted twice. XLA's own
    figure of the peak leaves out temporaries on a CPU.
    """
    analysis = self._follow.memory_analysis()
    return {
      'arguments': analysis.argument_size_in_bytes,
      'outputs': analysis.output_size_in_bytes - analysis.alias_size_in_bytes,
      'temporaries': analysis.temp_size_in_bytes,
    }

  def step_text(self) -> str:
    """The HLO text of the program of the steps."""
    return self._follow.as_text()

  def unpadded(self, state: train.TrainState) -> train.TrainState:
    """A state without padding runs, which depend on the devices; for saving."""
    return jax.tree.map(lambda x: x[: self.programs.runs], state)

  def place(self, state: train.TrainState) -> train.TrainState:
    """A restored state, padded to `width` runs and put on the devices."""
    programs = self.programs
    rows = np.minimum(np.arange(programs.width), programs.runs - 1)
    full = jax.tree.map(lambda x: x[rows], state)
    return devices.place(full, over_runs=True, mesh=programs.mesh)


def prepare(cell: Cell) -> tuple[Compiled, Inputs]:
  """Compiles the programs of a cell, and loads its first chunk of runs."""
  programs = Programs(cell)
  inputs = programs.inputs(cell.chunks()[0])
  return programs.compile(inputs), inputs


def _bytes(program: Any) -> int:
  analysis = program.memory_analysis()
  visible = analysis.argument_size_in_bytes + analysis.output_size_in_bytes
  hidden = analysis.temp_size_in_bytes - analysis.alias_size_in_bytes
  return visible + hidden


def _cut(drawn: Any, steps: int) -> Any:
  """Shapes of what is drawn for the first steps of all runs."""
  return jax.tree.map(
    lambda x: jax.ShapeDtypeStruct((x.shape[0], steps, *x.shape[2:]), x.dtype),
    drawn,
  )


def _compile(lowered: Any, options: dict) -> Any:
  if jax.default_backend() != 'cpu' or not options:
    return lowered.compile()
  try:
    return lowered.compile(compiler_options=options)
  except jax.errors.JaxRuntimeError:  # another XLA may not have the options
    return lowered.compile()
