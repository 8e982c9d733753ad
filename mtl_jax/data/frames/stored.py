"""A recipe as plain JSON values, equal to the bit when it is read again."""

from typing import Any

from mtl_jax.data.frames.kinds import Column
from mtl_jax.data.frames.tasks import Outcome
from mtl_jax.errors import InputError

FORMAT = 1


def to_json(recipe) -> dict[str, Any]:
  """Returns plain values: dicts, lists, words, numbers and None."""
  plain = {name: _plain(value) for name, value in recipe._asdict().items()}
  # JSON writes a float by the shortest text that reads as the same float.
  return {'format': FORMAT, **plain}


def _plain(value: Any) -> Any:
  if hasattr(value, '_asdict'):
    return {name: _plain(part) for name, part in value._asdict().items()}
  if isinstance(value, list | tuple):
    return [_plain(part) for part in value]
  if isinstance(value, dict):
    return {name: _plain(part) for name, part in value.items()}
  return value


def from_json(values: Any) -> dict[str, Any]:
  """Returns the fields of the recipe.

  Raises:
    InputError: if the values have another format, or one is missing.
  """
  found = values.get('format') if isinstance(values, dict) else None
  if found != FORMAT:
    raise InputError(
      f'the recipe of the inputs has format {found!r}, and this version reads '
      f'{FORMAT}; train the model again'
    )
  given = {name: value for name, value in values.items() if name != 'format'}
  try:
    given['inputs_of'] = tuple(_made(Column, c) for c in given['inputs_of'])
    given['outcomes'] = tuple(_made(Outcome, o) for o in given['outcomes'])
    scales = given['scales']
    given['scales'] = tuple(None if s is None else tuple(s) for s in scales)
    for name in ('vocabulary', 'weighed_by'):
      given[name] = tuple(given.get(name, ()))
  except (KeyError, TypeError, AttributeError) as error:
    raise InputError(
      f'the recipe of the inputs is damaged ({error})'
    ) from error
  return given


def _made(kind, fields: dict) -> Any:
  frozen = {
    name: tuple(value) if isinstance(value, list) else value
    for name, value in fields.items()
  }
  return kind(**frozen)
