"""A workdir belongs to one configuration."""

import pytest

from mtl_jax import records
from mtl_jax.errors import InputError
from mtl_jax.records import owner

CONFIG = {'dataset': {'toy': {}}, 'steps': 10}


def test_a_second_call_with_the_same_configuration_passes(tmp_path):
  owner.claim(tmp_path / 'new', CONFIG)
  owner.claim(tmp_path / 'new', CONFIG)


def test_another_configuration_is_refused_by_the_key_that_differs(tmp_path):
  owner.claim(tmp_path, CONFIG)
  with pytest.raises(InputError, match='steps is 10 there and 20 here'):
    owner.claim(tmp_path, {**CONFIG, 'steps': 20})


@pytest.mark.parametrize('content', ['', '{"steps": 1', '{"check": "0"}'])
def test_a_damaged_configuration_is_restored(tmp_path, capsys, content):
  owner.claim(tmp_path, CONFIG)
  path = tmp_path / owner.OWNER
  whole = path.read_bytes()
  path.write_text(content)
  owner.claim(tmp_path, CONFIG)
  assert path.read_bytes() == whole
  assert f'{path} was damaged' in capsys.readouterr().err


def test_it_is_not_restored_for_cells_of_another_configuration(tmp_path):
  owner.claim(tmp_path, CONFIG)
  records.write_config(tmp_path / 'cells' / 'a', {**CONFIG, 'scheme': 'hard'})
  (tmp_path / owner.OWNER).write_text('')
  with pytest.raises(InputError, match='steps is 10 there and 20 here'):
    owner.claim(tmp_path, {**CONFIG, 'steps': 20})
  owner.claim(tmp_path, CONFIG)


def test_a_folder_with_other_files_is_refused(tmp_path):
  (tmp_path / 'thesis.tex').write_text('precious')
  with pytest.raises(InputError, match='holds other files'):
    owner.claim(tmp_path, CONFIG)
  assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']


def test_a_folder_that_cannot_be_created_is_refused(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(InputError, match='name a folder that can be written'):
    owner.claim(tmp_path / 'file' / 'below', CONFIG)


def test_a_temporary_file_of_another_command_is_ignored(tmp_path):
  (tmp_path / f'{owner.PART}elsewhere-12').write_text('{')
  owner.claim(tmp_path, CONFIG)
  owner.claim(tmp_path, CONFIG)
