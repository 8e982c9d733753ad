"""Shards the runs axis and the batch axis over devices."""

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
  """Makes each core a CPU device of JAX; no effect once JAX has started.

  Runs are spread over devices, so that two cores train up to twice as many
  runs in the same time. If a quota allows fewer cores than the machine has,
  the number of XLA's threads is limited as well.
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
  """Maps a function of one run over many runs, spread over the devices.

  Args:
    function: function of one run.
    in_axes: for each argument 0 if it has a leading runs axis, whose length
      must be a multiple of the runs axis of the mesh, or None if all runs
      share it.
    mesh: from `mesh_for`; by default all devices are on the runs axis.
    spread: 'jit' for `jax.jit` of `jax.shard_map`, or 'pmap' for `jax.pmap`.
    side_by_side: whether a device computes its runs at once (`jax.vmap`),
      which is faster on accelerators, or one after the other (`lax.map`),
      which keeps a run in the cache of a CPU.
    donate: indices of arguments whose memory the results may reuse; the caller
      cannot read them afterwards.

  Returns:
    The mapped, jitted function. Its results have a leading runs axis.
  """
  order = jax.vmap if side_by_side else _in_turn
  local = order(function, in_axes)
  over_devices = _by_pmap if spread == 'pmap' else _by_jit
  mesh = mesh or mesh_for(jax.device_count())
  return over_devices(local, in_axes, mesh, donate)


def _by_jit(
  local: Callable, in_axes: tuple, mesh: Mesh, donate: tuple
) -> Callable:
  # XLA's partitioner handles the batch axis: a step is written for the whole
  # batch, and `take_rows` constrains the sharding of its rows.
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
  """Takes the rows of one batch, sharded over the mesh's batch axis.

  Mask and weights are replicated instead: their sums must be known before the
  gradients, and to sum over devices would be another communication per step.

  Args:
    data: a split, or where to read its rows from.
    rows: indices of the rows [batch].

  Returns:
    Inputs and labels [batch, ...], mask and weights [batch, T] of the batch; a
    label of weight 0 is masked.
  """
  rows, source = whole(rows), sources.of(data)
  own = _lay(rows, P('batch'))
  parts = [sources.part(source, name, own) for name in ('inputs', 'labels')]
  mask, weights = (sources.part(source, p, rows) for p in ('mask', 'weights'))
  if weights is not None:
    # Then it counts as missing for all that reads the mask alone.
    mask = mask & (weights > 0)
  return Split(*_lay(parts, P('batch')), *whole((mask, weights)))


def whole(tree: Any) -> Any:
  """Replicates arrays over the batch axis, inside a program."""
  return _lay(tree, P())


def _lay(tree: Any, spec: P) -> Any:
  mesh = jax.sharding.get_abstract_mesh()
  if mesh.empty or mesh.shape.get('batch', 1) == 1:
    return tree
  return jax.tree.map(lambda x: lax.with_sharding_constraint(x, spec), tree)


def place(tree: Any, over_runs: bool, mesh: Mesh | None = None) -> Any:
  """Copies arrays to the devices.

  Args:
    tree: arrays; in a job of several processes the same in each of them.
    over_runs: whether to shard the leading axis over the mesh's runs axis;
      otherwise each device gets a copy.
    mesh: from `mesh_for`; by default all devices are on the runs axis.

  Returns:
    The tree of arrays on the devices.
  """
  mesh = mesh or mesh_for(jax.device_count())
  laid = jax.NamedSharding(mesh, P('runs') if over_runs else P())
  if jax.process_count() == 1:
    return jax.device_put(tree, laid)

  def put(x):
    x = np.asarray(x)
    return jax.make_array_from_callback(x.shape, laid, lambda part: x[part])

  return jax.tree.map(put, tree)


def fetch(tree: Any) -> Any:
  """Returns whole arrays as numpy, in every process; all must call it."""
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
