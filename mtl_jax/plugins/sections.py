"""Which fields of a config belong to the file that it chooses."""

from collections.abc import Mapping
from typing import Any

from mtl_jax import plugins
from mtl_jax.errors import InputError

# Where our files of a choice lie, and what each is made by.
PACKAGES = {
  'dataset': ('mtl_jax.data', 'load'),
  'encoder': ('mtl_jax.encoders', 'make'),
  'scheme': ('mtl_jax.schemes', 'Scheme'),
  'balancer': ('mtl_jax.balancers', 'make'),
}

# What else is chosen by a word, of those that the code has under it.
WORDS = {
  'optimizer': ('adam', 'adamw', 'sgd'),
  'schedule': ('constant', 'cosine', 'warmup', 'step'),
  'compute': ('float32', 'bfloat16'),
  # All shared parameters, the last features that tasks share (see
  # `Scheme.last_shared`), or each stage by itself, with weights of its own.
  'gram_over': ('shared', 'features', 'module'),
  'spread': ('jit', 'pmap'),
}


def where(config: Any, what: str) -> str:
  """The section's name, such as `config.schemes.hard`."""
  return f'config.{what}s.{config[what].rpartition(".")[2]}'


def section(config: Any, what: str) -> Any:
  """`config.schemes.hard`; for `my_lab.mine` it is `config.schemes.mine`.

  `my_lab.hard` shares `config.schemes.hard` with our file of that name. It
  takes what was set there, and its own defaults where nothing was.

  Args:
    config: a whole one.
    what: is chosen: dataset, encoder, scheme, balancer, optimizer or schedule.

  Returns:
    Fields of the chosen file and their values; of a scheme also `hp`.

  Raises:
    InputError: what stands in a shared section may be meant for either file.
  """
  package, _, name = config[what].rpartition('.')
  found = config[what + 's'].get(name, {})
  if not package or name not in plugins.names(PACKAGES[what][0]):
    return found
  return _shared(config, what, name, found)


def put(config: Any, what: str, fields: Mapping[str, Any]) -> None:
  """Sets fields of the chosen file; its section is made where there is none."""
  name = config[what].rpartition('.')[2]
  with config.unlocked():
    config[what + 's'].update({name: dict(fields)})


def _shared(config: Any, what: str, name: str, found: Any) -> dict[str, Any]:
  """Of the section of our file `name`, what reaches the user's."""
  package, made_by = PACKAGES[what]
  ours, theirs = (
    plugins.fields(plugins.find(package, chosen, made_by))
    for chosen in (name, config[what])
  )
  given = {}
  for key, value in found.items():
    is_default = key in ours and value == ours[key]
    # A default says nothing of what was asked for: it may have been typed.
    clash = theirs.get(key, value) != value if is_default else False
    if clash or (key in ours and not is_default and key not in theirs):
      raise InputError(_clash(config, what, key, value, ours, theirs))
    if not is_default:
      given[key] = value
  return given


def _clash(config, what, key, value, ours, theirs) -> str:
  our_file = f'{PACKAGES[what][0]}.{config[what].rpartition(".")[2]}'
  their_file = config[what]
  told = f'{where(config, what)}.{key} is {value!r}, '
  if key in theirs:
    told += (
      f'the default of {our_file}, where {their_file} has {theirs[key]!r}; '
      'set another value'
    )
  else:
    told += (
      f'a field of {our_file} that {their_file} lacks; leave it at '
      f'{ours[key]!r}'
    )
  return f'{told}, or rename {their_file}: then it has a section of its own'
