"""Trains a cell again from its folder alone, and compares.

  python -m experiments.rerun out/a/cells/0123456789ab
  python -m experiments.rerun out/a/cells/0123456789ab --runs=0,3

The configuration is that of the cell's made.json; data are read where they
always are. Says first if the code, versions or devices are others now. On the
same machine with the same code and versions all results must be equal to the
bit, and the kept model too; elsewhere within --tolerance, and so must be a part
of the runs, which may be another program.

Trains in a temporary folder, or in --workdir. The exit code is 0 if results are
equal, 1 if they are different, and 2 if the cell cannot be trained again.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator

from absl import flags

from experiments import cli, lazy
from experiments.rerun import stored
from mtl_jax.errors import InputError
from mtl_jax.processes import signals

with lazy.imports():
  from experiments.rerun import again, verdict

RUNS = flags.DEFINE_list(
  'runs',
  None,
  'The numbers of the runs that are trained again, as in records.jsonl, '
  'separated by commas. By default all are.',
)
TOLERANCE = flags.DEFINE_float(
  'tolerance',
  None,
  'The largest difference of a result that counts as equal: a share of its '
  'value, or the difference itself where the value is below 1. By default 0 on '
  'the same machine with the same code and versions, otherwise 0.001.',
)
USAGE = (
  'give the folder of a cell, as in '
  'python -m experiments.rerun out/a/cells/0123456789ab'
)


def check() -> None:
  """Checks the arguments and the cell without importing JAX.

  Raises:
    InputError: the cell cannot be trained again.
  """
  if not cli.WORDS:
    raise InputError(USAGE)
  for name in ('config', 'scheme', 'balancer'):
    if flags.FLAGS[name].value is not None:
      raise InputError(f'--{name} has no effect: the cell has its own')
  if TOLERANCE.value is not None and not 0 <= TOLERANCE.value < 1:
    raise InputError(f'--tolerance={TOLERANCE.value} is not from 0 to below 1')
  cell = stored.read(pathlib.Path(cli.WORDS[0]))
  stored.numbers(RUNS.value, cell)
  _check_workdir(cell.folder)


def _check_workdir(folder: pathlib.Path) -> None:
  if cli.WORKDIR.value is None:
    return
  workdir = pathlib.Path(cli.WORKDIR.value).resolve()
  if workdir in folder.resolve().parents:
    raise InputError(
      f'--workdir={cli.WORKDIR.value} holds the cell itself, which would be '
      'compared with itself; name another folder'
    )


def main() -> None:
  """Trains the cell again, prints the answer, and exits with its code."""
  cell = stored.read(pathlib.Path(cli.WORDS[0]).absolute())
  runs = stored.numbers(RUNS.value, cell)
  with _workdir() as workdir, _where(cell):
    made = again.make(cell, runs)
    for line in verdict.changes(made):
      print(line, flush=True)
    folder = again.train(made, workdir)
    answer = verdict.of(made, folder, TOLERANCE.value)
  print(answer.text)
  if not answer.equal:
    sys.exit(1)


@contextlib.contextmanager
def _workdir() -> Iterator[pathlib.Path]:
  """The folder that is trained in; a temporary one is removed."""
  if cli.WORKDIR.value is not None:
    yield pathlib.Path(cli.WORKDIR.value).absolute()
    return
  try:
    with tempfile.TemporaryDirectory(prefix='mtl_jax-') as folder:
      yield pathlib.Path(folder)
  except signals.Stopped as stop:
    # Nothing is left of what it has saved.
    print('stopped; with --workdir it could go on', file=sys.stderr)
    sys.exit(128 + stop.signum)


@contextlib.contextmanager
def _where(cell: stored.Stored) -> Iterator[None]:
  """Inside, relative paths of data are those of the cell's command."""
  folder = cell.made['jobs'][-1].get('folder', '')
  here = os.getcwd()
  with contextlib.chdir(folder if os.path.isdir(folder) else here):
    yield


if __name__ == '__main__':
  cli.run(main, check, most_words=1)
