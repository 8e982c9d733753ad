"""Every workload starts on every side that is installed, in small."""

import dataclasses
import json
import shlex
import subprocess

import jax
import numpy as np
import pytest

from benchmarks.speed import drawn_rows, ours, sides, table, workloads
from mtl_jax.cells import build
from mtl_jax.programs import compiled, measuring

SMALL = {'batch': 4, 'rows': 64, 'period': 2}
THIN = {  # fields of dense encoders
  'segnet': {'widths': (2, 3)},
  'deeplab': {
    'widths': (2, 3),
    'depths': (1, 1),
    'strides': (1, 2),
    'dilations': (1, 2),
    'head': 2,
  },
}


def small(workload):
  less = dict(SMALL)
  if workload.dense:
    less |= {'fields': THIN[workload.encoder], 'shape': (16, 16, 3), 'rows': 8}
  return dataclasses.replace(workload, **less)


EVERY = {name: small(workload) for name, workload in workloads.STEPS.items()}
# All peers in one process: torch takes seconds to import. One line each.
PEERS = """
import dataclasses, json, os, sys, torch
from benchmarks.speed import workloads
from benchmarks.speed.peers import libmtl, pytorch
from benchmarks.speed.peers import table as peer_table
asked = json.loads(sys.argv[1])
torch.set_num_threads(1)  # Waiting for a second core costs more.
libmtl.WARM_UP = pytorch.TRIED = peer_table.STEPS = 2
answers, sys.stdout = sys.stdout, open(os.devnull, 'w')
for name, (path, fields) in asked.items():
  if name in workloads.STEPS:
    made = dataclasses.replace(workloads.STEPS[name], **fields)
    workloads.STEPS[name] = made
  peers = [libmtl, pytorch]
  for peer in [peer_table] if name == workloads.TABLE else peers:
    train, about = peer.start(name, path)
    line = [name, peer.__name__, train(2), about['copies']]
    line.append(about.get('parameters'))
    print(json.dumps(line), file=answers, flush=True)
"""


@pytest.fixture
def steps_alone(monkeypatch):
  """Rows of the small workloads; steps are compiled, and no evaluation.

  As fast as can be: each program runs once.
  """
  for name, workload in EVERY.items():
    monkeypatch.setitem(workloads.STEPS, name, workload)
  slow = compiled._compile
  once = lambda lowered, _: slow(lowered, compiled.ONCE)  # noqa: E731
  monkeypatch.setattr(compiled, '_compile', once)
  monkeypatch.setattr(ours.profiling, 'peak_flops', lambda _: 1.0)
  none = {'lower': lambda *_: [], '__call__': lambda *args: (args[4], {})}
  for name, function in none.items():
    monkeypatch.setattr(measuring.Measuring, name, function)


@pytest.mark.usefixtures('steps_alone')
@pytest.mark.parametrize('name', EVERY)
def test_ours_trains_a_workload_on_its_own_rows(name, request):
  workload = EVERY[name]
  if workload.dataset == 'actg175':
    request.getfixturevalue('actg175')
  config = ours.configure(workload, seeds=1)
  data = build.data(config)[0]
  assert data.train.inputs.shape[1:] == workload.shape
  drawn = [(t.kind, t.num_outputs) for t in data.tasks]
  assert drawn == [(kind, outputs) for _, kind, outputs in workload.tasks]
  train, about = ours.start(name, seeds='1')
  assert train(2) == 2
  assert about['copies'] == 1
  assert about['parameters'] > 0
  params = jax.tree.leaves(train.__self__.state.params)
  assert all(np.isfinite(leaf).all() for leaf in params)


def test_the_peers_start_every_workload(actg175, tmp_path):
  """LibMTL and the loop in torch; the whole table in LibMTL."""
  del actg175
  if not sides.PEERS.exists():
    pytest.skip('the peers are not installed; run: make .venv-bench/.ready')
  asked = {}
  for name in workloads.NAMES:
    workload = EVERY.get(name, EVERY['mlp_equal'])
    path = tmp_path / f'{name}.npz'
    drawn_rows.write(workload, path)
    fields = ('batch', 'fields', 'shape') if workload.dense else ('batch',)
    asked[name] = str(path), {f: getattr(workload, f) for f in fields}
  done = subprocess.run(
    [str(sides.PEERS), '-c', PEERS, json.dumps(asked)],
    cwd=sides.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0, done.stderr
  lines = [json.loads(line) for line in done.stdout.splitlines()]
  answers = [tuple(line[:4]) for line in lines]
  both = 'benchmarks.speed.peers.libmtl', 'benchmarks.speed.peers.pytorch'
  expected = [(n, peer, 2, 1) for n in EVERY for peer in both]
  assert answers == [
    *expected,
    (workloads.TABLE, 'benchmarks.speed.peers.table', 2, 1),
  ]
  # The networks of dense workloads are the same to the last parameter.
  counted = {(n, p.rpartition('.')[2]): size for n, p, *_, size in lines}
  for name in ('segnet_equal', 'deeplab_equal'):
    cell = ours.make_cell(ours.configure(EVERY[name], seeds=1))
    for peer in ('libmtl', 'pytorch'):
      assert counted[name, peer] == cell.facts.parameters, (name, peer)


def test_the_table_that_is_timed_is_that_of_make_table(tmp_path):
  done = subprocess.run(
    [
      *('make', '--no-print-directory', '--dry-run', '--always-make'),
      *('table', f'OUT={tmp_path / "cold"}'),
    ],
    cwd=sides.ROOT,
    capture_output=True,
    text=True,
    check=True,
  )
  (line,) = done.stdout.replace('\\\n', ' ').splitlines()[-1:]
  assert shlex.split(line)[1:] == table.command(tmp_path / 'cold')[1:]
