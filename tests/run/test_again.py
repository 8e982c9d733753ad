"""What was trained again for a model takes the place of its cell."""

import pathlib

import pytest

from mtl_jax import records
from mtl_jax.records import digests, lines, model_files
from mtl_jax.run.resuming import again


class KilledError(Exception):
  pass


@pytest.fixture
def folder(tmp_path):
  """A finished cell without a model, and what was trained again."""
  for own, made in (
    (tmp_path, 'first'),
    (tmp_path / lines.RETRAINED, 'second'),
  ):
    records.append(own, {'kind': 'cell', 'made': made}, {'kind': 'done'})
    digests.write_of_records(own)
    records.write_config(own, {'scheme': 'hard'})
    digests.write(own / 'made.json', {'made': made})
  own = tmp_path / lines.RETRAINED
  (own / 'best').mkdir()
  (own / 'best' / 'array').write_text('1')
  digests.write_beside(own / 'best')
  digests.write(own / model_files.MODEL, {'made': 'second'})
  return tmp_path


@pytest.mark.parametrize('moves', range(8))
def test_a_killed_move_is_ended_by_the_next(folder, monkeypatch, moves):
  left = [moves]

  def replace(path, to):
    if not left[0]:
      raise KilledError
    left[0] -= 1
    return real(path, to)

  real = pathlib.Path.replace
  with monkeypatch.context() as patched:
    patched.setattr(pathlib.Path, 'replace', replace)
    try:
      again.take_over(folder)
    except KilledError:
      assert digests.of_cell(folder) == []
      assert not (folder / model_files.MODEL).exists()
    assert records.finished(folder)
  again.take_over(folder)
  assert not (folder / lines.RETRAINED).exists()
  assert digests.of_cell(folder) == []
  assert digests.read(folder / model_files.MODEL, '') == {'made': 'second'}
  assert next(records.read(folder))['made'] == 'second'


def test_what_is_not_trained_to_its_end_is_left(folder):
  own = folder / lines.RETRAINED
  records.cut(own, 1)
  again.take_over(folder)
  assert again.place(folder) == own
  assert next(records.read(folder))['made'] == 'first'
  assert (own / model_files.MODEL).exists()
