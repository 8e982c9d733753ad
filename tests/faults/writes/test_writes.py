"""A write that fails is told in one line, and the same command goes on."""

import errno
import json
import logging
import os
import pickle
import subprocess
import sys

import pytest

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.records import disk, quiet_orbax
from tests.faults import subject
from tests.faults.campaigns import writes
from tests.faults.writes import failing, few_writes

LIBRARIES = [
  pytest.param(True, id='below Python'),
  pytest.param(False, id='in Python'),
]


@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize('below', LIBRARIES)
def test_every_call_of_every_write_may_fail(tmp_path, number, below):
  trials = _trials(tmp_path, number, below)
  assert len(trials) > (15 if below else 9)
  for trial in trials:
    folder = tmp_path / str(trial['nth'])
    said = trial['said']
    kinds = [line['kind'] for line in records.read(folder)]
    assert kinds in ([], ['first'], ['first', 'second', 'third'])
    replaced, made = folder / 'replaced', folder / 'created'
    assert replaced.read_text() in ('old', 'new')
    assert not made.exists() or made.read_text() == 'made'
    if said:
      assert said.startswith(f'cannot write {folder}')
      assert disk.REMEDIES[number][0] in said
    else:
      assert len(kinds) == 3
      assert (replaced.read_text(), made.exists()) == ('new', True)
    # What is left over can only be what could not be removed.
    left = [path for path in folder.iterdir() if path.name.startswith('.')]
    assert len(left) <= [c[1] for c in trial['failed']].count('unlink')


def _trials(folder, number, below):
  library = failing.library() if below else None
  if below and not library:
    pytest.skip('needs Linux and a C compiler')
  done = subprocess.run(
    [sys.executable, '-m', few_writes.__name__, str(folder), str(number)],
    env=os.environ | ({'LD_PRELOAD': str(library)} if library else {}),
    cwd=subject.ROOT, capture_output=True, text=True, check=True,
  )  # fmt: skip
  return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_table_is_made_in_spite_of_failing_writes(tmp_path):
  asked = 'write fails with ENOSPC', 'the disk is read-only from one call on'
  others = {words for words, *_ in writes.faults()} - {*asked}
  for one in writes.run(1, tmp_path, others | {writes.small_disk.WORDS}):
    assert not any(one[3:7]), one


@pytest.mark.parametrize(
  'error',
  [
    OSError(errno.ENOSPC, 'whatever', '/a/b'),
    ExceptionGroup('', [ValueError(), OSError(errno.ENOSPC, '', '/a/b')]),
    ValueError('Failed to write 335 bytes: No space left on device [...]'),
    pickle.loads(pickle.dumps(disk.WriteError(errno.ENOSPC, '/a/b'))),
  ],
)
def test_any_library_says_that_the_disk_is_full(error):
  line = disk.told(error)
  assert 'the disk is full' in line
  assert 'free some space' in line
  assert '/a/b' in line or isinstance(error, ValueError)


def test_other_errors_are_no_errors_of_the_disk():
  assert not disk.told(FileNotFoundError(errno.ENOENT, 'no file', '/a'))
  assert not disk.told(ValueError('nothing'))
  with pytest.raises(ValueError, match='nothing'), disk.writing('/a'):
    raise ValueError('nothing')
  denied = OSError(errno.EACCES, 'raw file')
  with pytest.raises(InputError, match='no raw'), disk.writing('/a'):
    raise InputError('no raw file') from denied


def test_the_numbers_tried_are_spread_over_all():
  assert writes.chosen(100, 4) == [1, 26, 51, 76]
  assert writes.chosen(3, 9) == writes.chosen(3, 0) == [1, 2, 3]


@pytest.mark.parametrize(
  ('text', 'shown'),
  [
    ('Checkpoint failed: ENOSPC: No space left on device', False),
    ('a checkpoint takes long', True),
  ],
)
def test_what_orbax_logs_of_a_full_disk_is_told_once(text, shown):
  quiet_orbax.install()
  record = logging.LogRecord('absl', logging.ERROR, '', 0, text, (), None)
  assert bool(logging.getLogger('absl').filter(record)) == shown


def test_a_refused_permission_is_of_the_disk_only_where_something_is_written():
  error = RuntimeError('opening the device: Permission denied')
  assert not disk.told(error)
  with pytest.raises(disk.WriteError, match='/a/b'), disk.writing('/a/b'):
    raise error
