"""One cell after the other in this process, with all its devices."""

from mtl_jax import run
from mtl_jax.errors import InputError
from mtl_jax.launchers import base


def make(resources: base.Resources) -> base.Launcher:
  """Needs nothing; each cell has the whole machine."""
  if resources != base.Resources():
    raise InputError('--ray_* flags go with --launcher=ray')
  return base.Launcher(run.train, run.check)
