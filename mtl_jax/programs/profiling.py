"""Profiles training steps: time, operations, memory, and time by module."""

import pathlib
import statistics
import time
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import PartitionSpec as P

from mtl_jax.cells import Cell
from mtl_jax.programs import compiled, run_functions, traces
from mtl_jax.resources import costs


class Profile(NamedTuple):
  """A profile of a cell's training steps; seconds and bytes.

  Attributes:
    runs: number of runs that are trained together.
    compile_seconds: lowering and compiling all programs of the cell.
    step_seconds: median time of a step of all runs together.
    flops: of one step of one run.
    bytes: that one step of one run reads and writes without fusion.
    memory: of the program on each device: arguments, outputs, temporaries and
      their total.
    peak: floating-point operations per second of float32 matrix products.
    share: training's operations per second, divided by `peak`.
    parts: (name, share of the measured time), the largest first.
    trace: path of the folder of the trace.
  """

  runs: int
  compile_seconds: float
  step_seconds: float
  flops: int
  bytes: int
  memory: dict[str, int]
  peak: float
  share: float
  parts: list[tuple[str, float]]
  trace: str


def profile(cell: Cell, folder: pathlib.Path, repeats: int = 7) -> Profile:
  """Compiles a cell, then times and traces steps of its first chunk of runs.

  Args:
    cell: the steps from one evaluation to the next are timed.
    folder: where the trace is written.
    repeats: how often those steps are timed.
  """
  programs, inputs = compiled.prepare(cell)

  def take_steps(state):
    return jax.block_until_ready(programs.steps(inputs, state)[0])

  state, seconds = _timed(take_steps, programs.start(inputs), repeats)
  trace = folder / 'trace'
  with jax.profiler.trace(str(trace), create_perfetto_trace=True):
    take_steps(state)
  one_step = run_functions.one_step(cell, inputs)
  flops, peak = costs.flops(*one_step), peak_flops()
  runs, step_seconds = programs.programs.runs, seconds / cell.sizes.steps
  memory = programs.step_memory()
  return Profile(
    runs=runs,
    compile_seconds=programs.seconds,
    step_seconds=step_seconds,
    flops=flops,
    bytes=costs.traffic(*one_step),
    memory={**memory, 'total': sum(memory.values())},
    peak=peak,
    share=flops * runs / step_seconds / peak,
    parts=traces.parts(traces.newest(trace), programs.step_text()),
    trace=str(trace),
  )


def _timed(take, state, repeats: int):
  state = take(state)  # the first call is slower
  times = []
  for _ in range(repeats):
    began = time.monotonic()
    state = take(state)
    times.append(time.monotonic() - began)
  return state, statistics.median(times)


def peak_flops(size: int = 0, repeats: int = 10) -> float:
  """What float32 matrix products reach on all devices at once, per second."""
  size = size or (2048 if jax.default_backend() == 'cpu' else 8192)
  count = jax.device_count()
  mesh = jax.make_mesh((count,), ('devices',))
  x = jax.device_put(
    np.ones((count * size, size), np.float32),
    jax.NamedSharding(mesh, P('devices')),
  )
  square = jax.shard_map(
    lambda x: x @ x, mesh=mesh, in_specs=P('devices'), out_specs=P('devices')
  )
  multiply = jax.jit(square).lower(x).compile()
  times = []
  for _ in range(repeats + 1):  # The first is slower.
    began = time.monotonic()
    jax.block_until_ready(multiply(x))
    times.append(time.monotonic() - began)
  return 2 * count * size**3 / min(times)
