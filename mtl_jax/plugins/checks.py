"""Checks of a configuration that do not need JAX."""

import math
from typing import Any

from mtl_jax import plugins
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins import amounts, parallel, sections, training


def check(config: Any) -> None:
  """Checks the names and numbers of a config.

  Does not import the files that it names, so that errors appear at once.

  Raises:
    InputError: if a name is unknown or a number is out of range.
  """
  for what in sections.PACKAGES:
    check_names(what, [config[what]])
  check_words(config)
  check_numbers(config)
  amounts.check_seeds(config)
  amounts.check_seconds(config.checkpoint_seconds)
  amounts.check_fields(config)
  check_start(config)
  check_stream(config)
  training.check(config)
  check_margin(config.get('margin', 0.01))
  values = config.hp.to_dict()
  if not values['penalty']:  # The scheme chooses its values.
    del values['penalty']
  check_values(values)


def check_names(what: str, names: list[str]) -> None:
  """Checks chosen names; dotted paths are not checked.

  Args:
    what: kind of choice, a key of `sections.PACKAGES`.
    names: chosen names.

  Raises:
    InputError: if a name is unknown.
  """
  for name in names:
    plugins.check_name(sections.PACKAGES[what][0], name)


def check_words(config: Any) -> None:
  """Raises `InputError` if a value of a config is not one of its options."""
  for key, words in sections.WORDS.items():
    if config[key] not in words:
      near = nearest(config[key], words)
      raise InputError(f'config.{key} is {config[key]!r}; {near}')
  check_primary(config.primary)
  parallel.parse(config.parallel)
  check_mesh(config.mesh)


def check_primary(names: Any) -> None:
  """Raises `InputError` unless `names` is a tuple of names of tasks."""
  named = isinstance(names, tuple) and all(isinstance(n, str) for n in names)
  if not named:
    raise InputError(
      f'config.primary is {names!r}; it must be a tuple of names of tasks, '
      'such as "(\'cd496\',)", or () to count all tasks'
    )
  for name in names:
    if names.count(name) > 1:
      raise InputError(f'config.primary names {name!r} twice; name it once')


def check_mesh(mesh: Any) -> None:
  """Raises `InputError` unless `mesh` is () or a pair of positive integers."""
  pair = isinstance(mesh, tuple) and len(mesh) == 2
  if mesh == () or (pair and all(type(n) is int and n > 0 for n in mesh)):
    return
  raise InputError(
    f'config.mesh is {mesh!r}; it must be (number of devices for runs, number '
    'of devices that share a batch), such as "(2, 1)", or () to spread runs '
    'over all devices'
  )


def check_numbers(config: Any) -> None:
  """Raises `InputError` if a count or size of a config is out of range."""
  for key in ('seeds', 'steps', 'evals', 'batch_size', 'eval_batch_size'):
    if config[key] < 1:
      raise InputError(f'config.{key} is {config[key]}; it must be at least 1')
  if not 0 <= config.noise_seed <= 2000:  # times a million must fit 32 bits
    raise InputError(
      f'config.noise_seed is {config.noise_seed}; it must be from 0 to 2000'
    )
  if not 0 < config.sampling_temperature < math.inf:
    raise InputError(
      f'config.sampling_temperature is {config.sampling_temperature}; it must '
      'be a number above 0, such as 2: sources are sampled by n^(1 / 2)'
    )
  if config.probe.batches < 0 or config.probe.batches == 1:
    raise InputError(
      f'config.probe.batches is {config.probe.batches}; it must be at least 2, '
      'to separate noise from conflict, or 0 for no probe'
    )
  if config.probe.rows < 3:
    raise InputError(
      f'config.probe.rows is {config.probe.rows}; it must be at least 3, to '
      'compare features'
    )
  training.check_rows(config)


def check_start(config: Any) -> None:
  """Raises `InputError` unless starts and frozen parameters are prefixes."""
  frozen, pairs = config.freeze, config.init_prefix
  if not _are_names(frozen):
    raise InputError(
      f'config.freeze is {frozen!r}; it must be a tuple of prefixes of names, '
      'such as "(\'shared_encoder\',)", or () to train all'
    )
  if not isinstance(pairs, tuple) or not all(
    _are_names(pair) and len(pair) == 2 for pair in pairs
  ):
    raise InputError(
      f'config.init_prefix is {pairs!r}; it must be a tuple of pairs of '
      'prefixes of names, theirs and ours, such as '
      "\"(('shared_encoder','shared_encoder'),)\""
    )
  if pairs and not config.init_from:
    raise InputError('config.init_prefix is set without config.init_from')


def check_stream(config: Any) -> None:
  """Raises `InputError` if `config.stream` stands beside what it excludes."""
  if config.get('stream', False) and config.probe.batches:
    raise InputError(
      'config.probe reads the training split on the devices, where '
      'config.stream does not put it; set config.stream=False, or '
      'config.probe.batches=0'
    )


def _are_names(names: Any) -> bool:
  named = isinstance(names, tuple) and all(isinstance(n, str) for n in names)
  return named and all(names)


def check_margin(margin: Any) -> None:
  """Raises `InputError` unless the margin of equivalence is a positive number.

  Args:
    margin: a share of the baseline.
  """
  number = isinstance(margin, int | float) and not isinstance(margin, bool)
  if not (number and 0 < margin < math.inf):
    raise InputError(
      f'config.margin is {margin!r}; it must be a number above 0, such as '
      '0.01: differences below 1 % of the baseline are then called equivalent'
    )


def check_values(grid: dict[str, Any]) -> None:
  """Raises `InputError` if values of `config.hp` are out of range."""
  for name, values in grid.items():
    amounts.check_values(name, values)
