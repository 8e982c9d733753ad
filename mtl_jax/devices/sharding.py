"""How the runs axis and the batch axis are laid over devices."""

import functools
import os
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P
from jaxtyping import Array, Int

from mtl_jax.data import sources
from mtl_jax.data.base import Split
from mtl_jax.devices.meshes import mesh_for
from mtl_jax.processes import containers


def use_every_core() -> None:
  """One virtual CPU device per core; has no effect once JAX has started.

  Runs are spread over devices, and two cores then train up to twice the runs.
  Where a quota leaves fewer cores than there are, XLA starts no more threads.
  """
  cores = containers.cores()
  if jax.config.jax_num_cpu_devices < 0:
    try:
      jax.config.update('jax_num_cpu_devices', cores)
    except RuntimeError:
      return
  if cores < containers.allowed_cores():
    os.environ.setdefault('NPROC', str(cores))


def map_runs(
  function: Callable,
  in_axes: tuple[int | None, ...],
  mesh: Mesh | None = None,
  spread: str = 'jit',
  side_by_side: bool = False,
  donate: tuple[int, ...] = (),
) -> Callable:
  """`function` for many runs: one program, its runs spread over the devices.

  Args:
    function: of one run.
    in_axes: 0 for an argument with a leading runs axis, which the mesh's runs
      axis must divide, None for one that all runs share.
    mesh: from `mesh_for`; one with all devices on runs by default.
    spread: jit or pmap.
    side_by_side: a device's runs at once, which accelerators like; else one
      after the other, which keeps each in a processor's cache.
    donate: arguments whose memory the results take; they are gone after.
  """
  order = jax.vmap if side_by_side else _in_turn
  local = order(function, in_axes)
  over_devices = _by_pmap if spread == 'pmap' else _by_jit
  mesh = mesh or mesh_for(jax.device_count())
  return over_devices(local, in_axes, mesh, donate)


def _by_jit(
  local: Callable, in_axes: tuple, mesh: Mesh, donate: tuple
) -> Callable:
  # The batch axis is left to the partitioner: a step is written for the whole
  # batch, and `take_rows` says how its rows lie.
  alone = mesh.shape['batch'] == 1
  spread = jax.shard_map(
    local,
    mesh=mesh,
    in_specs=tuple(P('runs') if axis == 0 else P() for axis in in_axes),
    out_specs=P('runs'),
    axis_names=set(mesh.axis_names) if alone else {'runs'},
    check_vma=False,
  )
  out = jax.NamedSharding(mesh, P('runs'))
  return jax.jit(spread, out_shardings=out, donate_argnums=donate)


def _by_pmap(
  local: Callable, in_axes: tuple, mesh: Mesh, donate: tuple
) -> Callable:
  devices = list(mesh.devices.flat)
  mapped = jax.pmap(
    local, in_axes=in_axes, devices=devices, donate_argnums=donate
  )
  return _Pmapped(mapped, in_axes, len(devices))


class _Pmapped:
  """A program over `[devices, R / devices, ...]`, called with `[R, ...]`."""

  def __init__(self, program: Any, in_axes: tuple, devices: int):
    self._program, self._in_axes, self._devices = program, in_axes, devices

  def __call__(self, *arguments):
    found = self._program(*self._cut(arguments))
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), found)

  def lower(self, *arguments):
    lowered = self._program.lower(*self._cut(arguments))
    return _Pmapped(lowered, self._in_axes, self._devices)

  @property
  def out_info(self):
    """Shapes and types of what a lowered one returns."""

    def whole(x):
      shape = (x.shape[0] * x.shape[1], *x.shape[2:])
      return jax.ShapeDtypeStruct(shape, x.dtype)

    return jax.tree.map(whole, self._program.out_info)

  def compile(self, compiler_options=None):
    compiled = self._program.compile(compiler_options)
    return _Pmapped(compiled, self._in_axes, self._devices)

  def _cut(self, arguments):
    def cut(x):
      shape = (self._devices, x.shape[0] // self._devices, *x.shape[1:])
      if isinstance(x, jax.ShapeDtypeStruct):
        return jax.ShapeDtypeStruct(shape, x.dtype)
      return x.reshape(shape)

    pairs = zip(arguments, self._in_axes, strict=True)
    return [a if axis is None else jax.tree.map(cut, a) for a, axis in pairs]


def take_rows(data: Split | sources.Source, rows: Int[Array, 'batch']) -> Split:
  """The rows of one batch, over the mesh's batch axis inside a program.

  The mask stays whole on each device: how many labels are valid must be known
  before any gradient, and would be a message more.
  """
  rows, source = whole(rows), sources.of(data)
  own = _lay(rows, P('batch'))
  parts = [sources.part(source, name, own) for name in ('inputs', 'labels')]
  mask = sources.part(source, 'mask', rows)
  return Split(*_lay(parts, P('batch')), whole(mask))


def whole(tree: Any) -> Any:
  """Arrays that no device cuts, inside a program over a batch axis."""
  return _lay(tree, P())


def _lay(tree: Any, spec: P) -> Any:
  mesh = jax.sharding.get_abstract_mesh()
  if mesh.empty or mesh.shape.get('batch', 1) == 1:
    return tree
  return jax.tree.map(lambda x: lax.with_sharding_constraint(x, spec), tree)


def place(tree: Any, over_runs: bool, mesh: Mesh | None = None) -> Any:
  """Arrays on the devices: spread along the runs axis, or a copy on each."""
  mesh = mesh or mesh_for(jax.device_count())
  laid = jax.NamedSharding(mesh, P('runs') if over_runs else P())
  if jax.process_count() == 1:
    return jax.device_put(tree, laid)

  def put(x):
    x = np.asarray(x)
    return jax.make_array_from_callback(x.shape, laid, lambda part: x[part])

  return jax.tree.map(put, tree)


def fetch(tree: Any) -> Any:
  """Arrays as numpy, whole on every process; all of them must ask."""
  if jax.process_count() > 1:
    mesh = jax.tree.leaves(tree)[0].sharding.mesh
    tree = _gather(mesh)(tree)
  return jax.device_get(tree)


@functools.cache
def _gather(mesh: Mesh) -> Callable:
  return jax.jit(lambda tree: tree, out_shardings=jax.NamedSharding(mesh, P()))


def _in_turn(function: Callable, in_axes: tuple[int | None, ...]) -> Callable:
  def local(*arguments):
    pairs = list(zip(arguments, in_axes, strict=True))
    mapped = tuple(a for a, axis in pairs if axis == 0)

    def one(run):
      own = iter(run)
      return function(*[next(own) if axis == 0 else a for a, axis in pairs])

    return lax.map(one, mapped)

  return local
