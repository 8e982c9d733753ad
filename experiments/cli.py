"""How every experiment starts, and how it ends when something is wrong."""

import os
import pathlib
import sys
from collections.abc import Callable

from absl import app, flags
from ml_collections import config_flags

from mtl_jax import devices, interrupt
from mtl_jax.errors import InputError

CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'A file of configs/, such as configs/actg175.py.'
)
WORKDIR = flags.DEFINE_string('workdir', None, 'Takes all results.')
DEBUG = flags.DEFINE_bool('debug', False, 'Show tracebacks of bad input.')


def run(main: Callable[[], None]) -> None:
  """Runs `main` with parsed flags.

  Bad input ends with one line and exit code 2; a signal ends with 128 plus its
  number after the state is saved.
  """
  debug = any(a in ('--debug', '--debug=true') for a in sys.argv)
  app.define_help_flags()
  try:
    _parse()
    devices.use_every_core()
    main()
  except InputError as error:
    if debug:
      raise
    sys.exit(_say(f'error: {error}', 2))
  except interrupt.Stopped as stop:
    text = f'{stop}; the state is saved, and the same command goes on'
    sys.exit(_say(text, 128 + stop.signum))
  except KeyboardInterrupt:
    sys.exit(_say('stopped; the last saved state is kept', 130))


def require(*names: str) -> None:
  """Raises `InputError` for a flag that was not given."""
  for name in names:
    if flags.FLAGS[name].value is None:
      raise InputError(f'--{name} is missing')


def found(argument: str) -> str:
  """`--config=configs/x.py` from any folder: ours, where there is none here."""
  name, _, value = argument.partition('=')
  path, colon, option = value.partition(':')
  ours = pathlib.Path(__file__).parents[1] / path
  if name == '--config' and not os.path.exists(path) and ours.is_file():
    return f'{name}={ours}{colon}{option}'
  return argument


def _parse() -> None:
  try:
    rest = flags.FLAGS([found(argument) for argument in sys.argv])[1:]
  except (flags.Error, AttributeError, KeyError, TypeError, ValueError) as e:
    raise InputError(' '.join(str(e).split())) from e
  except OSError as e:
    raise InputError(f'--config: cannot read {e.filename or e}') from e
  if rest:
    raise InputError(f'what is {rest[0]!r}? Options begin with --')


def _say(text: str, code: int) -> int:
  print(text, file=sys.stderr)
  return code
