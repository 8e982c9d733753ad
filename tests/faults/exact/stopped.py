"""Small cells of every kind, stopped anywhere and resumed, against whole ones.

Equal is: the same records in the same order but for times, and the same kept
parameters and predictions, all to the bit.
"""

import itertools
import json
import pathlib
import signal
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mtl_jax import cells, records, run
from mtl_jax.cells import build
from mtl_jax.processes import signals
from mtl_jax.programs import compile_ahead
from mtl_jax.records import model_files
from mtl_jax.run.progress import RecordedProgress
from tests.run import test_table

# Of all kinds; a checkpoint after every evaluation.
BASE = {
  'encoders': {'mlp': {'widths': (4,), 'dropout': 0.0}},
  'steps': 8,
  'evals': 4,
  'seeds': 2,
  'checkpoint_seconds': 0.0,
}
KINDS = {
  'towers that meet (cross_stitch)': {'scheme': 'cross_stitch'},
  'towers with a penalty (soft_l2)': {'scheme': 'soft_l2'},
  'experts (mmoe)': {'scheme': 'mmoe'},
  'search of layers (adashare)': {
    'scheme': 'adashare',
    'schemes': {'adashare': {'block': 1}},
    'encoders': {'mlp': {'widths': (4, 4)}},
  },
  'search of branches (ltb)': {'scheme': 'ltb'},
  'balancer with a state (gradnorm)': {'balancer': 'gradnorm'},
  'second look at a batch (famo)': {'balancer': 'famo'},
  'three batches (modo)': {'balancer': 'modo'},
  'gradients themselves (moco)': {'balancer': 'moco'},
  'gradients in random order (pcgrad)': {'balancer': 'pcgrad'},
  'early stopping': {
    'patience': 2,
    'hp': {'lr': (0.3,)},
    'steps': 16,
    'evals': 8,
  },
  'accumulation': {'accumulate': 2},
  'checkpoints per task': {'checkpoint_per': 'task'},
  'selection by metric': {'select': 'metric'},
  'bfloat16': {'compute': 'bfloat16'},
  'BatchNorm (resnet)': {
    'dataset': 'tests.faults.exact.pictures',
    'encoder': 'resnet',
    'encoders': {'resnet': {'widths': (2,), 'depths': (1,)}},
  },
  'dropout': {'encoders': {'mlp': {'dropout': 0.3}}},
  'scarce labels': {
    'datasets': {'toy': {'labels': (('first', 4),)}},
    'batch_size': 4,
  },
  'chunks of runs': {'parallel': '1'},
  'two settings': {'hp': {'lr': (1e-2, 3e-2)}},
  'a shorter last period': {'steps': 7},
  'measured interference': {'probe': {'batches': 1, 'rows': 10}},
}
TIMES = (
  *('steps_per_second', 'seconds', 'compile_seconds', 'probe_seconds'),
  *('grad_tag_seconds', 'check'),
)

# The hash stands for what of the config has an effect, and Orbax writes the
# time into the files whose digests these are.
UNCOMPARED = ('config', 'check', 'digests')


class Subject(compile_ahead.Ahead):
  """A cell and its programs, which are compiled once."""

  def __init__(self, cell: cells.Cell):
    super().__init__([])
    self.cell, self._ready = cell, compile_ahead.prepare(cell)

  def take(self, cell: cells.Cell) -> compile_ahead.Ready:
    """The programs, also of a cell that differs in what has no effect."""
    assert cell.hash == self.cell.hash
    return self._ready


def subject(*kinds: str, **changes: Any) -> Subject:
  """The cell of some kinds together, compiled."""
  return Subject(made(*kinds, **changes))


def made(*kinds: str, **changes: Any) -> cells.Cell:
  """The cell alone."""
  config = test_table.config(**BASE)
  for own in [*(KINDS[kind] for kind in kinds), changes]:
    config.update(own)
  return cells.make(config, build.data(config))


class Points(NamedTuple):
  """How often a training could be stopped, and how often it recorded."""

  stops: int
  evaluations: int


class Fatal(RecordedProgress):
  """Ends a training at once, when an evaluation has just been recorded."""

  def __init__(self, after: int):
    super().__init__()
    self._after, self.evaluations = after, 0

  def advance(self, steps, losses):
    """Counts an evaluation."""
    del steps, losses
    self.evaluations += 1
    if self.evaluations == self._after:
      raise KeyboardInterrupt


def train(
  subject: Subject,
  folder: pathlib.Path,
  stop_after: int = 0,
  die_after: int = 0,
  cell: cells.Cell | None = None,
) -> Points:
  """Trains a cell, or resumes it, and counts where that could end.

  Args:
    subject: its programs.
    folder: of the cell.
    stop_after: points after which it is asked to stop; 0 is never.
    die_after: evaluations after which it ends without saving; 0 is never.
    cell: one with the same programs; None is the subject's own.
  """
  stops, live = itertools.count(1), Fatal(die_after)

  def asked() -> int:
    return signal.SIGTERM if next(stops) == stop_after else 0

  try:
    run.train_cell(cell or subject.cell, folder, live, asked, subject)
  except (signals.Stopped, KeyboardInterrupt):
    assert stop_after or die_after
  else:
    assert records.finished(folder)
    assert not stop_after, 'it was not stopped'
    assert not die_after, 'it did not end'
  return Points(next(stops) - 1, live.evaluations)


def resumed(
  subject: Subject, folder: pathlib.Path, *stops: int, die_after: int = 0
) -> pathlib.Path:
  """Trains a cell in several processes' worth of calls, the last to its end."""
  for stop in stops:
    train(subject, folder, stop)
  if die_after:
    train(subject, folder, die_after=die_after)
  train(subject, folder)
  return folder


def unequal(one: pathlib.Path, other: pathlib.Path) -> list[str]:
  """What of two finished cells differs in any bit."""
  pairs = zip(_contents(one), _contents(other), strict=True)
  names = 'records', 'model.json', 'parameters', 'predictions'
  left = [
    f'{name}/ is left'
    for name in ('checkpoints', 'kept')
    if (other / name).exists()
  ]
  different = zip(names, [a != b for a, b in pairs], strict=True)
  return [*(name for name, differs in different if differs), *left]


def difference(one: pathlib.Path, other: pathlib.Path) -> float:
  """The largest relative difference of any number that was measured.

  Those below 1 % in absolute value are compared as if they were 1 %.
  """
  ours, theirs = map(test_table.numbers, (one, other))
  assert ours.keys() == theirs.keys()
  pairs = [(ours[key], theirs[key]) for key in ours]
  return max(abs(a - b) / max(abs(a), abs(b), 0.01) for a, b in pairs)


def doubled(folder: pathlib.Path) -> list[tuple]:
  """Kind, run, step and text of the records that are there more than once."""
  keys = [
    tuple(line.get(k) for k in ('kind', 'run', 'step', 'text', 'first'))
    for line in records.read(folder)
  ]
  return sorted({str(key) for key in keys if keys.count(key) > 1})


def _contents(folder: pathlib.Path) -> Sequence[Any]:
  lines = [_untimed(line) for line in records.read(folder)]
  path = folder / model_files.MODEL
  if not path.exists():
    return lines, None, None, None
  described = json.loads(path.read_text('utf-8'))
  known = {k: v for k, v in described.items() if k not in UNCOMPARED}
  arrays = model_files.read_arrays(folder, described)
  predictions = model_files.read_predictions(folder)
  return lines, known, _bits(arrays), _bits(predictions)


def _untimed(line: dict) -> str:
  timed = line['kind'] == 'cost'
  # As text, in which the order of keys and every digit counts.
  return json.dumps(
    {k: v for k, v in line.items() if not (timed and k in TIMES)}
  )


def _bits(arrays: dict[str, Any]) -> dict[str, tuple]:
  whole = {name: np.asarray(x) for name, x in arrays.items()}
  return {n: (x.dtype, x.shape, x.tobytes()) for n, x in whole.items()}
