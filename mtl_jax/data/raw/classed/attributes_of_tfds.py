"""CelebA as TFDS has prepared it, under its name `celeb_a`.

Pictures are stored compressed there, so that they are decoded one by one to the
size that is asked for, as those of the original files are.
"""

import pathlib
import threading

import numpy as np
import tensorflow_datasets as tfds

from mtl_jax.data import tfds as prepared
from mtl_jax.data.raw.classed import decoding
from mtl_jax.data.raw.classed.attribute_lists import Faces
from mtl_jax.data.raw.classed.picture_store import Pictures
from mtl_jax.errors import InputError

NAME = 'celeb_a'
SPLITS = 'train', 'validation', 'test'
BLOCK = 4096  # rows whose attributes are read at a time


def find(data_dir: str, size: int) -> Faces:
  """Reads the attributes of the prepared data set.

  Args:
    data_dir: folder of prepared data, as in `files.home`.
    size: height and width to which pictures are scaled.

  Raises:
    InputError: it is not prepared, or in another format.
  """
  builder = prepared.find(NAME, data_dir)
  raw = {'image': tfds.decode.SkipDecoding()}
  try:
    sources = [builder.as_data_source(s, decoders=raw) for s in SPLITS]
    names = tuple(builder.info.features['attributes'])
  except (KeyError, ValueError) as error:
    raise InputError(
      f'{NAME} has no {", ".join(SPLITS)} with image and attributes ({error}); '
      "prepare it again with file_format='array_record'"
    ) from error
  values = np.concatenate([_attributes(s, names) for s in sources])
  counts = [len(source) for source in sources]
  files = sorted(pathlib.Path(str(builder.data_path)).glob('celeb_a*'))
  return Faces(
    names,
    values,
    np.repeat(np.arange(3), counts),
    Pictures(tuple(files), sum(counts), size, _reader(sources, size)),
  )


def _attributes(source, names: tuple[str, ...]) -> np.ndarray:
  rows = []
  for start in range(0, len(source), BLOCK):
    block = range(start, min(start + BLOCK, len(source)))
    for row in source.__getitems__(block):
      rows.append([bool(row['attributes'][name]) for name in names])
  return np.array(rows)


def _reader(sources, size: int):
  starts = np.cumsum([0, *map(len, sources)])
  lock = threading.Lock()  # the source opens its files when it is first read

  def read(number: int) -> np.ndarray:
    split = int(np.searchsorted(starts, number, side='right')) - 1
    row = int(number - starts[split])
    with lock:
      data = sources[split][row]['image']
    where = f'{NAME}, {SPLITS[split]}, picture {row}'
    return decoding.picture(bytes(data), size, where)

  return read
