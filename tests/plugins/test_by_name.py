"""Files are chosen by name; the error for a wrong name suggests the nearest."""

import pytest

from mtl_jax import plugins
from mtl_jax.errors import InputError

PACKAGES = {'encoders': 'make', 'schemes': 'Scheme', 'balancers': 'make'}


@pytest.mark.parametrize(('package', 'made_by'), PACKAGES.items())
def test_names_are_the_files(package, made_by):
  names = plugins.names(f'mtl_jax.{package}')
  assert names == sorted(names)
  assert 'base' not in names
  for name in names:
    found = plugins.find(f'mtl_jax.{package}', name, made_by)
    assert found.__module__ == f'mtl_jax.{package}.{name}'


def test_the_error_for_an_unknown_name_suggests_the_nearest():
  with pytest.raises(
    InputError, match="'hrad' in schemes: did you mean 'hard'"
  ):
    plugins.find('mtl_jax.schemes', 'hrad', 'Scheme')


def test_base_cannot_be_chosen():
  with pytest.raises(InputError, match="'base'"):
    plugins.find('mtl_jax.schemes', 'base', 'Scheme')


@pytest.fixture
def lab(tmp_path, monkeypatch):
  """A package of the user's, on the Python path."""
  folder = tmp_path / 'my_own_lab'
  folder.mkdir()
  (folder / '__init__.py').write_text('')
  (folder / 'mine.py').write_text('def value(): return 7\n')
  (folder / 'broken.py').write_text('import no_such_module_here\n')
  monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures('lab')
def test_dotted_path_is_imported():
  assert plugins.find('mtl_jax.schemes', 'my_own_lab.mine', 'value')() == 7


@pytest.mark.usefixtures('lab')
def test_a_file_without_the_attribute_is_refused():
  with pytest.raises(InputError, match='my_own_lab.mine has no Scheme'):
    plugins.find('mtl_jax.schemes', 'my_own_lab.mine', 'Scheme')


@pytest.mark.usefixtures('lab')
@pytest.mark.parametrize('path', ['my_own_lab.other', 'no_lab.mine'])
def test_the_error_for_a_missing_path_names_the_remedy(path):
  with pytest.raises(InputError, match='PYTHONPATH'):
    plugins.find('mtl_jax.schemes', path, 'Scheme')


@pytest.mark.usefixtures('lab')
def test_a_failed_import_in_a_users_file_is_not_hidden():
  with pytest.raises(InputError, match='no_such_module_here.*broken.py, line'):
    plugins.find('mtl_jax.schemes', 'my_own_lab.broken', 'Scheme')


def _make(first, width=3, *, rate=0.1):
  return first, width, rate


def test_fields_are_arguments_with_a_default():
  assert plugins.fields(_make) == {'width': 3, 'rate': 0.1}


def test_unknown_key_names_place_and_nearest():
  with pytest.raises(InputError, match=r"here: unknown key 'widht'.*'width'"):
    plugins.check_fields('here', {'widht': 1}, plugins.fields(_make))
  plugins.check_fields('here', {'width': 1}, plugins.fields(_make))
