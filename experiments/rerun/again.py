"""Makes a stored cell again, and trains it."""

import dataclasses
import json
import pathlib
from typing import Any, NamedTuple

from experiments.rerun.stored import Stored
from mtl_jax import cells, records, run
from mtl_jax.cells import Cell, build
from mtl_jax.errors import InputError
from mtl_jax.models import applying
from mtl_jax.records import owner
from mtl_jax.run import made_by, reference_cells

# Parts of the identity of a cell that are digests of code.
CODE = ('sources', 'kinds', 'init.code')


class Again(NamedTuple):
  """A cell as the code and the data of now make it.

  Attributes:
    stored: the cell as it was trained.
    cell: as it is made now, with the runs that are trained.
    runs: their numbers.
    identity: of the whole cell now.
  """

  stored: Stored
  cell: Cell
  runs: list[int]
  identity: dict[str, Any]

  @property
  def row(self) -> str:
    """The name of a reference row; '' of a cell that is trained in steps."""
    return self.stored.made['row']

  @property
  def is_whole(self) -> bool:
    """Whether all runs are trained."""
    return len(self.runs) == self.stored.made['runs']

  @property
  def facts(self) -> dict[str, Any]:
    """How it is made now, as `made.json` has it."""
    plan = None if self.row else self.cell.plan
    program = plan and {'runs': plan.runs, 'side_by_side': plan.side_by_side}
    return made_by.facts(self.cell, self.identity['sources'], program or {})


def make(stored: Stored, runs: list[int]) -> Again:
  """Makes a cell from what its folder holds.

  Args:
    stored: the cell.
    runs: numbers of the runs that will be trained.

  Raises:
    InputError: its data or its files are not there, or its data are others.
  """
  known = stored.made
  config = applying.config_of(known)
  config.log = ''  # a log belongs to the training that it was asked for
  whole = len(runs) == known['runs']
  if not whole:
    config.keep = 'nothing'
  _same_program(config, known)
  build.check(config)
  groups = tuple(map(tuple, known['groups']))
  cell = cells.make(config, cells.data(config), groups)
  named = cell.identity
  if known['row']:
    named = reference_cells.identified(cell, known['row'])
  elif not whole:
    # Of another name, so that it is never taken for the whole cell.
    part = {**cell.identity, 'runs': runs}
    own = [cell.runs[number] for number in runs]
    cell = dataclasses.replace(cell, runs=own, identity=part)
  again = Again(stored, cell, runs, json.loads(json.dumps(named)))
  _check_data(again)
  return again


def _same_program(config: Any, known: dict[str, Any]) -> None:
  """As many runs in a program as then, whatever memory is free now."""
  program = known['jobs'][-1]['program']
  if program:
    mode = 'vmap' if program['side_by_side'] else 'map'
    config.parallel = f'{mode}:{program["runs"]}'


def differing(again: Again) -> list[str]:
  """Returns the keys of the identity that differ between then and now."""
  then, now = records.flat(again.stored.identity), records.flat(again.identity)
  return [k for k in sorted(then | now) if then.get(k) != now.get(k)]


def is_code(key: str) -> bool:
  """Whether a key of the identity is a digest of code."""
  return key.startswith(CODE)


def _check_data(again: Again) -> None:
  if 'fingerprint' not in differing(again):
    return
  then, now = again.stored.identity['fingerprint'], again.identity
  raise InputError(
    f'the data are not those of {again.stored.folder}: their digest was {then} '
    f'and is {now["fingerprint"]}; put the files that it was trained on where '
    'they were (rows that were in memory cannot be read again)'
  )


def train(again: Again, workdir: pathlib.Path) -> pathlib.Path:
  """Trains the cell, and returns its folder.

  Args:
    again: the cell.
    workdir: the folder of the cell is made in it.

  Raises:
    InputError: the workdir belongs to another configuration.
    signals.Stopped: after Ctrl-C or SIGTERM; the state is saved.
  """
  owner.claim(workdir, again.cell.comparable)
  if again.row:
    folders = reference_cells.begin(again.cell, workdir, (again.row,))()
    if not folders:
      raise InputError('the reference models cannot be fitted any more')
  else:
    run.check([again.cell], workdir)
    folders = run.train([again.cell], workdir)
  return folders[0]
