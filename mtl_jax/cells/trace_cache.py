"""A cache of traced programs, in the folder of JAX's compilation cache.

JAX finds compiled programs by what was traced. With the traced programs cached
too, an unchanged cell starts without tracing and without compiling. A file is a
digest, JSON and programs that `jax.export` serialized; nothing is unpickled.
"""

import functools
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import sys
import sysconfig
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax

from mtl_jax import records
from mtl_jax.cells import identity
from mtl_jax.records import atomic, disk

SUFFIX = '-traced'
MAGIC = b'mtl_jax 1'
# A program depends on these, and on this package but for the folders `ABOVE`,
# of which it depends on the files that `COMMON` names.
PACKAGES = ('jax', 'jaxlib', 'flax', 'optax')
ABOVE = ('report', 'launchers', 'schemes', 'balancers', 'encoders', 'data')
COMMON = {'base', 'parts', 'solvers', 'views', 'sources', 'stacked', 'padded'}


def enabled() -> bool:
  """Whether JAX has a folder for its compilation cache."""
  return bool(jax.config.jax_compilation_cache_dir)


class Entry(NamedTuple):
  """What is cached of one cell.

  Attributes:
    facts: fields of `cell.Facts`; anything that JSON can hold.
    programs: by name, as `jax.export` serialized them.
  """

  facts: dict[str, Any]
  programs: dict[str, bytes]


def key(identified: dict, sizes: Sequence, of_user: bool) -> str:
  """Makes the key of a cell's entry: a digest of all that programs depend on.

  Args:
    identified: from `program_identity.of`; it covers the cell's scheme,
      balancer and encoder.
    sizes: of the programs, where they are not part of the identity.
    of_user: whether the cell uses files of the user. Such a file may import
      others, so an edit of any loaded file of the user changes the key.

  Returns:
    32 hex digits.
  """
  flags = jax.config
  known = {
    'identity': identified,
    'sizes': sizes,
    'versions': {p: importlib.metadata.version(p) for p in PACKAGES},
    'python': platform.python_version(),
    'devices': [str(d) for d in jax.devices()],
    'flags': [
      flags.jax_enable_x64,
      str(flags.jax_default_matmul_precision),
      str(flags.jax_default_prng_impl),
      flags.jax_threefry_partitionable,
    ],
    'code': _package(),
    'own': _user_files() if of_user else '',
  }
  return hashlib.sha256(_json(known)).hexdigest()[:32]


def read(name: str) -> Entry | None:
  """Reads an entry by its `key`; None where there is none.

  A broken file is reported in one line on stderr and not used.
  """
  path = _path(name)
  if not path:
    return None
  try:
    content = path.read_bytes()
    os.utime(path)  # the cache deletes the longest unused files first
  except OSError:
    return None
  entry = _parsed(content)
  if entry is None:
    text = f'{path} is damaged; its programs are traced and written again'
    print(text, file=sys.stderr)
  return entry


def write(name: str, entry: Entry) -> None:
  """Writes an entry; on a full or read-only disk it only says so, once.

  Args:
    name: from `key`.
    entry: replaces the one of this name.
  """
  path = _path(name)
  if not path:
    return
  try:
    # Its digest tells an entry that a power failure has cut.
    atomic.write(path, _content(entry), lasting=False)
  except OSError as error:
    _say_once(f'traced programs are not cached: {disk.reason(error)}')


@functools.cache
def _say_once(text: str) -> None:
  print(text, file=sys.stderr)


def _path(name: str) -> pathlib.Path | None:
  folder = jax.config.jax_compilation_cache_dir
  return pathlib.Path(folder) / f'{name}{SUFFIX}' if folder else None


def _content(entry: Entry) -> bytes:
  names = sorted(entry.programs)  # the order of keys in the JSON
  sizes = {name: len(entry.programs[name]) for name in names}
  head = _json({'facts': entry.facts, 'sizes': sizes})
  body = b'\n'.join([head, b''.join(entry.programs[n] for n in names)])
  digest = hashlib.sha256(body).hexdigest().encode()
  return b'\n'.join([MAGIC, digest, body])


def _parsed(content: bytes) -> Entry | None:
  """None where the content is not as it was written."""
  magic, _, rest = content.partition(b'\n')
  digest, _, body = rest.partition(b'\n')
  whole = hashlib.sha256(body).hexdigest().encode()
  if magic != MAGIC or digest != whole:
    return None
  head, _, blobs = body.partition(b'\n')
  header = json.loads(head)
  programs, start = {}, 0
  for name, size in header['sizes'].items():
    programs[name] = blobs[start : start + size]
    start += size
  return Entry(header['facts'], programs)


def _json(what: Any) -> bytes:
  return json.dumps(what, sort_keys=True, separators=(',', ':')).encode()


@functools.cache
def _package() -> str:
  """A digest of the files of this package that a program may depend on."""

  def below(file):
    # Files that a config chooses by name are part of the identity.
    folder, *inside = file.relative_to(identity.ROOT).with_suffix('').parts
    return folder not in ABOVE or bool(COMMON & {*inside})

  return identity.digest_of(filter(below, identity.ROOT.rglob('*.py')))


def _user_files() -> str:
  """A digest of all loaded files that are neither installed nor Python's."""
  installed = {sysconfig.get_path(p) for p in ('stdlib', 'purelib', 'platlib')}
  root = str(identity.ROOT)
  # With a separator: `mtl_jax_lab` beside this package is the user's.
  places = tuple(f'{p}{os.sep}' for p in (*filter(None, installed), root))
  # A copy: other threads may import while this one iterates.
  modules = list(sys.modules.values())
  files = sorted(filter(None, {getattr(m, '__file__', None) for m in modules}))
  # Without this package, which `_package` covers.
  of_user = [f for f in files if not f.startswith(places)]
  return records.digest(
    [
      [f, hashlib.sha256(pathlib.Path(f).read_bytes()).hexdigest()]
      for f in of_user
    ]
  )
