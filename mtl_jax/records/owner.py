"""A workdir belongs to one configuration: data, encoder and budget."""

import json
import os
import pathlib
import socket

from mtl_jax.errors import InputError
from mtl_jax.records import lines

PART = '.config-'


def claim(folder: pathlib.Path, comparable: dict) -> None:
  """Makes the workdir, or checks that it belongs to this configuration.

  Raises:
    InputError: it cannot be written, or belongs to another configuration.
  """
  owner = folder / 'config.json'
  try:
    folder.mkdir(parents=True, exist_ok=True)
    # Two commands may begin at once: what the other is writing is no stranger.
    found = [p for p in folder.iterdir() if not p.name.startswith(PART)]
    if found and owner not in found:
      raise InputError(
        f'--workdir {folder} holds other files; name a new or an empty folder'
      )
    if not found:
      _write(owner, json.dumps(comparable, indent=2) + '\n')
    _check(folder, json.loads(owner.read_text('utf-8')), comparable)
  except OSError as error:
    raise InputError(
      f'--workdir {folder}: {error.strerror}; name a folder that can be written'
    ) from error
  if not os.access(folder, os.W_OK):
    raise InputError(f'--workdir {folder} cannot be written; name another')


def _check(folder: pathlib.Path, saved: dict, comparable: dict) -> None:
  theirs = lines.flat(saved)
  ours = lines.flat(json.loads(json.dumps(comparable)))
  for key in sorted(theirs.keys() | ours.keys()):
    if theirs.get(key) != ours.get(key):
      raise InputError(
        f'--workdir {folder} belongs to another configuration: {key} is '
        f'{theirs.get(key)} there and {ours.get(key)} here; name another folder'
      )


def _write(path: pathlib.Path, text: str) -> None:
  part = path.with_name(f'{PART}{socket.gethostname()}-{os.getpid()}')
  part.write_text(text, encoding='utf-8')
  part.replace(path)
