"""What a training step costs: measured, counted, and where the time goes."""

import pathlib
import statistics
import time
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import PartitionSpec as P

from mtl_jax import devices, train
from mtl_jax.cells import Cell
from mtl_jax.data import sources
from mtl_jax.devices import meshes
from mtl_jax.programs import traces
from mtl_jax.programs.compiled import Inputs, Programs
from mtl_jax.resources import costs


class Profile(NamedTuple):
  """Of one cell's training steps; times in seconds, memory in bytes.

  Attributes:
    runs: trained together.
    compile_seconds: tracing and compiling.
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


def profile(
  cell: Cell, folder: pathlib.Path, steps: int = 50, repeats: int = 7
) -> Profile:
  """Compiles, times and traces `steps` steps of a cell's first runs."""
  programs = Programs(cell)
  inputs = programs.inputs(cell.chunks()[0])
  state = programs.start(inputs)
  began = time.monotonic()
  compiled = _lower(cell, steps, inputs, state).compile()
  compile_seconds = time.monotonic() - began

  def take(state):
    return jax.block_until_ready(compiled(*_arguments(inputs, state))[0])

  state, seconds = _timed(take, state, repeats)
  trace = folder / 'trace'
  with jax.profiler.trace(str(trace), create_perfetto_trace=True):
    take(state)
  one_step = programs.one_step(inputs, state)
  flops, peak = costs.flops(*one_step), peak_flops()
  runs = len(cell.chunks()[0].runs)
  return Profile(
    runs=runs,
    compile_seconds=compile_seconds,
    step_seconds=seconds / steps,
    flops=flops,
    bytes=costs.traffic(*one_step),
    memory=_memory(compiled),
    peak=peak,
    share=flops * runs / (seconds / steps) / peak,
    parts=traces.parts(traces.newest(trace), compiled.as_text()),
    trace=str(trace),
  )


def _lower(cell: Cell, steps: int, inputs: Inputs, state: train.TrainState):
  """The steps of a period, without its evaluation."""
  config, width = cell.config, cell.chunks()[0].size

  def advance(hp, seed, state, num_rows, data):
    return train.advance(
      cell.system, hp, seed, state, data, num_rows, steps, config.batch_size
    )

  program = devices.map_runs(
    sources.reading(advance),
    (0, 0, 0, 0, *sources.AXES),
    mesh=meshes.mesh_for(width, config.mesh),
    spread=config.spread,
    side_by_side=cell.plan.side_by_side,
  )
  return program.lower(*_arguments(inputs, state))


def _arguments(inputs: Inputs, state: train.TrainState) -> tuple:
  own = inputs.hp, inputs.seeds, state, inputs.num_rows
  return (*own, *inputs.train.arguments)


def _timed(take, state, repeats: int):
  state = take(state)  # The first call is slower.
  times = []
  for _ in range(repeats):
    began = time.monotonic()
    state = take(state)
    times.append(time.monotonic() - began)
  return state, statistics.median(times)


def _memory(compiled: Any) -> dict[str, int]:
  """XLA's own peak leaves temporaries out on a CPU."""
  found = compiled.memory_analysis()
  sizes = {
    'arguments': found.argument_size_in_bytes,
    'outputs': found.output_size_in_bytes - found.alias_size_in_bytes,
    'temporaries': found.temp_size_in_bytes,
  }
  return {**sizes, 'total': sum(sizes.values())}


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
