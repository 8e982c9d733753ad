"""A file is written as a whole or not at all."""

import numpy as np
import pytest

from mtl_jax.records import atomic


@pytest.mark.parametrize(
  'content',
  ['caf\u00e9', 'caf\u00e9'.encode(), lambda f: f.write(b'caf\xc3\xa9')],
)
def test_text_bytes_and_writers_replace_a_file(content, tmp_path):
  path = tmp_path / 'new' / 'file'
  atomic.write(path, 'old')
  atomic.write(path, content)
  assert path.read_text('utf-8') == 'caf\u00e9'
  assert [p.name for p in path.parent.iterdir()] == ['file']


def test_arrays_are_written_without_a_copy(tmp_path):
  atomic.write(tmp_path / 'a.npz', lambda file: np.savez(file, x=np.arange(3)))
  with np.load(tmp_path / 'a.npz') as saved:
    assert saved['x'].tolist() == [0, 1, 2]


def test_an_error_leaves_the_previous_file_and_no_other(tmp_path):
  def fail(file):
    file.write(b'half')
    (part,) = (p.name for p in tmp_path.iterdir() if p.name != 'file')
    assert part.startswith(atomic.part_prefix('file'))
    raise OSError('no space left')

  atomic.write(tmp_path / 'file', 'old')
  with pytest.raises(OSError, match='no space'):
    atomic.write(tmp_path / 'file', fail)
  assert [p.name for p in tmp_path.iterdir()] == ['file']
  assert (tmp_path / 'file').read_text() == 'old'


def test_of_two_that_create_a_file_the_first_wins(tmp_path):
  path = tmp_path / 'a'
  atomic.create(path, 'first')
  atomic.create(path, 'second')
  assert path.read_text('utf-8') == 'first'
  assert [*tmp_path.iterdir()] == [path]


def test_a_file_system_without_links_has_it_too(tmp_path, monkeypatch):
  def refuse(*_):
    raise PermissionError

  monkeypatch.setattr('os.link', refuse)
  atomic.create(tmp_path / 'a', 'first')
  assert (tmp_path / 'a').read_text('utf-8') == 'first'
  assert len([*tmp_path.iterdir()]) == 1
