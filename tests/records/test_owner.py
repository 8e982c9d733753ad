"""A workdir belongs to one configuration."""

import pytest

from mtl_jax.errors import InputError
from mtl_jax.records import owner

OURS = {'dataset': {'toy': {}}, 'steps': 10}


def test_a_second_call_finds_its_own(tmp_path):
  owner.claim(tmp_path / 'new', OURS)
  owner.claim(tmp_path / 'new', OURS)


def test_another_configuration_is_refused_by_the_key_that_differs(tmp_path):
  owner.claim(tmp_path, OURS)
  with pytest.raises(InputError, match='steps is 10 there and 20 here'):
    owner.claim(tmp_path, {**OURS, 'steps': 20})


def test_a_folder_with_other_files_is_refused(tmp_path):
  (tmp_path / 'thesis.tex').write_text('precious')
  with pytest.raises(InputError, match='holds other files'):
    owner.claim(tmp_path, OURS)
  assert [path.name for path in tmp_path.iterdir()] == ['thesis.tex']


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
  (tmp_path / 'file').write_text('')
  with pytest.raises(InputError, match='name a folder that can be written'):
    owner.claim(tmp_path / 'file' / 'below', OURS)


def test_what_a_command_that_begins_now_is_writing_is_no_stranger(tmp_path):
  (tmp_path / f'{owner.PART}elsewhere-12').write_text('{')
  owner.claim(tmp_path, OURS)
  owner.claim(tmp_path, OURS)
