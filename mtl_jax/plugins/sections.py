"""The sections of a config: fields of the files that it chooses."""

from collections.abc import Mapping
from typing import Any

from mtl_jax import plugins
from mtl_jax.errors import InputError

# Of each choice: the package of its files, and what each file must define.
PACKAGES = {
  'dataset': ('mtl_jax.data', 'load'),
  'encoder': ('mtl_jax.encoders', 'make'),
  'scheme': ('mtl_jax.schemes', 'Scheme'),
  'balancer': ('mtl_jax.balancers', 'make'),
}
# Fields that every file of a choice has beside its own, with their defaults.
# `mtl_jax.data.load` sees to `labels`.
COMMON = {'dataset': {'labels': ()}}

# Options of the other choices.
WORDS = {
  'optimizer': ('adam', 'adamw', 'sgd'),
  'schedule': ('constant', 'cosine', 'warmup', 'step'),
  'compute': ('float32', 'bfloat16'),
  # Gradients with respect to all shared parameters, or to the last features
  # that tasks share (see `Scheme.last_shared`), or of each stage, which then
  # has its own Gram matrix and task weights.
  'gram_over': ('shared', 'features', 'module'),
  'spread': ('jit', 'pmap'),
  # Weights of training labels by their class.
  'class_weight': ('none', 'balanced'),
  # How batches are drawn from a data set of several sources.
  'sampling': ('auto', 'rows', 'proportional', 'uniform', 'temperature'),
  # What the kept parameters are best in, on validation.
  'select': ('loss', 'metric'),
  # Whether a joint model keeps the parameters of one step, or of one per task.
  'checkpoint_per': ('model', 'task'),
  # What a finished cell keeps of its trained runs.
  'keep': ('auto', 'best', 'predictions', 'nothing'),
}


def where(config: Any, what: str) -> str:
  """Returns the name of a section, such as 'config.schemes.hard'.

  Args:
    config: a whole config.
    what: choice, such as 'scheme'.

  Returns:
    The dotted path of the section, for messages.
  """
  return f'config.{what}s.{config[what].rpartition(".")[2]}'


def section(config: Any, what: str) -> Any:
  """Returns the section of the file that a config chooses.

  The section of `hard` is `config.schemes.hard`, that of the user's file
  `my_lab.mine` is `config.schemes.mine`. A user's file `my_lab.hard` has the
  name of a built-in file and shares its section: it takes the fields that were
  set there, and its own defaults for the others.

  Args:
    config: a whole config.
    what: choice: dataset, encoder, scheme, balancer, optimizer or schedule.

  Returns:
    Fields of the chosen file and their values; of a scheme also `hp`.

  Raises:
    InputError: if a field of a shared section may be meant for either file.
  """
  package, _, name = config[what].rpartition('.')
  values = config[what + 's'].get(name, {})
  if not package or name not in plugins.names(PACKAGES[what][0]):
    return values
  return _shared(config, what, name, values)


def put(config: Any, what: str, fields: Mapping[str, Any]) -> None:
  """Sets fields of the chosen file; creates its section if it is missing.

  Args:
    config: a whole config; it is changed in place.
    what: choice, such as 'scheme'.
    fields: fields and their new values.
  """
  name = config[what].rpartition('.')[2]
  with config.unlocked():
    config[what + 's'].update({name: dict(fields)})


def _shared(config: Any, what: str, name: str, values: Any) -> dict[str, Any]:
  """The fields of a built-in file's section that the user's file takes."""
  package, attribute = PACKAGES[what]
  built_in, users = (
    COMMON.get(what, {})
    | plugins.fields(plugins.find(package, chosen, attribute))
    for chosen in (name, config[what])
  )
  given = {}
  for key, value in values.items():
    is_default = key in built_in and value == built_in[key]
    # A value equal to the built-in default was perhaps set by the user. That
    # matters only if the user's file has another default.
    clash = users.get(key, value) != value if is_default else False
    if clash or (key in built_in and not is_default and key not in users):
      raise InputError(_clash(config, what, key, value, built_in, users))
    if not is_default:
      given[key] = value
  return given


def _clash(config, what, key, value, built_in, users) -> str:
  built_in_file = f'{PACKAGES[what][0]}.{config[what].rpartition(".")[2]}'
  users_file = config[what]
  text = f'{where(config, what)}.{key} is {value!r}, '
  if key in users:
    text += (
      f'the default of {built_in_file}, where {users_file} has '
      f'{users[key]!r}; set another value'
    )
  else:
    text += (
      f'a field of {built_in_file} that {users_file} lacks; leave it at '
      f'{built_in[key]!r}'
    )
  return f'{text}, or rename {users_file}: then it has a section of its own'
