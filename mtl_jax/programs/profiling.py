"""What a training step costs: measured, counted, and where the time goes."""

import pathlib
import statistics
import time
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import PartitionSpec as P

from mtl_jax.cells import Cell
from mtl_jax.programs import compiled, traces
from mtl_jax.resources import costs


class Profile(NamedTuple):
  """Of one cell's training steps; times in seconds, memory in bytes.

  Attributes:
    runs: trained together.
    compile_seconds: lowering and compiling all programs of the cell.
    step_seconds: median, of all runs together.
    flops: of one step of one run.
    bytes: that one step of one run reads and writes if nothing is fused.
    memory: of the program on each device: arguments, outputs, temporaries and
      their total.
    peak: floating-point operations per second of float32 matrix products.
    share: of `peak` that training reaches.
    parts: (name, share of the measured time), the costliest first.
    trace: folder of the trace.
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
  """Compiles a cell, then times and traces the steps of its first runs.

  Args:
    cell: its steps from one evaluation to the next are what is timed.
    folder: takes the trace.
    repeats: how often those steps are timed.
  """
  found, inputs = compiled.prepare(cell)

  def take(state):
    return jax.block_until_ready(found.steps(inputs, state)[0])

  state, seconds = _timed(take, found.start(inputs), repeats)
  trace = folder / 'trace'
  with jax.profiler.trace(str(trace), create_perfetto_trace=True):
    take(state)
  one_step = compiled.one_step(cell, inputs)
  flops, peak = costs.flops(*one_step), peak_flops()
  runs, step_seconds = found.programs.runs, seconds / cell.sizes.steps
  memory = found.step_memory()
  return Profile(
    runs=runs,
    compile_seconds=found.seconds,
    step_seconds=step_seconds,
    flops=flops,
    bytes=costs.traffic(*one_step),
    memory={**memory, 'total': sum(memory.values())},
    peak=peak,
    share=flops * runs / step_seconds / peak,
    parts=traces.parts(traces.newest(trace), found.step_text()),
    trace=str(trace),
  )


def _timed(take, state, repeats: int):
  state = take(state)  # The first call is slower.
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
