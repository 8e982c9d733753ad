"""Maps of one picture: read, checked, and in the form that is stored.

A picture is uint8 `[H, W, 3]`, classes are int8 `[H, W]` (-1 is ignored),
depth float16 `[H, W]` (0 is missing), normals float16 `[H, W, 3]` of unit
length (zero where missing). Half precision has 11 bits: depth to .05 %, normals
to .03 degrees, which is far below what the files measure.
"""

import pathlib
from typing import Any

import numpy as np
from jaxtyping import Float16, Int8, UInt8

from mtl_jax.errors import InputError

# What a .npy file raises that is cut, damaged, something else, or pickled.
_DAMAGED = (
  *(ValueError, OSError, EOFError, MemoryError, OverflowError),
  *(SyntaxError, TypeError),
)
LONGEST = 1.01  # of a normal; a longer one is coded in another way
SHORTEST = 1e-3  # a shorter one is missing
ROUNDING = 1e-3  # by which a brightness may pass 0 and 1


def npy(path: pathlib.Path, remedy: str) -> np.ndarray:
  """Reads an array; pickled objects are never loaded.

  Args:
    path: of a .npy file.
    remedy: what to do where it is missing, for the message.

  Raises:
    InputError: it is missing, damaged, or holds objects.
  """
  try:
    with path.open('rb') as file:
      return np.lib.format.read_array(file, allow_pickle=False)
  except FileNotFoundError as error:
    raise InputError(f'no file {path}; {remedy}') from error
  except _DAMAGED as error:
    raise InputError(
      f'{path} is no plain .npy array: it is damaged, or holds pickled '
      'objects, which are not loaded; download it again, or save it by '
      'numpy.save(path, array, allow_pickle=False)'
    ) from error


def picture(values: np.ndarray, where: Any) -> UInt8[np.ndarray, 'h w 3']:
  """Returns a picture in bytes.

  Args:
    values: `[H, W, 3]`, bytes or floats from 0 to 1.
    where: the file, for the message.

  Raises:
    InputError: another shape, type or range.
  """
  _shape(values, 3, where)
  if values.dtype == np.uint8:
    return values
  if values.dtype.kind != 'f':
    raise InputError(
      f'{where} is a picture of type {values.dtype}; give uint8, or floats '
      'from 0 to 1'
    )
  _finite(values, where)
  if values.min() < -ROUNDING or values.max() > 1 + ROUNDING:
    raise InputError(
      f'{where} has brightness from {values.min():g} to {values.max():g}; give '
      'uint8, or floats from 0 to 1'
    )
  return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def classes(
  values: np.ndarray, count: int, where: Any
) -> Int8[np.ndarray, 'h w']:
  """Returns the class of each pixel, -1 where it is ignored.

  Args:
    values: `[H, W]` or `[H, W, 1]`, whole numbers.
    count: number of classes.
    where: the file, for the message.

  Raises:
    InputError: another shape, a number that is not whole or no class.
  """
  values = _single(values, where)
  wanted = f'classes are whole numbers from 0 to {count - 1}, or -1 if ignored'
  _finite(values, where)
  _refuse(values != np.floor(values), values, where, wanted)
  _refuse((values < -1) | (values >= count), values, where, wanted)
  return values.astype(np.int8)


def depth(values: np.ndarray, where: Any) -> Float16[np.ndarray, 'h w']:
  """Returns depth or inverse depth, 0 where it is missing.

  Args:
    values: `[H, W]` or `[H, W, 1]`, 0 or more.
    where: the file, for the message.

  Raises:
    InputError: another shape, or a value that is negative, NaN or infinite.
  """
  values = _single(values, where)
  wanted = 'depth is a finite number above 0, or 0 where it is missing'
  largest = np.finfo(np.float16).max
  _refuse(~((values >= 0) & (values <= largest)), values, where, wanted)
  return values.astype(np.float16)


def normals(values: np.ndarray, where: Any) -> Float16[np.ndarray, 'h w 3']:
  """Returns normals of unit length, zero where they are missing.

  Files that were resized have shorter ones, which are made unit again.

  Args:
    values: `[H, W, 3]`.
    where: the file, for the message.

  Raises:
    InputError: another shape, NaN, or vectors that are longer than 1.
  """
  _shape(values, 3, where)
  values = values.astype(np.float32)
  _finite(values, where)
  length = np.linalg.norm(values, axis=-1)
  wanted = (
    'normals are vectors of length 1 with entries from -1 to 1, or zero where '
    'they are missing'
  )
  _refuse(length > LONGEST, length, where, wanted, 'a vector of length ')
  missing = length < SHORTEST
  unit = values / np.where(missing, 1, length)[..., None]
  return np.where(missing[..., None], 0, unit).astype(np.float16)


def known(name: str, values: np.ndarray) -> bool:
  """Whether a map of a task has a pixel with a label.

  Args:
    name: segmentation, depth or normals.
    values: the stored map.
  """
  return bool((values >= 0).any() if name == 'segmentation' else values.any())


def _single(values: np.ndarray, where: Any) -> np.ndarray:
  if values.ndim == 3 and values.shape[-1] == 1:
    values = values[..., 0]
  if values.ndim != 2 or values.dtype.kind not in 'fiub':
    raise InputError(
      f'{where} is {values.dtype} {list(values.shape)}; give one number per '
      'pixel, [height, width]'
    )
  return values


def _shape(values: np.ndarray, channels: int, where: Any) -> None:
  shape, kind = values.shape, values.dtype.kind
  if len(shape) != 3 or shape[-1] != channels or kind not in 'fiu':
    raise InputError(
      f'{where} is {values.dtype} {list(shape)}; give {channels} numbers per '
      f'pixel, [height, width, {channels}]'
    )


def _finite(values: np.ndarray, where: Any) -> None:
  if values.dtype.kind == 'f':
    wanted = 'every number must be finite; replace it, or mark it as missing'
    _refuse(~np.isfinite(values), values, where, wanted)


def _refuse(bad, values, where: Any, wanted: str, what: str = '') -> None:
  if bad.any():
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    raise InputError(
      f'{where}, pixel {first[:2]} is {what}{values[first]:g}; {wanted}'
    )
