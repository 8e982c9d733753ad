"""What was traced of a cell is kept from one job to the next.

It lies beside JAX's compiled programs, which are found by what tracing makes:
an unchanged cell then starts without either. A file is JSON and programs that
`jax.export` wrote, behind a digest of both; nothing pickled is read.
"""

import contextlib
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
from mtl_jax.records import atomic

SUFFIX = '-traced'
MAGIC = b'mtl_jax 1'
# A program rests on these, and on the part of this package that is below it.
PACKAGES = ('jax', 'jaxlib', 'flax', 'optax')
ABOVE = ('report', 'launchers', 'schemes', 'balancers', 'encoders', 'data')
COMMON = {'base', 'parts', 'solvers', 'views', 'sources', 'stacked', 'padded'}


def on() -> bool:
  """Whether anything is kept here."""
  return bool(jax.config.jax_compilation_cache_dir)


class Kept(NamedTuple):
  """Of one cell.

  Attributes:
    facts: what a plan is made of, anything that JSON can hold.
    programs: as `jax.export` serialised them, by name.
  """

  facts: dict[str, Any]
  programs: dict[str, bytes]


def key(named: dict, sizes: Sequence, own: bool) -> str:
  """Names what is kept of a cell.

  Args:
    named: the cell's identity; it covers its scheme, balancer and encoder.
    sizes: of what is compiled, as far as results do not rest on them.
    own: whether the cell is made of files of the user's. Such a file can import
      others, so that an edit of any of them that is loaded traces anew.
  """
  flags = jax.config
  known = {
    'identity': named,
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
    'own': _own() if own else '',
  }
  return hashlib.sha256(_json(known)).hexdigest()[:32]


def read(name: str) -> Kept | None:
  """What is kept under a `key`, or None; of a broken file one line is said."""
  path = _path(name)
  if not path:
    return None
  try:
    content = path.read_bytes()
    os.utime(path)  # The longest unused go first.
  except OSError:
    return None
  found = _parsed(content)
  if found is None:
    text = f'{path} is not whole; what it held is traced and written anew'
    print(text, file=sys.stderr)
  return found


def write(name: str, kept: Kept) -> None:
  """Keeps it where programs are kept; a full or read-only disk is no fault."""
  path = _path(name)
  if not path:
    return
  with contextlib.suppress(OSError):
    atomic.write(path, _content(kept))


def _path(name: str) -> pathlib.Path | None:
  folder = jax.config.jax_compilation_cache_dir
  return pathlib.Path(folder) / f'{name}{SUFFIX}' if folder else None


def _content(kept: Kept) -> bytes:
  names = sorted(kept.programs)  # as JSON has them
  sizes = {name: len(kept.programs[name]) for name in names}
  head = _json({'facts': kept.facts, 'sizes': sizes})
  body = b'\n'.join([head, b''.join(kept.programs[n] for n in names)])
  digest = hashlib.sha256(body).hexdigest().encode()
  return b'\n'.join([MAGIC, digest, body])


def _parsed(content: bytes) -> Kept | None:
  """None where it is not what was written."""
  magic, _, rest = content.partition(b'\n')
  digest, _, body = rest.partition(b'\n')
  whole = hashlib.sha256(body).hexdigest().encode()
  if magic != MAGIC or digest != whole:
    return None
  head, _, blobs = body.partition(b'\n')
  found = json.loads(head)
  programs, start = {}, 0
  for name, size in found['sizes'].items():
    programs[name] = blobs[start : start + size]
    start += size
  return Kept(found['facts'], programs)


def _json(what: Any) -> bytes:
  return json.dumps(what, sort_keys=True, separators=(',', ':')).encode()


@functools.cache
def _package() -> str:
  """A digest of this package's files that a program may rest on."""

  def below(file):
    # What is chosen by name is in the identity; all have what COMMON names.
    room, *inside = file.relative_to(identity.ROOT).with_suffix('').parts
    return room not in ABOVE or bool(COMMON & {*inside})

  return identity.digest_of(filter(below, identity.ROOT.rglob('*.py')))


def _own() -> str:
  """A digest of all loaded files that are neither installed nor Python's."""
  installed = {sysconfig.get_path(p) for p in ('stdlib', 'purelib', 'platlib')}
  root = str(identity.ROOT)
  places = (*filter(None, installed), root)
  found = {getattr(m, '__file__', None) for m in list(sys.modules.values())}
  files = sorted(filter(None, found))
  own = [f for f in files if not f.startswith(places)]
  return records.digest(
    [[f, hashlib.sha256(pathlib.Path(f).read_bytes()).hexdigest()] for f in own]
  )
