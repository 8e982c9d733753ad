"""The files that a config chooses by name."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from mtl_jax import plugins
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections
from mtl_jax.train import optimizers, schedules

# Optimizers and schedules are functions of one file, not files of a package.
TABLES = {
  'optimizer': optimizers.OPTIMIZERS,
  'schedule': schedules.SCHEDULES,
}
# Fields of flax modules that a config cannot set.
NOT_SET = ('parent', 'name', 'resize')


class Choice(NamedTuple):
  """One file, class or function, and the fields that the config sets for it.

  Attributes:
    what: dataset, encoder, scheme, balancer, optimizer or schedule.
    name: in the config: of a file of this package, or a dotted path.
    make: the class or function; its keyword arguments are the fields.
    fields: keyword arguments of `make` that the config sets.
    hp: values of hyperparameters to try, from its section of the config.
    where: name of that section, for error messages.
  """

  what: str
  name: str
  make: Callable
  fields: dict[str, Any]
  hp: dict[str, Any]
  where: str

  def check_fields(self) -> None:
    """Raises `InputError` for a field that `make` does not take."""
    allowed = plugins.fields(self.make)
    if self.what == 'scheme':
      for name in NOT_SET:
        allowed.pop(name, None)
    plugins.check_fields(self.where, self.fields, allowed)

  def made(self, *arguments: Any, **given: Any) -> Any:
    """Calls `make` with the fields of the config.

    Args:
      *arguments: positional arguments of `make`.
      **given: further keyword arguments, which take precedence.

    Raises:
      InputError: an unknown field, or an error of `make`.
    """
    self.check_fields()
    fields = self.fields | given
    return self.call(functools.partial(self.make, *arguments, **fields))

  def call(self, function: Callable[[], Any]) -> Any:
    """Calls a function of this file; its errors get one line that names it."""
    try:
      return function()
    except InputError:
      raise
    except Exception as error:
      text = ' '.join(str(error).split())[:300]
      raise InputError(f'{self.what} {self.name!r}: {text}') from error


class Choices(NamedTuple):
  """All files that a config chooses by name."""

  dataset: Choice
  encoder: Choice
  scheme: Choice
  balancer: Choice
  optimizer: Choice
  schedule: Choice


def choose(config: Any) -> Choices:
  """Finds all files that a config names.

  Raises:
    InputError: a file does not exist, or lacks the class or function to call.
  """
  return Choices(*(choice(config, what) for what in Choices._fields))


def choice(config: Any, what: str) -> Choice:
  """Finds one of the files that a config names.

  Args:
    config: a whole one.
    what: a field of `Choices`.

  Raises:
    InputError: the file does not exist, or lacks the class or function to call.
  """
  name = config[what]
  if what in TABLES:
    make = TABLES[what][name]
  else:
    make = plugins.find(*_address(what, name))
  fields = dict(sections.section(config, what))
  hp = fields.pop('hp', {})
  return Choice(what, name, make, fields, hp, sections.where(config, what))


def _address(what: str, name: str) -> tuple[str, str, str]:
  package, made_by = sections.PACKAGES[what]
  return package, name, made_by
