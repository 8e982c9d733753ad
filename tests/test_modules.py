"""Files are found by name, and a wrong name is answered with the nearest."""

import pytest

from mtl_jax import modules
from mtl_jax.errors import InputError

PACKAGES = ('encoders', 'schemes', 'balancers')


@pytest.mark.parametrize('package', PACKAGES)
def test_names_are_the_files(package):
  found = modules.names(f'mtl_jax.{package}')
  assert found == sorted(found)
  assert 'base' not in found
  for name in found:
    module = modules.find(f'mtl_jax.{package}', name)
    assert module.__name__ == f'mtl_jax.{package}.{name}'


def test_unknown_name_is_answered_with_the_nearest():
  with pytest.raises(
    InputError, match="'hrad' in schemes: did you mean 'hard'"
  ):
    modules.find('mtl_jax.schemes', 'hrad')


def test_base_cannot_be_chosen():
  with pytest.raises(InputError, match="'base'"):
    modules.find('mtl_jax.schemes', 'base')


@pytest.fixture
def lab(tmp_path, monkeypatch):
  """A package of the user's, on the Python path."""
  folder = tmp_path / 'my_own_lab'
  folder.mkdir()
  (folder / '__init__.py').write_text('')
  (folder / 'mine.py').write_text('VALUE = 7\n')
  (folder / 'broken.py').write_text('import no_such_module_here\n')
  monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures('lab')
def test_dotted_path_is_imported():
  assert modules.find('mtl_jax.schemes', 'my_own_lab.mine').VALUE == 7


@pytest.mark.usefixtures('lab')
@pytest.mark.parametrize('path', ['my_own_lab.other', 'no_lab.mine'])
def test_missing_path_tells_the_remedy(path):
  with pytest.raises(InputError, match='PYTHONPATH'):
    modules.find('mtl_jax.schemes', path)


@pytest.mark.usefixtures('lab')
def test_what_a_users_file_lacks_is_not_hidden():
  with pytest.raises(ModuleNotFoundError, match='no_such_module_here'):
    modules.find('mtl_jax.schemes', 'my_own_lab.broken')


def _make(first, width=3, *, rate=0.1):
  return first, width, rate


def test_fields_are_arguments_with_a_default():
  assert modules.fields(_make) == {'width': 3, 'rate': 0.1}


def test_unknown_key_names_place_and_nearest():
  with pytest.raises(InputError, match=r"here: unknown key 'widht'.*'width'"):
    modules.check_fields('here', {'widht': 1}, modules.fields(_make))
  modules.check_fields('here', {'width': 1}, modules.fields(_make))
