"""What is mended before any cell of a command is trained."""

import pytest

from mtl_jax import records
from mtl_jax.records import digests, lines
from mtl_jax.run.resuming import repairs

IDENTITY = {'scheme': 'hard'}


@pytest.fixture
def folder(tmp_path):
  records.append(tmp_path, {'kind': 'cell'})
  records.write_config(tmp_path, IDENTITY)
  return tmp_path


def finish(folder):
  records.append(folder, {'kind': 'done'})
  digests.write_of_records(folder)


def test_a_finished_cell_has_its_config_again(folder):
  path = folder / lines.CONFIG
  path.unlink()
  repairs.before(folder, IDENTITY)
  assert not path.exists()  # It has just begun, and will have one.
  finish(folder)
  (problem,) = digests.of_cell(folder)
  assert problem.path == path
  repairs.before(folder, IDENTITY)
  assert digests.read(path, '') == IDENTITY
  assert digests.of_cell(folder) == []


def test_checkpoints_of_a_finished_cell_are_removed(folder):
  """A process may be killed while it removes them."""
  saved = folder / 'checkpoints' / 'matrix_of_1_runs' / '1'
  saved.mkdir(parents=True)
  (saved / 'array').write_text('1')
  digests.write_beside(saved)
  (saved / 'array').unlink()
  repairs.before(folder, IDENTITY)
  assert saved.is_dir()
  finish(folder)
  assert digests.of_cell(folder)
  repairs.before(folder, IDENTITY)
  assert digests.of_cell(folder) == []
