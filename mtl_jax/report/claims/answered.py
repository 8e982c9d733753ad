"""What experiments.claims has written of several data sets, read again."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from mtl_jax.errors import InputError
from mtl_jax.records import digests
from mtl_jax.report.claims import page
from mtl_jax.report.claims.claimed import Answer, Finding
from mtl_jax.report.layout import Table


class Answered(NamedTuple):
  """What was answered on one data set.

  Attributes:
    name: of the data set, with the encoder's where two have the same.
    folder: its workdir.
    held: what claims.json holds.
    answers: by claim; without tables and figures.
  """

  name: str
  folder: pathlib.Path
  held: dict[str, Any]
  answers: dict[str, Answer]


def load(folders: Sequence[pathlib.Path]) -> list[Answered]:
  """Reads the claims of several workdirs.

  Args:
    folders: of `experiments.claims`.

  Raises:
    InputError: as in `write`.
  """
  read = [_read(pathlib.Path(folder)) for folder in folders]
  names = [_name(held) for held in read]
  datasets = [held['dataset'] for held in read]
  for i, name in enumerate(names):
    if name in names[:i]:
      raise InputError(
        f'{folders[names.index(name)]} and {folders[i]} are both of {name}, '
        'which counts once; name one of them'
      )
  return [
    Answered(
      name if datasets.count(held['dataset']) > 1 else held['dataset'],
      pathlib.Path(folder),
      held,
      {one['claim']: _answer(one) for one in held['answers']},
    )
    for name, folder, held in zip(names, folders, read, strict=True)
  ]


def _read(folder: pathlib.Path) -> dict[str, Any]:
  path = folder / page.FILE
  try:
    held = digests.read(path, 'run experiments.claims again')
    _ = [one['findings'] for one in held['answers']], _name(held)
  except FileNotFoundError as error:
    raise InputError(
      f'no {path}; run experiments.claims on a data set first'
    ) from error
  except (KeyError, TypeError) as error:
    raise InputError(
      f'{path} is not what experiments.claims writes; run it again ({error})'
    ) from error
  return held


def _name(held: dict[str, Any]) -> str:
  return f'{held["dataset"]} ({held["encoder"]})'


def _answer(held: dict[str, Any]) -> Answer:
  # A number that is unknown is null in JSON.
  findings = tuple(
    Finding(**{k: math.nan if v is None else v for k, v in one.items()})
    for one in held['findings']
  )
  empty = Table([], [])
  return Answer(
    held['claim'],
    held['verdict'],
    held['sentence'],
    findings,
    empty,
    power=held.get('power', ''),
  )
