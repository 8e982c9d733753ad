"""The compilation cache is written, repaired and limited in size."""

import os
import pathlib
import subprocess
import sys
import warnings
import zlib

import jax
import pytest

from mtl_jax.devices import compilation_cache

ROOT = pathlib.Path(__file__).parents[2]

# Compiles one program in a process of its own, as a job does.
PROGRAM = """
import sys, jax, jax.numpy as jnp
from mtl_jax import devices
devices.keep_programs(lambda text: print(text, file=sys.stderr))
jax.jit(lambda x: (x @ x).sum() + 1)(jnp.ones((3, 3)))
"""


def compile_in(folder, **env):
  """Runs `PROGRAM`; returns what it wrote to stderr."""
  known = {k: v for k, v in os.environ.items() if 'COMPILATION_CACHE' not in k}
  known |= {'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0'}
  known |= {'MTL_JAX_CACHE': str(folder), 'JAX_PLATFORMS': 'cpu', **env}
  done = subprocess.run(
    [sys.executable, '-c', PROGRAM], env=known, cwd=ROOT, capture_output=True,
    text=True, check=True,
  )  # fmt: skip
  return done.stderr


def entries(folder):
  return {path.name: path for path in folder.rglob('*-cache')}


def test_an_incomplete_entry_is_compiled_again(tmp_path):
  assert compile_in(tmp_path) == ''
  first = entries(tmp_path)
  assert first
  for path in first.values():
    path.write_bytes(path.read_bytes()[:-50])
  printed = compile_in(tmp_path)
  assert printed.count('\n') == 1
  assert 'compiled again' in printed
  assert set(entries(tmp_path)) == set(first)
  for path in entries(tmp_path).values():
    assert zlib.decompress(path.read_bytes())
  assert compile_in(tmp_path) == ''


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
  file = tmp_path / 'file'
  file.touch()
  printed = compile_in(file)
  assert printed.count('\n') == 1
  assert 'MTL_JAX_CACHE' in printed


def test_programs_that_cannot_be_written_are_one_line(tmp_path, monkeypatch):
  said = []
  monkeypatch.setattr(warnings, 'showwarning', warnings.showwarning)
  compilation_cache._repair_when_warned(tmp_path, said.append)
  (tmp_path / 'half-cache').write_bytes(b'')
  for name in ('a', 'b'):
    text = f"{compilation_cache.UNWRITTEN} for '{name}': OSError: disk full"
    warnings.showwarning(UserWarning(text), UserWarning, 'file', 1)
  assert said == ['compiled programs are not cached: OSError: disk full']
  assert not entries(tmp_path)


@pytest.fixture
def config(monkeypatch):
  """What `keep_programs` would set in the config of JAX."""
  updates = {}
  monkeypatch.setattr(jax.config, 'update', updates.__setitem__)
  monkeypatch.setattr(compilation_cache, '_repair_when_warned', lambda *_: None)
  return updates


def test_an_empty_variable_disables_the_cache(config, monkeypatch):
  monkeypatch.setenv('MTL_JAX_CACHE', '')
  compilation_cache.keep_programs(pytest.fail)
  assert config == {}


def test_the_cache_is_in_the_users_cache_folder(config, monkeypatch, tmp_path):
  monkeypatch.delenv('MTL_JAX_CACHE', raising=False)
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
  compilation_cache.keep_programs(pytest.fail)
  folder = pathlib.Path(config['jax_compilation_cache_dir'])
  assert folder.is_relative_to(tmp_path / 'mtl_jax')


def test_another_kind_of_processor_has_another_folder(monkeypatch):
  monkeypatch.delenv('MTL_JAX_CACHE', raising=False)
  before = compilation_cache._folder()
  monkeypatch.setattr('platform.processor', lambda: 'another')
  assert compilation_cache._folder() != before


def test_the_least_recently_used_entries_are_removed(tmp_path, monkeypatch):
  monkeypatch.setattr(compilation_cache, 'LARGEST', 20)
  names = ['new-cache', 'old-traced', 'older-cache', '.x-traced.host-1-2']
  for age, name in enumerate(names):
    (tmp_path / name).write_bytes(bytes(9))
    os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
  (tmp_path / 'of someone else').write_bytes(bytes(99))
  compilation_cache._shrink(tmp_path)
  left = {path.name for path in tmp_path.iterdir()}
  assert left == {'new-cache', 'old-traced', 'of someone else'}
