"""Compiled programs are kept from one job to the next.

JAX writes them; here is where, how many, and what it does not do: mend an
entry that was cut off, keep apart machines that share a home folder.
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

LARGEST = 2 * 1024**3  # bytes of all entries; the longest unused go first
SHORTEST = 0.1  # seconds of compiling below which nothing is kept
FAULT = 'Error reading persistent compilation cache entry'  # as JAX warns


def keep_programs(say: Callable[[str], None]) -> None:
  """Keeps compiled programs in the user's cache folder.

  `MTL_JAX_CACHE` names another folder, or none at all where it is empty. JAX's
  own settings go first. `say` takes a line where something is amiss.
  """
  if not jax.config.jax_enable_compilation_cache:
    return
  folder = jax.config.jax_compilation_cache_dir or _folder()
  if not folder:
    return
  folder = pathlib.Path(folder)
  if why := _unwritable(folder):
    say(f'compiled programs are not kept: {why}; MTL_JAX_CACHE names a folder')
    jax.config.update('jax_compilation_cache_dir', None)
    return
  jax.config.update('jax_compilation_cache_dir', str(folder))
  if (
    jax.config.jax_persistent_cache_min_compile_time_secs == 1
  ):  # as JAX has it
    jax.config.update('jax_persistent_cache_min_compile_time_secs', SHORTEST)
  _shrink(folder)
  _mend_when_warned(folder, say)


def _folder() -> pathlib.Path | None:
  """One per kind of machine: code for another's processor may not run here."""
  chosen = os.environ.get('MTL_JAX_CACHE')
  if chosen == '':
    return None
  folder = pathlib.Path(chosen) if chosen else _caches() / 'mtl_jax'
  return folder.expanduser() / 'programs' / _machine()


def _caches() -> pathlib.Path:
  """Where this system keeps what can be made again."""
  if own := os.environ.get('XDG_CACHE_HOME'):
    return pathlib.Path(own)
  if sys.platform == 'darwin':
    return pathlib.Path('~/Library/Caches').expanduser()
  if local := os.environ.get('LOCALAPPDATA'):
    return pathlib.Path(local)
  return pathlib.Path('~/.cache').expanduser()


def _machine() -> str:
  """A digest of what the processor is and can do."""
  known = [platform.system(), platform.machine(), platform.processor()]
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text('utf-8').splitlines()
  except OSError:  # not Linux
    lines = []
  told = ('vendor_id', 'cpu family', 'model', 'flags', 'Features', 'CPU part')
  known += sorted({line for line in lines if line.startswith(told)})
  digest = hashlib.sha256('\n'.join(known).encode()).hexdigest()[:12]
  return f'{platform.machine()}-{digest}'


def _unwritable(folder: pathlib.Path) -> str:
  try:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
      return ''
  except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
    return str(error)


def _entries(folder: pathlib.Path) -> list[os.DirEntry]:
  with os.scandir(folder) as found:
    return [entry for entry in found if entry.name.endswith('-cache')]


def _shrink(folder: pathlib.Path) -> None:
  """Removes what was not used for longest, down to `LARGEST` bytes."""
  known = []
  for entry in _entries(folder):
    try:
      stat = entry.stat()
    except OSError:  # Another process has removed it.
      continue
    known.append((max(stat.st_atime, stat.st_mtime), stat.st_size, entry.path))
  total = sum(size for _, size, _ in known)
  for _, size, path in sorted(known):
    if total <= LARGEST:
      return
    pathlib.Path(path).unlink(missing_ok=True)
    total -= size


def _mend_when_warned(folder: pathlib.Path, say: Callable[[str], None]) -> None:
  """Removes broken entries once JAX meets one, before it writes anew.

  JAX warns of an entry that it cannot read, compiles, and keeps what lies
  there: it would warn and compile again at every start.
  """
  show = warnings.showwarning

  def shown(message, *rest, **others):
    removed = _remove_broken(folder) if str(message).startswith(FAULT) else 0
    if not removed:
      return show(message, *rest, **others)
    return say(f'{removed} broken compiled programs in {folder} are made anew')

  warnings.showwarning = shown


def _remove_broken(folder: pathlib.Path) -> int:
  broken = [entry for entry in _entries(folder) if not _whole(entry.path)]
  for entry in broken:
    pathlib.Path(entry.path).unlink(missing_ok=True)
  return len(broken)


def _whole(path: str) -> bool:
  """Whether an entry can be unpacked to its end."""
  try:
    packed = pathlib.Path(path).read_bytes()
    return len(_unpacked(packed)) > 4  # Seconds come first, then the program.
  except FileNotFoundError:
    return True
  except Exception:  # noqa: BLE001 - each packer has exceptions of its own.
    return False


def _unpacked(packed: bytes) -> bytes:
  if packed[:4] != b'\x28\xb5\x2f\xfd':
    return zlib.decompress(packed)
  try:
    from compression import zstd  # since Python 3.14
  except ImportError:
    import zstandard as zstd

    return zstd.ZstdDecompressor().decompress(packed)
  return zstd.decompress(packed)
