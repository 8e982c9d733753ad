"""How the runs axis is laid over devices."""

import os
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec as P


def use_every_core() -> None:
  """One virtual CPU device per core; has no effect once JAX has started.

  Runs are spread over devices, and two cores then train up to twice the runs.
  """
  mine = getattr(os, 'sched_getaffinity', None)  # not on every system
  cores = len(mine(0)) if mine else os.cpu_count() or 1
  if jax.config.jax_num_cpu_devices < 0:
    try:
      jax.config.update('jax_num_cpu_devices', cores)
    except RuntimeError:
      return


def map_runs(
  function: Callable,
  in_axes: tuple[int | None, ...],
  mesh: jax.sharding.Mesh | None = None,
) -> Callable:
  """`function` for many runs: one program, its runs spread over all devices.

  A CPU takes its runs one after the other, which keeps each in its cache; an
  accelerator takes them side by side.

  Args:
    function: of one run.
    in_axes: 0 for an argument with a leading runs axis, which the devices must
      divide, None for one that all runs share.
    mesh: the devices; all of them by default.
  """
  specs = tuple(P('runs') if axis == 0 else P() for axis in in_axes)
  one_by_one = jax.default_backend() == 'cpu'
  local = (
    _in_turn(function, in_axes) if one_by_one else jax.vmap(function, in_axes)
  )
  spread = jax.shard_map(
    local,
    mesh=mesh or mesh_for(jax.device_count()),
    in_specs=specs,
    out_specs=P('runs'),
    check_vma=False,
  )
  return jax.jit(spread)


def place(
  tree: Any, over_runs: bool, mesh: jax.sharding.Mesh | None = None
) -> Any:
  """Arrays on the devices: spread along the runs axis, or a copy on each."""
  spec = P('runs') if over_runs else P()
  return jax.device_put(
    tree, jax.NamedSharding(mesh or mesh_for(jax.device_count()), spec)
  )


def round_up(runs: int) -> int:
  """The next number of runs that the devices in use divide."""
  return runs + -runs % min(runs, jax.device_count())


def mesh_for(runs: int) -> jax.sharding.Mesh:
  """As many devices as there is work for; `runs` as from `round_up`."""
  count = min(runs, jax.device_count())
  return jax.sharding.Mesh(np.array(jax.devices()[:count]), ('runs',))


def _in_turn(function: Callable, in_axes: tuple[int | None, ...]) -> Callable:
  def local(*arguments):
    pairs = list(zip(arguments, in_axes, strict=True))
    mapped = tuple(a for a, axis in pairs if axis == 0)

    def one(run):
      own = iter(run)
      return function(*[next(own) if axis == 0 else a for a, axis in pairs])

    return lax.map(one, mapped)

  return local
