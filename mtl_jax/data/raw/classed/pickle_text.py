"""Writes what CIFAR's Python version is: a pickle of Python 2, byte by byte.

Of a miniature, for `plain_pickle` to read. Python 3 writes bytes otherwise.
"""

import struct

import numpy as np

# Names and arguments with which NumPy makes an empty array of bytes.
_EMPTY = b'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85'
_BYTES = b'cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R'
_ORDER = b'(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'


def of(value: object) -> bytes:
  """Returns a pickle of text, numbers, lists, dicts and an array of bytes."""
  return b'\x80\x02' + _of(value) + b'.'


def _of(value: object) -> bytes:
  if isinstance(value, str):
    return _text(value.encode('latin-1'))
  if isinstance(value, int):
    return b'J' + struct.pack('<i', value)
  if isinstance(value, list):
    return b'](' + b''.join(map(_of, value)) + b'e'
  if isinstance(value, dict):
    items = (_of(k) + _of(v) for k, v in value.items())
    return b'}(' + b''.join(items) + b'u'
  if isinstance(value, np.ndarray) and value.dtype == np.uint8:
    return _array(value)
  raise TypeError(f'{type(value).__name__} is not of this format')


def _text(data: bytes) -> bytes:
  if len(data) < 256:
    return b'U' + bytes([len(data)]) + data
  return b'T' + struct.pack('<i', len(data)) + data


def _array(value: np.ndarray) -> bytes:
  shape = b'(' + b''.join(map(_of, value.shape)) + b't'
  state = b'(K\x01' + shape + _BYTES + _ORDER + b'\x89'
  return _EMPTY + b'U\x01btR' + state + _text(value.tobytes()) + b'tb'
