"""What SECURITY.md says: code runs where it is named, data never do."""

import ast
import json
import pathlib
import pickle
import sys

import pytest

from experiments import predict
from mtl_jax import models, plugins
from mtl_jax.cells import initial
from mtl_jax.data import files, tfds
from mtl_jax.data.frames import reading
from mtl_jax.data.raw import census, fashion_mnist, pinned
from mtl_jax.errors import InputError
from mtl_jax.records import model_files, model_folders
from tests.faults.trust import hostile

ROOT = pathlib.Path(__file__).parents[3]
CODE = ('mtl_jax', 'experiments', 'benchmarks', 'configs')
LOADERS = {'pickle', 'cloudpickle', 'dill', 'joblib', 'marshal', 'shelve'}
RUN = {'eval', 'exec', 'compile', '__import__'}
METHODS = {'read_pickle', 'unsafe_load'}
WHOLE = {'torch.load', 'yaml.load', 'os.system', 'os.popen'}
# It evaluates an expression of the project's own source, without builtins.
OWN = {
  ('experiments/made/dependencies.py', 'compile'),
  ('experiments/made/dependencies.py', 'eval'),
}


def calls(tree):
  """What a file imports or calls that can run what it reads."""
  for node in ast.walk(tree):
    if isinstance(node, ast.Import):
      yield from {alias.name.split('.')[0] for alias in node.names} & LOADERS
    elif isinstance(node, ast.ImportFrom):
      yield from {(node.module or '').split('.')[0]} & LOADERS
    elif isinstance(node, ast.Call):
      if isinstance(node.func, ast.Name):
        yield from {node.func.id} & RUN
      if isinstance(node.func, ast.Attribute):
        yield from {node.func.attr} & METHODS
        yield from {ast.unparse(node.func)} & WHOLE
      for given in node.keywords:
        value = getattr(given.value, 'value', True)
        if given.arg in ('allow_pickle', 'shell') and value is not False:
          yield given.arg


@pytest.mark.parametrize('folder', CODE)
def test_nothing_that_is_read_is_run(folder):
  found = {
    (file.relative_to(ROOT).as_posix(), call)
    for file in (ROOT / folder).rglob('*.py')
    for call in calls(ast.parse(file.read_text('utf-8')))
  }
  assert found <= OWN


@pytest.mark.parametrize('name', ['a.npz', 'a.safetensors', 'a.csv', 'a.pkl'])
def test_a_pickle_is_refused_by_every_reader(tmp_path, name):
  path, mark = tmp_path / name, tmp_path / 'ran'
  path.write_bytes(pickle.dumps(hostile.Runs(str(mark))))
  for read in (initial.read, predict.read, reading.read, models.load):
    with pytest.raises(InputError):
      read(str(path))
  assert not mark.exists()


@pytest.fixture
def lab(tmp_path, monkeypatch):
  """A module `lab.code` of a new folder, which is on the path; it says so."""
  monkeypatch.chdir(tmp_path)
  monkeypatch.syspath_prepend(tmp_path)
  (tmp_path / 'lab').mkdir()
  code = f'open({str(tmp_path / "ran")!r}, "w")\ndef make(): return 1\n'
  (tmp_path / 'lab/code.py').write_text(code)
  yield tmp_path
  sys.modules.pop('lab.code', None)
  sys.modules.pop('lab', None)


def model(folder, **changes):
  """Writes a model.json that names modules."""
  described = dict.fromkeys(model_folders.NEEDED, 1) | {
    'format': model_files.FORMAT,
    'arrays': {},
    'config': {'scheme': 'hard', 'encoder': 'mlp'},
    'tasks': [{'name': 'a', 'kind': 'binary', 'fields': {}}],
    'seeds': [{'seed': 0}],
  }
  (folder / model_files.BEST).mkdir(parents=True)
  text = json.dumps(described | changes)
  (folder / model_files.MODEL).write_text(text)
  return folder


def test_a_scheme_file_that_is_named_runs(lab):
  assert plugins.find('mtl_jax.schemes', 'lab.code', 'make')() == 1
  assert (lab / 'ran').exists()


NAMED = {
  'scheme': {'config': {'scheme': 'lab.code', 'encoder': 'mlp'}},
  'encoder': {'config': {'scheme': 'hard', 'encoder': 'lab.code'}},
  'kind': {'tasks': [{'name': 'a', 'kind': 'lab.code', 'fields': {}}]},
}


@pytest.mark.parametrize('what', NAMED)
@pytest.mark.parametrize('place', ['lab', 'lab/model', 'lab/out/cells/1'])
def test_a_model_does_not_bring_code(lab, what, place):
  folder = model(lab / place, **NAMED[what])
  with pytest.raises(InputError, match=r"names the module 'lab.code'.*lies"):
    models.load(folder)
  assert not (lab / 'ran').exists()


def test_a_model_around_its_code_does_not_bring_it(lab):
  with pytest.raises(InputError, match="names the module 'lab.code'"):
    models.load(model(lab, **NAMED['scheme']))
  assert not (lab / 'ran').exists()


def test_a_model_may_name_the_modules_of_its_owner(lab):
  plugins.foreign.check(['lab.code'], lab / 'out/cells/1')
  plugins.find('mtl_jax.schemes', 'lab.code', 'make')
  plugins.foreign.check(['lab.code'], lab / 'lab/out')  # it is loaded


def test_prepared_data_do_not_bring_code(lab):
  folder = lab / 'lab/1.0.0'
  folder.mkdir()
  (folder / 'dataset_info.json').write_text('{"name": "lab"}')
  features = {'pythonClassName': 'lab.code.Feature', 'content': '{}'}
  (folder / 'features.json').write_text(json.dumps(features))
  with pytest.raises(InputError, match=r"names the module 'lab.code.Feature'"):
    tfds.find('lab', str(lab))
  assert not (lab / 'ran').exists()


@pytest.mark.parametrize(
  'array',
  [
    {'shape': [2**60], 'dtype': 'float32'},
    {'shape': [2**40, 2**40], 'dtype': 'float32'},
    {'shape': [-1], 'dtype': 'float32'},
    {'shape': [2], 'dtype': 'O'},
    {'shape': [2], 'dtype': 'f4,O'},
    {'shape': [2], 'dtype': 'no type'},
    {'shape': 'no shape', 'dtype': 'float32'},
    {},
  ],
)
def test_a_model_with_arrays_that_cannot_be_is_one_line(tmp_path, array):
  with pytest.raises(InputError) as error:
    models.load(model(tmp_path, arrays={'kernel': array}))
  assert '\n' not in str(error.value)


@pytest.mark.parametrize('name', ['../../kernel', '/kernel', 'a//b', 'a/./b'])
def test_a_model_reads_no_file_outside_of_it(tmp_path, name):
  array = {'shape': [2], 'dtype': 'float32'}
  with pytest.raises(InputError, match='that no parameter has'):
    models.load(model(tmp_path, arrays={name: array}))


def test_what_is_fetched_has_a_digest():
  digests = [*fashion_mnist.SHA256.values(), census.TEST.sha256]
  large = [source for own in pinned.IN_PARTS.values() for source in own]
  for source in [*files.SOURCES.values(), *large]:
    digests += [source.sha256, source.member_sha256]
  assert all(len(d) == 64 and int(d, 16) for d in digests)
