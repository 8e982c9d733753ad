"""What is installed is whole: packages, and the files that they read."""

import pathlib
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / 'pyproject.toml').read_text('utf-8'))
PACKAGES = ('mtl_jax', 'experiments', 'configs', 'benchmarks')


@pytest.mark.parametrize('package', PACKAGES)
def test_every_folder_of_code_is_a_package(package):
  for file in (ROOT / package).rglob('*.py'):
    assert (file.parent / '__init__.py').exists(), file


def test_files_that_are_no_code_are_installed():
  patterns = SETTINGS['tool']['setuptools']['package-data']
  for file in (ROOT / 'mtl_jax').rglob('*'):
    if file.is_dir() or file.suffix in ('.py', '.pyc'):
      continue
    package = '.'.join(file.parent.relative_to(ROOT).parts)
    own = patterns.get(package, [])
    assert any(file.match(pattern) for pattern in own), file


def test_a_console_command_is_a_function():
  for command in SETTINGS['project']['scripts'].values():
    module, name = command.split(':')
    file = ROOT.joinpath(*module.split('.')).with_suffix('.py')
    assert f'\ndef {name}(' in file.read_text('utf-8')
