"""Cached programs give the same bits; a damaged file is never used."""

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

from configs import default
from mtl_jax import cells, train
from mtl_jax.cells import build, shapes, trace_cache
from mtl_jax.cells.trace_cache import Entry
from mtl_jax.programs import compiled
from mtl_jax.train import matrix_layout as layouts
from tests import small
from tests.cells import test_reading

quick = small.quick
SHORTEST = 'jax_persistent_cache_min_compile_time_secs'

ENTRY = Entry(
  {'need': [1, 2], 'parameters': 3}, {'b': b'\n\x00x', 'a': b'y', 'c': b''}
)


@pytest.fixture
def folder(tmp_path):
  """A folder for the cache, in this test alone, however fast it compiles."""
  names = 'jax_compilation_cache_dir', SHORTEST
  before = [getattr(jax.config, name) for name in names]
  for name, value in zip(names, (str(tmp_path), 0.0), strict=True):
    jax.config.update(name, value)
  compilation_cache.reset_cache()
  yield tmp_path
  for name, value in zip(names, before, strict=True):
    jax.config.update(name, value)
  compilation_cache.reset_cache()


def test_what_is_written_is_read(folder):
  trace_cache.write('name', ENTRY)
  assert trace_cache.read('name') == ENTRY
  assert trace_cache.read('other') is None
  assert [path.name for path in folder.iterdir()] == ['name-traced']


@pytest.mark.parametrize('fault', ['cut', 'flipped', 'empty', 'of another'])
def test_a_damaged_file_is_reported_and_not_used(folder, fault, capsys):
  trace_cache.write('name', ENTRY)
  path = folder / 'name-traced'
  content = bytearray(path.read_bytes())
  if fault == 'flipped':
    content[-1] ^= 1
  path.write_bytes(
    {'cut': content[:-1], 'empty': b'', 'of another': b'zip'}.get(
      fault, content
    )
  )
  assert trace_cache.read('name') is None
  error = capsys.readouterr().err
  assert error.count('\n') == 1
  assert 'name-traced is damaged' in error


def test_without_a_folder_nothing_is_cached():
  assert not trace_cache.enabled()
  trace_cache.write('name', ENTRY)
  assert trace_cache.read('name') is None


def test_a_full_disk_leaves_nothing_and_is_no_fault(folder, monkeypatch):
  def full(*_):
    raise OSError(28, 'No space left on device')

  monkeypatch.setattr('mtl_jax.records.atomic._fill', full)
  trace_cache.write('name', ENTRY)
  assert not list(folder.iterdir())


def test_a_layout_comes_back():
  for name, groups in (('single', 3), ('mmoe', 1)):
    tree = small.params(small.scheme(name), small.inputs())
    layout = layouts.layout(tree, groups)
    assert layouts.layout_of(layouts.written(layout)) == layout


def cell(**changes):
  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals, config.batch_size = 2, 4, 2, 8
  config.update(changes)
  return cells.make(config, build.data(config))


def trained(cell):
  """A period's state, and its results."""
  programs, inputs = compiled.prepare(cell)
  state = programs.start(inputs)
  state, metrics, results = programs.period(inputs, state)
  return jax.device_get(state), metrics, results, programs.test(inputs, state)


def refuse(*arguments):
  raise AssertionError(f'traced: {arguments}')


@pytest.mark.parametrize('balancer', ['equal', 'famo', 'moco'])
def test_a_second_start_does_not_trace(folder, monkeypatch, balancer):
  """And its numbers are those of the first, to the bit."""
  first = trained(cell(balancer=balancer))
  with monkeypatch.context() as patched:
    patched.setattr(shapes, 'try_shapes', refuse)
    patched.setattr(train, 'init', refuse)
    patched.setattr(train, 'step', refuse)
    patched.setattr(train, 'follow', refuse)
    second = trained(cell(balancer=balancer))
  small.same(first, second)
  assert second[0].step.tolist() == [2, 2]


def labelled(*labels):
  datasets = default.datasets()
  datasets.toy = {'labels': labels}
  return cell(datasets=datasets)


def test_one_program_serves_all_counts_of_labels(folder, monkeypatch):
  """Neither traced nor compiled again, and its numbers are its own."""
  few, more = (('sum', 0.2),), (('sum', 0.5), ('first', 0.5))
  alone = trained(labelled(*more))
  for path in folder.iterdir():
    path.unlink()
  trained(labelled(*few))
  compiled_files = {path.name for path in folder.glob('*-cache')}
  assert compiled_files
  with monkeypatch.context() as patched:
    for name in ('init', 'step', 'follow'):
      patched.setattr(train, name, refuse)
    patched.setattr(shapes, 'try_shapes', refuse)
    second = labelled(*more)
    assert second.identity != labelled(*few).identity
    small.same(alone, trained(second))
  assert {path.name for path in folder.glob('*-cache')} == compiled_files


def test_programs_of_a_shared_table_and_of_copies_have_their_own_entries(
  folder,
):
  datas = build.data(test_reading.config(), test_reading.load)
  copies = list(map(test_reading.copied, datas))
  found = [trained(test_reading.made(own)) for own in (datas, copies)]
  again = test_reading.made(datas)
  assert again.cached
  small.same(found[0], found[1])
  small.same(found[0], trained(again))
  assert len(list(folder.glob('*-traced'))) == 2


def test_a_program_that_jax_rejects_is_reported_once_and_traced(folder, capsys):
  first = trained(cell())
  (path,) = folder.glob('*-traced')
  name = path.name.removesuffix('-traced')
  found = trace_cache.read(name)
  broken = dict.fromkeys(found.programs, b'no program')
  trace_cache.write(name, found._replace(programs=broken))
  second = trained(cell())
  error = capsys.readouterr().err
  assert error.count('traced again') == 1
  assert 'hard, equal' in error
  small.same(first, second)
  assert trace_cache.read(name).programs.keys() == found.programs.keys()
  assert trace_cache.read(name) != found._replace(programs=broken)


def test_the_key_depends_on_all_that_a_program_depends_on():
  known = {'scheme': {'hard': {}}}
  keys = {
    trace_cache.key(known, (1, 2), of_user=False),
    trace_cache.key({'scheme': {'mmoe': {}}}, (1, 2), of_user=False),
    trace_cache.key(known, (1, 3), of_user=False),
    trace_cache.key(known, (1, 2), of_user=True),
  }
  with jax.numpy_dtype_promotion('strict'):  # changes no number
    assert trace_cache.key(known, (1, 2), of_user=False) in keys
  with jax.default_matmul_precision('highest'):
    keys.add(trace_cache.key(known, (1, 2), of_user=False))
  assert len(keys) == 5


def test_an_edit_of_a_users_file_is_another_key(tmp_path, monkeypatch):
  """Also of one that the chosen file imports."""
  monkeypatch.syspath_prepend(tmp_path)
  path = tmp_path / 'a_file_of_ones_own.py'
  path.write_text('WIDTH = 1\n')
  import a_file_of_ones_own  # noqa: F401, PLC0415

  before = [trace_cache.key({}, (), own) for own in (True, False)]
  path.write_text('WIDTH = 2\n')
  after = [trace_cache.key({}, (), own) for own in (True, False)]
  assert np.array_equal(np.equal(before, after), [False, True])
