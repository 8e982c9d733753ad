"""The lock files: every pin with its hashes, and nothing that is not pinned."""

import importlib.metadata
import pathlib
import re

import pytest
from packaging import requirements, utils

ROOT = pathlib.Path(__file__).parents[1]
LOCKS = {
  'requirements': ROOT / 'requirements.txt',
  'requirements-docs': ROOT / 'requirements-docs.txt',
  'requirements-oldest': ROOT / 'requirements-oldest.txt',
  'build': ROOT / 'locks/build.txt',
  'uv': ROOT / 'locks/uv.txt',
}


def pins(path):
  """The requirements of a file by name, without their hashes."""
  lines = re.sub(r'\\\n', ' ', path.read_text('utf-8')).splitlines()
  words = [line.partition('--hash')[0].partition('#')[0] for line in lines]
  made = [requirements.Requirement(w) for w in words if w.strip()]
  return {utils.canonicalize_name(one.name): one for one in made}


def lock(name):
  return ROOT / 'locks' / f'{name}.lock'


@pytest.mark.parametrize('name', LOCKS)
def test_a_lock_has_the_pins_of_its_file(name):
  locked = pins(lock(name))
  for own, pin in pins(LOCKS[name]).items():
    assert own in locked, f'{own} is not locked: run `make lock`'
    assert locked[own].specifier == pin.specifier, f'{own}: run `make lock`'


def test_requirements_txt_has_all_of_its_lock():
  """What any system that is tested would install is a pin that is read."""
  everywhere = {
    n for n, one in pins(lock('requirements')).items() if not one.marker
  }
  assert everywhere == {*pins(LOCKS['requirements'])}


@pytest.mark.parametrize('name', LOCKS)
def test_every_file_has_hashes_and_no_place(name):
  text = lock(name).read_text('utf-8')
  assert not re.search(r'://|--(extra-)?index|--find-links|--trusted', text)
  entries = re.sub(r'\\\n', ' ', text).splitlines()
  for entry in entries:
    if not entry.startswith('#'):
      assert re.search(r'==\S+ .*--hash=sha256:[0-9a-f]{64}\b', entry), entry


def test_what_is_locked_needs_nothing_else():
  """Of what is installed here, as far as it is of the locked version."""
  locked = pins(lock('requirements')) | pins(lock('requirements-docs'))
  for name, pin in locked.items():
    try:
      found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
      continue
    for text in found.requires or () if found.version in pin.specifier else ():
      need = requirements.Requirement(text)
      if need.marker is None or need.marker.evaluate({'extra': ''}):
        assert utils.canonicalize_name(need.name) in locked, f'{name}: {need}'


def test_the_set_up_installs_only_what_is_locked():
  lines = (
    (ROOT / 'Makefile').read_text('utf-8').replace('\\\n', '').splitlines()
  )
  installing = [line for line in lines if 'pip install' in line]
  # Of the peers, which only benchmarks compare with, versions are pinned.
  ours = [line for line in installing if 'venv-bench' not in line]
  assert len(ours) == 2
  assert all('--no-build-isolation' in line for line in ours)
  assert all('--require-hashes' in own or '--no-deps' in own for own in ours)
