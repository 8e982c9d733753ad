"""Settings that hold for every test."""

import os
import pathlib

import jax
import pytest

from mtl_jax.data import files

# Turns the classic `[B, 1] - [B]` loss bug into an error.
jax.config.update('jax_numpy_rank_promotion', 'raise')

# A test leaves nothing in the user's folders, and finds nothing there.
os.environ.setdefault('MTL_JAX_CACHE', '')


# Each program that XLA compiles takes memory maps, of which a process may have
# 65,530; a worker that runs half of the suite compiles thousands.
MAPS = pathlib.Path('/proc/self/maps')
MOST_MAPS = 20_000


@pytest.fixture(autouse=True, scope='module')
def few_maps():
  """Lets programs go where a worker has compiled too many."""
  yield
  if MAPS.exists() and MAPS.read_bytes().count(b'\n') > MOST_MAPS:
    jax.clear_caches()


@pytest.fixture(scope='session')
def raw():
  """A function: the folder with the raw file of a data set, or a skip."""

  def find(name: str) -> str:
    folder, source = files.folder(), files.SOURCES[name]
    if not any((folder / n).exists() for n in (source.bare, source.archive)):
      pytest.skip(f'no {source.archive} in {folder}; {files.remedy(name)}')
    return str(folder)

  return find


@pytest.fixture
def actg175(raw):
  """Skips where the trial's file is absent."""
  return raw('actg175')
