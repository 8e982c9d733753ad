"""A cell that is stopped and resumed equals a whole one, bit for bit."""

import ast
import itertools
import pathlib

import pytest

import mtl_jax
from mtl_jax import run
from tests import small
from tests.faults.exact import stopped
from tests.run import test_tracking

quick = small.quick

# Several kinds in one cell, which is compiled once; tests/faults/campaigns
# tries each kind alone, at every evaluation.
TOGETHER = (
  ('towers that meet (cross_stitch)', 'early stopping', 'dropout'),
  ('experts (mmoe)', 'checkpoints per task', 'bfloat16'),
  ('search of layers (adashare)', 'accumulation'),
  ('balancer with a state (gradnorm)', 'a shorter last period'),
  ('second look at a batch (famo)', 'selection by metric'),
  ('three batches (modo)', 'scarce labels', 'chunks of runs'),
  ('gradients themselves (moco)',),
  ('BatchNorm (resnet)', 'gradients in random order (pcgrad)'),
)
# Neither of these has an effect on any result.
IDLE = {
  'verbose': 2,
  'keep': 'best',
  'log': 'tensorboard',
  'checkpoint_seconds': 60.0,
  'margin': 0.02,
}
# These may change rounding.
PLACES = {
  'mesh': (1, 1),
  'spread': 'pmap',
  'parallel': '1',
  'eval_batch_size': 7,
  'data_dir': 'elsewhere',
  'files': 'elsewhere',
}


@pytest.mark.parametrize('kinds', TOGETHER, ids='; '.join)
def test_a_resumed_cell_equals_a_whole_one(kinds, tmp_path):
  """Stopped twice; and killed before an evaluation was saved."""
  subject = stopped.subject(*kinds)
  whole = stopped.resumed(subject, tmp_path / 'whole')
  twice = stopped.resumed(subject, tmp_path / 'twice', 1, 1)
  assert stopped.unequal(whole, twice) == []
  killed = stopped.resumed(subject, tmp_path / 'killed', die_after=2)
  assert stopped.unequal(whole, killed) == []
  assert stopped.doubled(killed) == []


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
  """A subject and its whole training."""
  subject = stopped.subject()
  folder = tmp_path_factory.mktemp('plain') / 'cell'
  return subject, stopped.resumed(subject, folder)


def test_a_clock_that_goes_backwards_changes_nothing(
  plain, tmp_path, monkeypatch
):
  """Not even the log, whose files have the time in their names."""
  pytest.importorskip('tensorboardX')
  subject, whole = plain
  ticks = itertools.count()
  now = 1_800_000_000
  monkeypatch.setattr('time.time', lambda: now - 3600.0 * next(ticks))
  monkeypatch.setattr(
    'time.time_ns', lambda: (now - 3600 * next(ticks)) * 10**9
  )
  cell = stopped.made(log='tensorboard')
  folder = tmp_path / 'cell'
  stopped.train(subject, folder, 2, cell=cell)
  stopped.train(subject, folder, cell=cell)
  assert stopped.unequal(whole, folder) == []
  steps = {step for _, step in test_tracking.events(folder)}
  assert steps == {2, 4, 6, 8}


def test_no_duration_is_taken_from_the_wall_clock():
  """It may be set while a training runs; `time.monotonic` is not."""
  root = pathlib.Path(mtl_jax.__file__).parent
  files = [*root.rglob('*.py'), *(root.parent / 'experiments').rglob('*.py')]
  found = [
    f'{file.name}:{node.lineno}'
    for file in files
    for node in ast.walk(ast.parse(file.read_text('utf-8')))
    if isinstance(node, ast.Attribute)
    and ast.unparse(node) in ('time.time', 'time.time_ns')
  ]
  assert not found


def test_what_has_no_effect_leaves_records_and_digest(plain, tmp_path):
  pytest.importorskip('tensorboardX')
  subject, whole = plain
  cell = stopped.made(**IDLE)
  stopped.train(subject, tmp_path / 'cell', cell=cell)
  assert stopped.unequal(whole, tmp_path / 'cell') == []
  for name, value in PLACES.items():
    assert stopped.made(**{name: value}).hash == cell.hash, name


def test_a_cell_is_found_by_a_command_that_computes_elsewhere(
  plain, tmp_path, monkeypatch
):
  subject, whole = plain
  folder = tmp_path / 'cells' / subject.cell.hash
  folder.parent.mkdir()
  folder.symlink_to(whole, target_is_directory=True)
  monkeypatch.setattr(run.table, 'train_cell', None)  # must not be called
  assert run.train([stopped.made(**IDLE, **PLACES)], tmp_path) == [folder]


def test_records_that_were_lost_are_trained_again(plain, tmp_path):
  """A power failure may take what was written behind a checkpoint."""
  subject, whole = plain
  folder = tmp_path / 'cell'
  stopped.train(subject, folder, 3)
  lines = (folder / 'records.jsonl').read_text().splitlines(keepends=True)
  (folder / 'records.jsonl').write_text(''.join(lines[:-2]))
  stopped.train(subject, folder)
  assert stopped.unequal(whole, folder) == []
