"""Says whether a folder holds a model, and what it is if not."""

import pathlib
from typing import Any

from mtl_jax.errors import InputError
from mtl_jax.records import digests, lines

FORMAT, MODEL = 1, 'model.json'  # a later format may not be readable
AGAIN = digests.MODEL

NEEDED = (  # of model.json; its `arrays` and the rest go with these
  *('arrays', 'collections', 'config', 'data', 'inputs', 'per_task'),
  *('scheme', 'seeds', 'steps', 'tasks'),
)


def describe(folder: pathlib.Path) -> dict[str, Any]:
  """Reads and checks `model.json`.

  Raises:
    InputError: as `read`.
  """
  path = folder / MODEL
  if not path.is_file():
    raise InputError(_why_not(folder))
  try:
    described = digests.read(path, AGAIN)
    number = described['format']
  except (KeyError, TypeError, OSError) as error:
    raise InputError(f'{path} is not the JSON of a model; {AGAIN}') from error
  if number != FORMAT:
    raise InputError(
      f'{folder} is a model of format {number}, and this version of mtl_jax '
      f'reads format {FORMAT}; load it with the version that wrote it '
      f'({described.get("versions")}), or train it again'
    )
  lacking = [name for name in NEEDED if name not in described]
  if lacking:
    raise InputError(f'{path} lacks {lacking[0]!r}: it is damaged; {AGAIN}')
  if not described['seeds']:
    raise InputError(
      f'{folder}: every run of this cell failed, so it has no model; lower '
      'config.hp.lr'
    )
  return described


def _why_not(folder: pathlib.Path) -> str:
  if not folder.exists():
    return f'{folder} does not exist; name the folder of a cell or of a model'
  if folder.is_file():
    return f'{folder} is {what_file(folder)}, not the folder of a model'
  if (folder / 'cells').is_dir():
    return (
      f'{folder} is a workdir; name one of its cells, {folder}/cells/..., or '
      f'give --workdir={folder} --scheme=NAME'
    )
  if not (folder / 'records.jsonl').exists():
    return (
      f'{folder} is no model: it has no {MODEL}; name the folder of a '
      'cell, or one that Model.save wrote'
    )
  first = next(lines.read(folder), {})
  if not lines.finished(folder):
    return f'{folder} is not trained to its end; run its command again'
  if first.get('scheme') in ('reference', 'trees'):
    return f'{folder} is a reference row, of which no model is kept'
  if first.get('groups'):
    return f'{folder} trained groups of tasks, a sweep, of which none is kept'
  return f'{folder} is trained, but its model was not kept; {AGAIN}'


def what_file(path: pathlib.Path) -> str:
  """Describes a file that is no model, for a message."""
  if is_pickle(path):
    return 'a pickle, which is never loaded'
  if path.suffix in ('.pkl', '.pickle', '.pt', '.pth', '.ckpt'):
    return f'a {path.suffix} file, which may hold a pickle and is never loaded'
  return 'a file'


def is_pickle(path: pathlib.Path) -> bool:
  """Whether a file begins as pickles of protocol 2 and later do."""
  with path.open('rb') as file:
    start = file.read(2)
  return start[:1] == b'\x80' and start[1:] in (
    b'\x02',
    b'\x03',
    b'\x04',
    b'\x05',
  )
