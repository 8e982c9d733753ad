"""What an encoder is told of the inputs, and whether it can take them."""

import copy
import inspect
from typing import Any

import jax
import numpy as np

from mtl_jax.cells.choices import Choice, choice
from mtl_jax.data import views
from mtl_jax.data.base import Data
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections


def completed(config: Any, datas: list[Data]) -> Any:
  """Sets the fields of the encoder that depend on the data.

  An encoder whose file has `infer(fields, inputs)` is asked, with the inputs of
  all splits of all seeds: their sizes must be the same for all of them.

  Args:
    config: a whole one.
    datas: of all seeds.

  Returns:
    The config, or a copy of it with these fields, so that it tells the whole
    network without the data.

  Raises:
    InputError: a field does not fit the data.
  """
  chosen = choice(config, 'encoder')
  infer = getattr(inspect.getmodule(chosen.make), 'infer', None)
  if infer is None:
    return config
  found = infer(chosen.fields, _inputs(datas))
  if all(chosen.fields.get(name) == value for name, value in found.items()):
    return config
  config = copy.deepcopy(config)
  sections.put(config, 'encoder', found)
  return config


def _inputs(datas: list[Data]) -> list[Any]:
  """The distinct inputs: a table that seeds share is looked at once."""
  tables, parts = {}, []
  for split in (split for data in datas for split in data.splits.values()):
    if isinstance(split, views.View) and 'inputs' not in split.own:
      whole = split.table.parts.inputs
      tables[id(jax.tree.leaves(whole)[0])] = whole
    else:
      parts.append(split.inputs)
  return [*tables.values(), *parts]


def check(encoder: Choice, data: Data) -> None:
  """Checks that the encoder takes such inputs.

  Args:
    encoder: the chosen one.
    data: one data set of the cell.

  Raises:
    InputError: several arrays for an encoder that takes one, or of other names
      than it has towers for.
  """
  inputs = views.first(data.train, 1).inputs
  # An encoder of the user's own, a dotted path, may take whatever it likes.
  if isinstance(inputs, np.ndarray) or '.' in encoder.name:
    return
  names = list(inputs) if isinstance(inputs, dict) else len(inputs)
  known = getattr(inspect.getmodule(encoder.make), 'INPUTS', ())
  if not known:
    raise InputError(
      f'the inputs are several arrays, {names}, and encoder {encoder.name!r} '
      'takes one; set config.encoder=mixed, or put numbers into one matrix, or '
      'set config.encoder to the dotted path of an encoder of your own'
    )
  if not isinstance(inputs, dict) or not set(inputs) <= set(known):
    raise InputError(
      f'the inputs are several arrays, {names}, and encoder {encoder.name!r} '
      f'takes those called {", ".join(known)}; name them so'
    )
