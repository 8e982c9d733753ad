"""What a cell keeps of its trained runs: best parameters, test predictions.

Of several settings of hyperparameters each seed keeps the one that validation
chooses, as the report does, see `chosen_runs`. Where the runs of a cell are
trained in several chunks, the runs that may still be chosen wait in files.
"""

import json
import pathlib
import shutil
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax.cells import Cell, Chunk
from mtl_jax.processes import hosts
from mtl_jax.records import atomic, digests, model_files
from mtl_jax.run import chosen_runs, describing, predicted_rows

WAITING = 'kept'  # folder of the runs that may still be chosen
UNTIL = 'until'  # file in it: how many runs were trained so far


class Kept(NamedTuple):
  """One trained run.

  Attributes:
    line: its record, see `outcomes.outcomes`, and `steps` that it has taken.
    params: `train.parameters.Parameters`, the best ones; those of each task on
      a leading axis where they are kept per task.
    extra: further collections, likewise.
    outputs: of the heads on the test rows, by task, `[N, outputs]`.
  """

  line: dict
  params: Any
  extra: Any
  outputs: dict[str, np.ndarray]


class Keeper:
  """Keeps the runs of a cell until validation has chosen among them.

  Args:
    cell: what is trained.
    folder: of the cell.
  """

  def __init__(self, cell: Cell, folder: pathlib.Path):
    self._cell, self._folder = cell, folder
    self._waiting = folder / WAITING
    self._last: dict[int, Kept] = {}
    self._broken = False  # whether the runs of earlier chunks are lost
    self._like: Any = None  # a tree of `Kept`, for those that wait in files

  @property
  def active(self) -> bool:
    """Whether the cell keeps anything at all."""
    return keeps(self._cell) != 'nothing'

  def add(
    self, chunk: Chunk, state: Any, outputs: dict, lines: list[dict], last: bool
  ) -> None:
    """Takes the runs of a chunk that has just been tested.

    Args:
      chunk: the runs.
      state: `train.TrainState` of all of them, on the host.
      outputs: of the heads on the test rows, `[R, N, ...]` by task.
      lines: the records of the runs, one each.
      last: whether this chunk is the last one.
    """
    if not (self.active and hosts.is_process_0()):
      return
    if not chunk.first:  # What may wait is of a training that began anew.
      shutil.rmtree(self._waiting, ignore_errors=True)
    elif not self._follows(chunk):
      self._broken = True
    if self._broken:
      return
    runs = {
      line['run']: _kept(self._cell, chunk, i, state, outputs, line)
      for i, line in enumerate(lines)
    }
    self._like = next(iter(runs.values()))
    if last:
      self._last = runs
      return
    for number, run in runs.items():
      self._write(number, run)
    until = chunk.first + len(chunk.runs)
    digests.write(self._waiting / UNTIL, {'until': until})
    waiting = {n: self._line(n) for n in self._numbers()}
    for number in waiting.keys() - chosen_runs.needed(self._cell, waiting):
      digests.forget(self._path(number))
      self._path(number).unlink()

  def finish(self) -> None:
    """Chooses among all runs and writes the model of the cell."""
    if not (self.active and hosts.is_process_0()) or self._broken:
      return
    numbers = [n for n in self._numbers() if n not in self._last]
    lines = {n: self._line(n) for n in numbers}
    lines |= {n: run.line for n, run in self._last.items()}
    chosen = chosen_runs.chosen(self._cell, lines)
    needed = {n for own in chosen.values() for n in own}
    runs = {n: self._last.get(n) or self._read(n) for n in needed}
    whole = {s: [runs[n] for n in own] for s, own in chosen.items()}
    model = describing.model(self._cell, whole)
    if keeps(self._cell) == 'best':
      model_files.write(self._folder, model)
    else:
      model_files.write_predictions(self._folder, model.predictions)
    shutil.rmtree(self._waiting, ignore_errors=True)

  def _follows(self, chunk: Chunk) -> bool:
    """Whether the runs of all earlier chunks were kept, in another job, too."""
    path = self._waiting / UNTIL
    if not path.exists():
      return False
    found = digests.read(path, digests.SAVED)
    # In earlier versions the file held the number alone.
    until = found['until'] if isinstance(found, dict) else found
    # More of them where a job has ended after a chunk, before its checkpoint.
    return until >= chunk.first

  def _path(self, number: int) -> pathlib.Path:
    return self._waiting / f'{number}.npz'

  def _numbers(self) -> list[int]:
    return sorted(
      int(path.stem)
      for path in self._waiting.glob('*.npz')
      if path.stem.isdigit()
    )

  def _write(self, number: int, run: Kept) -> None:
    leaves = jax.tree.leaves(tuple(run[1:]))
    arrays = {f'leaf_{i}': leaf for i, leaf in enumerate(leaves)}
    arrays['line'] = np.array(json.dumps(run.line))
    path = self._path(number)
    digests.forget(path)
    atomic.write(path, lambda file: np.savez(file, **arrays))
    digests.write_beside(path)

  def _line(self, number: int) -> dict:
    with np.load(self._path(number), allow_pickle=False) as arrays:
      return json.loads(arrays['line'].item())

  def _read(self, number: int) -> Kept:
    structure = jax.tree.structure(tuple(self._like[1:]))
    with np.load(self._path(number), allow_pickle=False) as arrays:
      line = json.loads(arrays['line'].item())
      leaves = [arrays[f'leaf_{i}'] for i in range(structure.num_leaves)]
    return Kept(line, *jax.tree.unflatten(structure, leaves))


def keeps(cell: Cell) -> str:
  """What the cell keeps: 'best', 'predictions' or 'nothing'.

  Runs that are trained on groups of tasks are sweeps, of which nothing is kept.
  """
  asked = cell.config.get('keep', 'auto')
  if cell.groups:
    return 'nothing'
  return 'best' if asked == 'auto' else asked


def lacks(cell: Cell, folder: pathlib.Path) -> bool:
  """Whether a finished cell lacks a model that the config asks for by name.

  `config.keep='auto'` is content with what is there.

  Args:
    cell: the cell.
    folder: of the cell.
  """
  asked = cell.config.get('keep', 'auto') == 'best' and not cell.groups
  return asked and not (folder / model_files.MODEL).exists()


def problem(folder: pathlib.Path) -> digests.Problem | None:
  """What is wrong with the runs that wait in files; None if nothing is.

  Args:
    folder: of a cell that is not finished.
  """
  waiting = folder / WAITING
  try:
    if (waiting / UNTIL).exists():
      digests.read(waiting / UNTIL, digests.SAVED)
    for path in waiting.glob('*.npz'):
      digests.verify(path, digests.SAVED)
  except digests.DamagedError as error:
    return error.problem
  return None


def _kept(
  cell: Cell, chunk: Chunk, i: int, state: Any, outputs: dict, line: dict
) -> Kept:
  best = state.best.of_tasks or state.best
  params, extra = jax.tree.map(
    lambda x: np.asarray(x[i]), (best.params, best.extra)
  )
  data = describing.data_of(cell, chunk.runs[i][0])
  of_run = {
    task.name: predicted_rows.of_run(
      cell, t, data, outputs[task.name], i, (params, extra)
    )
    for t, task in enumerate(cell.system.tasks)
  }
  steps = {'steps': int(state.step[i])}
  return Kept(_plain(line) | steps, params, extra, of_run)


def _plain(line: dict) -> dict:
  """The record without results, which `records.jsonl` has, as JSON values."""
  kept = ('kind', 'run', 'seed', 'hp', 'score', 'scores', 'best_step')
  return json.loads(
    json.dumps({k: line[k] for k in kept if k in line}, default=_number)
  )


def _number(value: Any) -> Any:
  return value.tolist()
