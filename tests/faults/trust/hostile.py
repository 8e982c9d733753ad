"""Archives and files of arrays that somebody made to do harm."""

import gzip
import io
import json
import pickle
import random
import struct
import tarfile
import zipfile
from collections.abc import Iterator

import numpy as np

from mtl_jax.data.raw import census

NAME = census.TRAIN.name
TAR, ZIP = 'census.tar.gz', 'census+income+kdd.zip'
ROWS = b'1, 2, 3\n' * 100
BOMB = 16 * 2**20  # bytes


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
  """A tar with these members, compressed by gzip."""
  file = io.BytesIO()
  with tarfile.open(fileobj=file, mode='w:gz') as archive:
    for member, data in members:
      archive.addfile(member, io.BytesIO(data))
  return file.getvalue()


def member(name: str, size: int = len(ROWS), **fields) -> tarfile.TarInfo:
  """A member of a tar; `fields` are attributes."""
  made = tarfile.TarInfo(name)
  made.size = size
  for field, value in fields.items():
    setattr(made, field, value)
  return made


def zipped(*members: tuple[str, bytes]) -> bytes:
  """A zip with these members."""
  file = io.BytesIO()
  with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name, data in members:
      archive.writestr(name, data)
  return file.getvalue()


def flagged(data: bytes, flag: int = 0, method: int = 8) -> bytes:
  """A zip with another flag and method in all headers of its members."""
  data = bytearray(data)
  for mark, at in ((b'PK\3\4', 6), (b'PK\1\2', 8)):
    start = data.find(mark)
    struct.pack_into('<HH', data, start + at, flag, method)
  return bytes(data)


def nested(depth: int) -> bytes:
  """The file in a zip in a zip, and so on."""
  data = zipped((NAME, ROWS))
  for _ in range(depth):
    data = zipped((ZIP, data))
  return data


def negative() -> bytes:
  """A tar whose member has a size below 0, so that reading goes backwards."""
  raw = bytearray(gzip.decompress(tar((member('a'), ROWS))))
  raw[124:136] = b'\xff' * 10 + struct.pack('>H', 2**16 - 1024)
  raw[148:156] = b' ' * 8
  raw[148:156] = b'%06o\0 ' % sum(raw[:512])
  return gzip.compress(bytes(raw))


def archives(outside: str) -> Iterator[tuple[str, str, bytes]]:
  """Yields what is wrong, the name of the archive and its bytes.

  Args:
    outside: a path that members would be written to.
  """
  for name in (f'../../{NAME}', f'{outside}/{NAME}'):
    yield f'tar: {name}', TAR, tar((member(name), ROWS))
    yield f'zip: {name}', ZIP, zipped((name, ROWS))
  kinds = {
    'link': tarfile.SYMTYPE,
    'hard link': tarfile.LNKTYPE,
    'device': tarfile.CHRTYPE,
    'pipe': tarfile.FIFOTYPE,
    'folder': tarfile.DIRTYPE,
  }
  for what, kind in kinds.items():
    one = member(NAME, 0, type=kind, linkname='/etc/passwd')
    yield f'tar: {what}', TAR, tar((one, b''))
  sparse = {'GNU.sparse.map': f'0,{len(ROWS)}', 'GNU.sparse.size': f'{10**13}'}
  sparse = member(NAME, pax_headers=sparse)
  yield 'tar: sparse', TAR, tar((sparse, ROWS))
  yield 'tar: bomb', TAR, tar((member(NAME, BOMB), bytes(BOMB)))
  yield 'tar: bomb beside', TAR, tar((member('other', BOMB), bytes(BOMB)))
  yield 'tar: size below 0', TAR, negative()
  yield 'tar: 20,000 members', TAR, tar(*[(member('a', 0), b'')] * 20_000)
  yield 'zip: bomb', ZIP, zipped((NAME, bytes(BOMB)))
  yield 'zip: bomb in a bomb', ZIP, zipped((ZIP, zipped((NAME, bytes(BOMB)))))
  yield 'zip: nine deep', ZIP, nested(9)
  yield 'zip: encrypted', ZIP, flagged(zipped((NAME, ROWS)), flag=1)
  yield 'zip: method 99', ZIP, flagged(zipped((NAME, ROWS)), method=99)
  yield 'zip: another file', ZIP, zipped(('notes.txt', ROWS))
  yield 'gz: bomb', f'{NAME}.gz', gzip.compress(bytes(BOMB))
  yield 'gz: text after it', f'{NAME}.gz', gzip.compress(ROWS) + b'text'


def damaged(draw: random.Random) -> Iterator[tuple[str, str, bytes]]:
  """Yields a cut and a flipped archive of each type, as `archives`."""
  whole = {
    TAR: tar((member(NAME), ROWS)),
    ZIP: zipped((NAME, ROWS)),
    f'{NAME}.gz': gzip.compress(ROWS),
  }
  for name, data in whole.items():
    yield 'cut', name, data[: draw.randrange(len(data))]
    flipped = bytearray(data)
    flipped[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    yield 'flipped', name, bytes(flipped)


class Runs:
  """Says in a file that it was unpickled.

  Args:
    path: of the file.
  """

  def __init__(self, path: str):
    self.path = path

  def __reduce__(self):
    return open, (self.path, 'w')


def npy(header: dict, data: bytes = b'') -> bytes:
  """A .npy file with any header."""
  text = repr(header).encode() + b'\n'
  return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(text)) + text + data


def npz(outside: str) -> Iterator[tuple[str, bytes]]:
  """Yields what is wrong and the bytes of a .npz file.

  Args:
    outside: path of a file that an object would write.
  """
  plain = {'descr': '<f4', 'fortran_order': False, 'shape': (2,)}
  evil = pickle.dumps(Runs(outside))
  file = io.BytesIO()
  np.savez(file, a=np.array([Runs(outside)], dtype=object))
  yield 'object arrays', file.getvalue()
  yield 'a pickle for a .npy', zipped(('a.npy', evil))
  yield 'a pickle', evil
  for what, changes in {
    'objects': {'descr': '|O'},
    'objects in fields': {'descr': [('a', '<f4'), ('b', '|O')]},
    'a huge shape': {'shape': (2**60,)},
    'a shape below 0': {'shape': (-1,)},
    'a shape that overflows': {'shape': (2**40, 2**40)},
    'a type that is code': {'descr': '__import__("os").getpid()'},
  }.items():
    yield what, zipped(('a.npy', npy(plain | changes, evil)))
  yield 'a header that is code', zipped(('a.npy', npy({}) + b'print(1)'))
  yield 'a member of the parent folder', zipped(('../a.npy', b'no array'))
  yield 'encrypted', flagged(zipped(('a.npy', npy(plain, bytes(8)))), flag=1)
  yield 'cut', file.getvalue()[:-30]
  yield 'empty', b''


def safetensors() -> Iterator[tuple[str, bytes]]:
  """Yields what is wrong and the bytes of a .safetensors file."""

  def packed(header, data=bytes(8)):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack('<Q', len(text)) + text + data

  plain = {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}
  for what, changes in {
    'offsets behind the end': {'data_offsets': [0, 2**40]},
    'offsets that do not start at 0': {'data_offsets': [4, 12]},
    'offsets backwards': {'data_offsets': [8, 0]},
    'offsets below 0': {'data_offsets': [-8, 8]},
    'a huge shape': {'shape': [2**60]},
    'a shape that overflows': {'shape': [2**40, 2**40]},
    'a shape below 0': {'shape': [-2]},
    'objects': {'dtype': 'O'},
  }.items():
    yield what, packed({'a': plain | changes})
  both = {'a': plain, 'b': plain}
  yield 'two arrays in one place', packed(both)
  yield 'a header of 2**63 bytes', struct.pack('<Q', 2**63) + b'{}'
  yield 'a header of 2**40 bytes', struct.pack('<Q', 2**40) + b'{}'
  yield 'no JSON', packed(b'{"a": ')
  yield 'a deep header', packed(b'[' * 100_000)
  yield 'a pickle', pickle.dumps({'a': 1})
  yield 'cut', packed({'a': plain})[:-4]
  yield 'empty', b''
