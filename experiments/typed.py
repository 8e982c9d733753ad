"""The command line: as it was typed, for pages, and of what only reads."""

import shlex
import sys
from collections.abc import Callable

from absl import app, flags

from mtl_jax.errors import InputError

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


def run(main: Callable[[list[str]], int | None]) -> int:
  """Parses absl's flags and runs a command that trains nothing.

  Args:
    main: takes the arguments that are no flags; returns the exit code, None
      for 0.

  Returns:
    The exit code: 2 for bad input, which is one line where absl prints two.
  """
  app.define_help_flags()
  try:
    return main(flags.FLAGS(sys.argv)[1:]) or 0
  except (InputError, flags.Error) as error:
    print(f'error: {" ".join(str(error).split())}', file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    print('stopped', file=sys.stderr)
    return 130
