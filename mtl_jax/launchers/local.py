"""Trains one cell after the other in this process, on all devices."""

from mtl_jax import run
from mtl_jax.errors import InputError
from mtl_jax.launchers import base


def make(resources: base.Resources) -> base.Launcher:
  """Returns the launcher; each cell has the whole machine.

  Raises:
    InputError: if any resources are asked for.
  """
  if resources != base.Resources():
    raise InputError('--ray_* flags need --launcher=ray')
  return base.Launcher(run.train, run.check)
