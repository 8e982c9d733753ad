"""Logs of learning curves, one file each: `make() -> base.Log`."""

from mtl_jax import plugins
from mtl_jax.errors import InputError
from mtl_jax.records.logs.base import Log

METHODS = ('start', 'log', 'close')


def make(name: str) -> Log:
  """Makes the log that `config.log` names.

  Args:
    name: of a file of this package, or the dotted path of a module.

  Raises:
    InputError: there is no such file, or what it makes lacks a method.
  """
  log = plugins.find(__name__, name, 'make')()
  for method in METHODS:
    if not callable(getattr(log, method, None)):
      raise InputError(
        f'config.log={name}: what its make() returns has no method {method!r}; '
        f'a log has {", ".join(METHODS)}, see docs/extend.md'
      )
  return log
