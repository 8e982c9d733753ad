"""Compiled programs are kept, mended and limited."""

import os
import pathlib
import subprocess
import sys
import zlib

import jax
import pytest

from mtl_jax.devices import compilation_cache

ROOT = pathlib.Path(__file__).parents[2]

# Each compiles one program as a job of its own would.
PROGRAM = """
import sys, jax, jax.numpy as jnp
from mtl_jax import devices
devices.keep_programs(lambda text: print(text, file=sys.stderr))
jax.jit(lambda x: (x @ x).sum() + 1)(jnp.ones((3, 3)))
"""


def compile_in(folder, **env):
  """Runs `PROGRAM`; returns what it said."""
  known = {k: v for k, v in os.environ.items() if 'COMPILATION_CACHE' not in k}
  known |= {'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0'}
  known |= {'MTL_JAX_CACHE': str(folder), 'JAX_PLATFORMS': 'cpu', **env}
  done = subprocess.run(
    [sys.executable, '-c', PROGRAM], env=known, cwd=ROOT, capture_output=True,
    text=True, check=True,
  )  # fmt: skip
  return done.stderr


def kept(folder):
  return {path.name: path for path in folder.rglob('*-cache')}


def test_a_cut_off_entry_is_made_anew(tmp_path):
  assert compile_in(tmp_path) == ''
  first = kept(tmp_path)
  assert first
  for path in first.values():
    path.write_bytes(path.read_bytes()[:-50])
  said = compile_in(tmp_path)
  assert said.count('\n') == 1
  assert 'made anew' in said
  assert set(kept(tmp_path)) == set(first)
  for path in kept(tmp_path).values():
    assert zlib.decompress(path.read_bytes())
  assert compile_in(tmp_path) == ''


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
  file = tmp_path / 'file'
  file.touch()
  said = compile_in(file)
  assert said.count('\n') == 1
  assert 'MTL_JAX_CACHE' in said


@pytest.fixture
def config(monkeypatch):
  """What `keep` sets in this process, without the setting."""
  told = {}
  monkeypatch.setattr(jax.config, 'update', told.__setitem__)
  monkeypatch.setattr(compilation_cache, '_mend_when_warned', lambda *_: None)
  return told


def test_an_empty_name_keeps_nothing(config, monkeypatch):
  monkeypatch.setenv('MTL_JAX_CACHE', '')
  compilation_cache.keep_programs(pytest.fail)
  assert config == {}


def test_the_user_says_where_caches_lie(config, monkeypatch, tmp_path):
  monkeypatch.delenv('MTL_JAX_CACHE', raising=False)
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
  compilation_cache.keep_programs(pytest.fail)
  folder = pathlib.Path(config['jax_compilation_cache_dir'])
  assert folder.is_relative_to(tmp_path / 'mtl_jax')


def test_machines_of_another_kind_have_another_folder(monkeypatch):
  monkeypatch.delenv('MTL_JAX_CACHE', raising=False)
  before = compilation_cache._folder()
  monkeypatch.setattr('platform.processor', lambda: 'another')
  assert compilation_cache._folder() != before


def test_the_longest_unused_entries_make_room(tmp_path, monkeypatch):
  monkeypatch.setattr(compilation_cache, 'LARGEST', 20)
  for age, name in enumerate(['new-cache', 'old-cache', 'older-cache']):
    (tmp_path / name).write_bytes(bytes(9))
    os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
  compilation_cache._shrink(tmp_path)
  assert set(kept(tmp_path)) == {'new-cache', 'old-cache'}
