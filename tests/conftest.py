"""Settings that hold for every test."""

import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import jax
import jaxlib
import pytest
from jax.experimental.compilation_cache import compilation_cache

from mtl_jax.data import files
from tests import offline

# Turns the classic `[B, 1] - [B]` loss bug into an error.
jax.config.update('jax_numpy_rank_promotion', 'raise')

# Each program that XLA compiles takes memory maps, of which a process may have
# 65,530; a worker that runs half of the suite compiles thousands.
MAPS = pathlib.Path('/proc/self/maps')
MOST_MAPS = 20_000

# Halves the time that XLA takes to compile, where this jaxlib knows it: one
# that does not ends the process.
QUICK = '--xla_cpu_use_fusion_emitters=false'

# Programs that commands compile are kept in a folder of this session: a test
# leaves nothing in the user's folders, and finds nothing there.
KEPT = 'MTL_JAX_TESTS_KEPT'

# JAX's own setting, before any test.
CACHE = jax.config.jax_compilation_cache_dir

# Tests that take seconds of CPU, a line each.
SLOW = pathlib.Path(__file__).with_name('slow.txt')
MANY = 3
LEFT_OUT = {}


def pytest_configure(config):
  """Once for the session; workers are given this environment."""
  offline.close()
  if KEPT not in os.environ:
    config.kept = os.environ[KEPT] = tempfile.mkdtemp(prefix='mtl_jax-')
    os.environ['MTL_JAX_CACHE'] = os.environ[KEPT]
  flags = os.environ.get('XLA_FLAGS', '')
  if QUICK.split('=')[0] not in flags and _taken(config):
    os.environ['XLA_FLAGS'] = f'{flags} {QUICK}'.strip()


def pytest_collection_modifyitems(config, items):
  """Marks what `make test-fast` leaves out; of many parameters one stays."""
  slow = set(SLOW.read_text().split())
  found = collections.defaultdict(list)
  for item in items:
    found[item.nodeid.split('[')[0]].append(item)
  for name in slow & found.keys():
    stays = int(len(found[name]) >= MANY)
    for item in found[name][stays:]:
      item.add_marker('slow')


def pytest_deselected(items):
  """Counts, by file, what is left out; a worker tells who started it."""
  counts = collections.Counter(item.nodeid.split('::')[0] for item in items)
  told = getattr(items[0].config, 'workeroutput', LEFT_OUT)
  told.setdefault('left_out', {}).update(counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
  """All workers leave out the same."""
  LEFT_OUT.update(getattr(node, 'workeroutput', {}))


def pytest_terminal_summary(terminalreporter):
  for file, count in sorted(LEFT_OUT.get('left_out', {}).items()):
    terminalreporter.write_line(f'left out: {count:3} of {file}')


def pytest_unconfigure(config):
  if folder := getattr(config, 'kept', None):
    shutil.rmtree(folder, ignore_errors=True)


def _taken(config):
  """Whether this jaxlib knows `QUICK`; it is asked once per version."""
  kept, key = getattr(config, 'cache', None), f'quick/{jaxlib.__version__}'
  found = kept.get(key, None) if kept else None
  if found is None:
    code = 'import jax; jax.devices()'
    env = os.environ | {'XLA_FLAGS': QUICK, 'JAX_PLATFORMS': 'cpu'}
    done = subprocess.run(
      [sys.executable, '-c', code], env=env, capture_output=True, check=False
    )
    found = done.returncode == 0
    if kept:
      kept.set(key, found)
  return found


@pytest.fixture(autouse=True, scope='module')
def few_maps():
  """Lets programs go where a worker has compiled too many."""
  yield
  if MAPS.exists() and MAPS.read_bytes().count(b'\n') > MOST_MAPS:
    jax.clear_caches()


@pytest.fixture(autouse=True)
def no_network():
  """Fails a test that wanted to reach another machine and has hidden it."""
  yield
  reached, offline.REACHED[:] = list(offline.REACHED), []
  assert not reached, f'tests do not use the network: {reached}'


@pytest.fixture(autouse=True)
def nothing_kept():
  """A test that runs a command here leaves others without its programs."""
  yield
  # Not as before this test: a fixture of its module may have run a command.
  if jax.config.jax_compilation_cache_dir != CACHE:
    jax.config.update('jax_compilation_cache_dir', CACHE)
    compilation_cache.reset_cache()


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
