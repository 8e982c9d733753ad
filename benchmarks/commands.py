"""Command lines of benchmarks, and of the scripts that write their pages.

They answer `--help` and misspelt options before JAX, pandas or matplotlib is
imported, and before a file is written.
"""

import argparse
import pathlib
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from experiments import typed
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins.options import Parser as Parser


def run(main: Callable[[list[str]], Any]) -> NoReturn:
  """Parses absl's flags, runs `main` and exits; absl would print two lines.

  Args:
    main: takes the arguments that are no flags, as with `absl.app.run`.
  """
  sys.exit(typed.run(main))


def check_names(flag: str, what: str, names: list[str], known) -> None:
  """Checks the names of a flag that is a list.

  Args:
    flag: its name.
    what: a name stands for, such as 'axis'.
    names: its value.
    known: valid names.

  Raises:
    InputError: it is empty, or a name is unknown.
  """
  if not names:
    raise InputError(f'--{flag} is empty; {nearest("", known)}')
  for name in names:
    if name not in known:
      raise InputError(f'unknown {what} {name!r}; {nearest(name, known)}')


def parser(module: str, doc: str) -> Parser:
  """Returns the parser of a script.

  Args:
    module: what follows `python -m`, such as 'benchmarks.growth.page'.
    doc: the docstring of the script; `--help` prints it as it is.
  """
  return Parser(
    prog=f'python -m {module}',
    description=doc,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    allow_abbrev=False,
  )


def check_preset(name: str, presets: Iterable[str]) -> None:
  """Checks the flag `--preset`.

  Args:
    name: its value.
    presets: the names that there are.

  Raises:
    InputError: there is no such preset; the message has the nearest name.
  """
  if name not in presets:
    raise InputError(f'--preset is {name!r}; {nearest(name, presets)}')


def make_folder(out: pathlib.Path) -> None:
  """Makes the folder of the results, before anything is trained.

  Args:
    out: the value of the flag `--out`.

  Raises:
    InputError: it cannot be made, such as where a file has its name.
  """
  try:
    out.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise InputError(
      f'--out {out}: {error.strerror}; name a folder that can be written'
    ) from error
