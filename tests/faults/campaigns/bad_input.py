"""Bad input to every command and function, and input that Hypothesis draws."""

import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator, Mapping

from tests.faults.bad_input import (
  config_values,
  files,
  flags,
  fuzzing,
  own_code,
  python,
  running,
  tables,
)
from tests.faults.outcome import Outcome

NAME = 'bad_input'


def run(trials: int, folder: pathlib.Path) -> Iterator[Outcome]:
  """Runs all cases, and draws input.

  Args:
    trials: how many inputs are drawn per kind; cases are as many as there are.
    folder: scratch space.
  """
  told = 'told in one line, exit code 2, nothing written'
  light = flags.cases() | config_values.cases() | files.cases()
  light |= tables.cases()
  yield _commands('bad input of commands', light, running.LIGHT, folder, told)
  heavy = own_code.cases()
  yield _commands(
    'files of code that fail, data that cannot be used',
    heavy, running.HEAVY, folder, told,
  )  # fmt: skip
  yield _calls(folder)
  for name, drive in fuzzing.PROPERTIES.items():
    yield _drawn(name, drive, trials)


def _commands(
  fault: str,
  cases: Mapping[str, running.Case],
  modules: tuple[str, ...],
  folder: pathlib.Path,
  note: str,
) -> Outcome:
  bad = []
  with contextlib.closing(running.Server(modules)) as server:
    for number, (name, case) in enumerate(cases.items()):
      own = folder / fault.replace(' ', '_') / str(number)
      own.mkdir(parents=True, exist_ok=True)
      if found := running.trial(server, case, own):
        bad.append(f'{name}: {"; ".join(found)}')
  return _outcome(fault, len(cases), bad, note)


def _calls(folder: pathlib.Path) -> Outcome:
  calls, bad, before = python.calls(), [], pathlib.Path.cwd()
  for number, (name, call) in enumerate(calls.items()):
    own = folder / 'calls' / str(number)
    own.mkdir(parents=True, exist_ok=True)
    os.chdir(own)
    try:
      found = python.trial(call, own)
    finally:
      os.chdir(before)
    bad += [f'{name}: {"; ".join(found)}'] if found else []
  note = 'InputError of one line, nothing written'
  return _outcome('bad input of the Python interface', len(calls), bad, note)


def _drawn(name: str, drive, trials: int) -> Outcome:
  bad = []
  try:
    drive(trials)
  except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault.
    bad.append(f'{name}: {type(error).__name__}: {error}')
  note = 'drawn by Hypothesis: used, or refused in one line'
  return _outcome(f'drawn input: {name}', trials, bad, note)


def _outcome(fault: str, trials: int, bad: list[str], note: str) -> Outcome:
  print(*bad, sep='\n', end='\n' * bool(bad), file=sys.stderr)
  return Outcome(NAME, fault, trials, silent=len(bad), note=note)
