"""The persistent compilation cache: compiled programs are reused by later jobs.

JAX writes the cache. This module sets its folder and its size, and does what
JAX does not: it removes incomplete entries, and separates machines of different
kinds that share a home folder.
"""

import hashlib
import os
import pathlib
import platform
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable

import jax

from mtl_jax.records import disk

LARGEST = 2 * 1024**3  # bytes; the least recently used entries are removed
SHORTEST = 0.1  # seconds; programs that compile faster are not cached
# Warnings of JAX.
FAULT = 'Error reading persistent compilation cache entry'
UNWRITTEN = 'Error writing persistent compilation cache entry'


def keep_programs(say: Callable[[str], None]) -> None:
  """Enables JAX's persistent compilation cache, in the user's cache folder.

  The environment variable `MTL_JAX_CACHE` names another folder; if it is empty,
  nothing is cached. Settings of JAX itself have precedence over it.

  Args:
    say: function that takes a warning of one line.
  """
  if not jax.config.jax_enable_compilation_cache:
    return
  folder = jax.config.jax_compilation_cache_dir or _folder()
  if not folder:
    return
  folder = pathlib.Path(folder)
  if why := _unwritable(folder):
    say(
      f'compiled programs are not cached: {why}; set MTL_JAX_CACHE to a folder '
      'that can be written to'
    )
    jax.config.update('jax_compilation_cache_dir', None)
    return
  jax.config.update('jax_compilation_cache_dir', str(folder))
  if (
    jax.config.jax_persistent_cache_min_compile_time_secs == 1
  ):  # JAX's default: the user has not set it.
    jax.config.update('jax_persistent_cache_min_compile_time_secs', SHORTEST)
  _shrink(folder)
  _repair_when_warned(folder, say)


def cache_folder() -> pathlib.Path | None:
  """Returns the cache folder of this package; None if nothing is cached."""
  chosen = os.environ.get('MTL_JAX_CACHE')
  if chosen == '':
    return None
  chosen = pathlib.Path(chosen) if chosen else _caches() / 'mtl_jax'
  return chosen.expanduser()


def _folder() -> pathlib.Path | None:
  """A folder per kind of processor: code for another one may not run here."""
  caches = cache_folder()
  return caches and caches / 'programs' / _machine()


def _caches() -> pathlib.Path:
  """The user's cache folder on this operating system."""
  if own := os.environ.get('XDG_CACHE_HOME'):
    return pathlib.Path(own)
  if sys.platform == 'darwin':
    return pathlib.Path('~/Library/Caches').expanduser()
  if local := os.environ.get('LOCALAPPDATA'):
    return pathlib.Path(local)
  return pathlib.Path('~/.cache').expanduser()


def _machine() -> str:
  """A digest of the model and the features of the processor."""
  known = [platform.system(), platform.machine(), platform.processor()]
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text('utf-8').splitlines()
  except OSError:  # not Linux
    lines = []
  keys = ('vendor_id', 'cpu family', 'model', 'flags', 'Features', 'CPU part')
  known += sorted({line for line in lines if line.startswith(keys)})
  digest = hashlib.sha256('\n'.join(known).encode()).hexdigest()[:12]
  return f'{platform.machine()}-{digest}'


def _unwritable(folder: pathlib.Path) -> str:
  try:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
      return ''
  except (OSError, RuntimeError) as error:  # RuntimeError: no home folder
    return str(error)


def _entries(folder: pathlib.Path, *kinds: str) -> list[os.DirEntry]:
  """Cached programs, or what `kinds` name by parts of file names."""
  with os.scandir(folder) as entries:
    found = list(entries)
  if not kinds:
    return [entry for entry in found if entry.name.endswith('-cache')]
  return [entry for entry in found if any(k in entry.name for k in kinds)]


def _shrink(folder: pathlib.Path) -> None:
  """Removes the least recently used entries until `LARGEST` bytes are left."""
  entries = []
  # Traced programs too, and temporary files that a killed process left.
  for entry in _entries(folder, '-cache', '-traced'):
    try:
      stat = entry.stat()
    except OSError:  # Another process has removed it.
      continue
    # Some file systems do not update the time of the last access.
    used = max(stat.st_atime, stat.st_mtime)
    entries.append((used, stat.st_size, entry.path))
  total = sum(size for _, size, _ in entries)
  for _, size, path in sorted(entries):
    if total <= LARGEST:
      return
    disk.remove(pathlib.Path(path))
    total -= size


def _repair_when_warned(
  folder: pathlib.Path, say: Callable[[str], None]
) -> None:
  """Removes broken entries as soon as JAX warns of one; says so in one line.

  JAX warns of an entry that it cannot read and compiles the program, but does
  not replace the entry: it would warn and compile again at every start. Where
  an entry cannot be written it warns at every program.
  """
  show, unwritten = warnings.showwarning, []

  def shown(message, *rest, **others):
    if str(message).startswith(UNWRITTEN):
      unwritten.append(message)
      if len(unwritten) == 1:
        _remove_broken(folder)
        say(f'compiled programs are not cached: {_why(message)}')
      return None
    removed = _remove_broken(folder) if str(message).startswith(FAULT) else 0
    if not removed:
      return show(message, *rest, **others)
    return say(
      f'{removed} broken entries in the compilation cache {folder}: removed, '
      'and compiled again'
    )

  warnings.showwarning = shown


def _why(message: Warning) -> str:
  return str(message).removeprefix(UNWRITTEN).partition(': ')[2]


def _remove_broken(folder: pathlib.Path) -> int:
  broken = [entry for entry in _entries(folder) if not _whole(entry.path)]
  for entry in broken:
    disk.remove(pathlib.Path(entry.path))
  return len(broken)


def _whole(path: str) -> bool:
  """Whether an entry is complete, so that it can be decompressed."""
  try:
    packed = pathlib.Path(path).read_bytes()
    # Four bytes hold the compile time; the program follows.
    return len(_unpacked(packed)) > 4
  except FileNotFoundError:
    return True
  except Exception:  # noqa: BLE001 - zlib and zstd raise different errors.
    return False


def _unpacked(packed: bytes) -> bytes:
  if packed[:4] != b'\x28\xb5\x2f\xfd':  # the magic number of zstd
    return zlib.decompress(packed)
  try:
    from compression import zstd  # since Python 3.14
  except ImportError:
    import zstandard as zstd

    return zstd.ZstdDecompressor().decompress(packed)
  return zstd.decompress(packed)
