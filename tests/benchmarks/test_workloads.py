"""Every side reads the same shapes, and none needs the other's library."""

import ast
import dataclasses
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.speed import drawn_rows, workloads
from mtl_jax import plugins

ROOT = pathlib.Path(__file__).parents[2]
FILES = sorted((ROOT / 'benchmarks').rglob('*.py'))
PEERS = ROOT / 'benchmarks' / 'speed' / 'peers'
# What both sides may import.
PLAIN = {'workloads', 'worker', 'results'}


def imported(path):
  """Libraries and files of benchmarks that a file imports."""
  names = set()
  for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
    if isinstance(node, ast.Import):
      names |= {alias.name.split('.')[0] for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      names.add(node.module.split('.')[0])
      if node.module.startswith('benchmarks.speed.peers'):
        names.add('peers')
      elif node.module.startswith('benchmarks'):
        names |= {alias.name for alias in node.names}
  return names


def test_workloads_import_nothing_heavy():
  code = (
    'import sys; from benchmarks.speed import workloads, worker; '
    'print(sorted({"jax", "torch", "numpy"} & set(sys.modules)))'
  )
  done = subprocess.run(
    [sys.executable, '-c', code],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  assert done.stdout.strip() == '[]'


@pytest.mark.parametrize('path', FILES, ids=lambda p: p.stem)
def test_torch_and_jax_never_share_a_process(path):
  names = imported(path)
  ours = {'jax', 'mtl_jax', 'flax', 'configs'}
  if PEERS in path.parents:
    assert not names & ours
    assert names & {p.stem for p in FILES if PEERS not in p.parents} <= PLAIN
  else:
    assert not names & {'torch', 'LibMTL', 'peers'}


@pytest.mark.parametrize('name', workloads.STEPS)
def test_a_workload_names_fields_of_its_encoder(name):
  workload = workloads.STEPS[name]
  make = plugins.find('mtl_jax.encoders', workload.encoder, 'make')
  assert set(workload.fields) <= set(plugins.fields(make))
  make(**workload.fields)


@pytest.mark.parametrize('name', ['lenet_equal', 'lstm_equal'])
def test_drawn_data_have_the_shapes(name):
  workload = workloads.STEPS[name]
  data = drawn_rows.load(workload=name, split_seed=1)
  assert data.train.inputs.shape == (workload.rows, *workload.shape)
  assert [t.num_outputs for t in data.tasks] == [t[2] for t in workload.tasks]


def test_drawn_maps_are_labels_of_their_kinds():
  small = dataclasses.replace(
    workloads.STEPS['segnet_equal'], rows=3, shape=(4, 8, 3)
  )
  with pytest.MonkeyPatch.context() as patch:
    patch.setitem(workloads.STEPS, 'segnet_equal', small)
    data = drawn_rows.load(workload='segnet_equal', split_seed=1)
  classes, depth, normals = data.train.labels
  assert classes.shape == depth.shape == normals.shape[:3] == (3, 4, 8)
  assert set(np.unique(classes)) <= {*range(-1, 13)}
  assert ((depth == 0) | ((depth >= 1) & (depth <= 5))).all()
  length = np.linalg.norm(normals, axis=-1)
  assert (np.isclose(length, 1) | (length == 0)).all()
  assert (classes < 0).any()
  assert (depth == 0).any()
  assert (length == 0).any()


def test_no_sentence_is_empty_and_words_stay_in_the_vocabulary():
  words = drawn_rows.load(workload='lstm_equal').train.inputs
  assert (words[:, 0] > 0).all()
  assert words.max() < workloads.VOCABULARY


def test_peers_read_the_rows_that_seed_0_trains_on(tmp_path):
  workload = workloads.STEPS['lstm_equal']
  drawn_rows.write(workload, tmp_path / 'rows.npz')
  ours = drawn_rows.load(workload='lstm_equal', split_seed=0).train
  with np.load(tmp_path / 'rows.npz') as peers:
    np.testing.assert_array_equal(peers['inputs'], ours.inputs)
    np.testing.assert_array_equal(peers['label_1'], ours.labels[1])


def test_every_workload_has_a_goal():
  assert set(workloads.GOALS) == set(workloads.ROWS)
  assert len(workloads.NAMES) == 12
