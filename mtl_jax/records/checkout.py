"""The commit of this code, where it is a git checkout."""

import functools
import os
import pathlib
import subprocess
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[2]
UNKNOWN = 'unknown'
SECONDS = 5.0  # of git, which may wait for a slow disk
COMMAND = (
  *('git', '--no-optional-locks', 'status', '--porcelain=v2', '--branch'),
  '--untracked-files=no',
)


class State(NamedTuple):
  """What is checked out.

  Attributes:
    commit: 40 hex digits, or 'unknown'.
    clean: whether no tracked file was changed, or 'unknown'.
  """

  commit: str = UNKNOWN
  clean: bool | str = UNKNOWN

  @property
  def short(self) -> str:
    """Twelve hex digits, with + where files differ; '' if it is not known."""
    if self.commit == UNKNOWN:
      return ''
    return self.commit[:12] + '+' * (self.clean is False)


@functools.cache
def start() -> subprocess.Popen | None:
  """Starts git, once per process, so that `state` need not wait for it.

  Returns:
    The process; None where the code is no checkout, or there is no git.
  """
  # An installed package may lie inside a repository of the user's own.
  if not (ROOT / '.git').exists():
    return None
  try:
    return subprocess.Popen(
      COMMAND,
      cwd=ROOT,
      # Without locks, so that the user's own git commands go on.
      env={**os.environ, 'GIT_OPTIONAL_LOCKS': '0'},
      stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
      text=True,
    )
  except OSError:
    return None


@functools.cache
def state() -> State:
  """Returns what is checked out, as it was when this process first asked."""
  process = start()
  if process is None:
    return State()
  try:
    text, _ = process.communicate(timeout=SECONDS)
  except subprocess.TimeoutExpired:
    process.kill()
    return State()
  return parsed(text) if process.returncode == 0 else State()


def parsed(text: str) -> State:
  """Reads what git has printed.

  Args:
    text: of `git status --porcelain=v2 --branch`.
  """
  lines = text.splitlines()
  heads = [x.split()[2] for x in lines if x.startswith('# branch.oid ')]
  # A repository without a commit has '(initial)' there.
  if not heads or heads[0].startswith('('):
    return State()
  return State(heads[0], all(line.startswith('#') for line in lines))
