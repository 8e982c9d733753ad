"""The command line as it was typed, for pages."""

import shlex
import sys

# What stands for `python -m experiments.NAME`; `mtl-jax NAME` sets it.
BEGIN: list[str] = []


def line(default: str) -> str:
  """Returns the command line, as a shell takes it.

  Args:
    default: module of the command if this process runs none, as a test does.
  """
  name = getattr(sys.modules['__main__'].__spec__, 'name', default)
  name = name.removesuffix('.__main__')  # of a package
  # The main module may be something else, such as a test runner.
  script = name if name.startswith('experiments.') else default
  begin = BEGIN or ['python', '-m', script]
  return shlex.join([*begin, *sys.argv[1:]])
