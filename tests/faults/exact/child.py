"""Trains a cell of `stopped` in a process of its own, to its end or to a stop.

`python -m tests.faults.exact.child FOLDER STOP KINDS CHANGES`; `STOP` is 0 for
never, `KINDS` a JSON list and `CHANGES` a JSON object.
"""

import json
import pathlib
import subprocess
import sys
from typing import Any

from tests import children
from tests.faults.exact import stopped

ROOT = pathlib.Path(__file__).parents[3]


def start(
  folder: pathlib.Path,
  stop_after: int = 0,
  devices: int = 1,
  kinds: tuple[str, ...] = (),
  **changes: Any,
) -> None:
  """Runs this file and waits for it; what it compiles is not kept.

  Args:
    folder: of the cell.
    stop_after: as in `stopped.train`.
    devices: virtual devices of the CPU.
    kinds: of `stopped.KINDS`.
    **changes: of the config.
  """
  given = str(folder), str(stop_after), json.dumps(kinds), json.dumps(changes)
  environment = children.environment(
    JAX_PLATFORMS='cpu',
    JAX_NUM_CPU_DEVICES=str(devices),
    JAX_ENABLE_COMPILATION_CACHE='false',
  )
  command = sys.executable, '-m', 'tests.faults.exact.child', *given
  done = subprocess.run(
    command,
    cwd=ROOT,
    env=environment,
    capture_output=True,
    text=True,
    check=False,
  )
  if done.returncode:
    raise RuntimeError(done.stderr[-2000:])


def main() -> None:
  """Trains the cell that the command line names."""
  folder, stop, kinds, changes = sys.argv[1:]
  subject = stopped.subject(*json.loads(kinds), **_tuples(json.loads(changes)))
  stopped.train(subject, pathlib.Path(folder), int(stop))


def _tuples(changes: dict[str, Any]) -> dict[str, Any]:
  """JSON has lists where a config has tuples."""
  lists = {k: tuple(v) for k, v in changes.items() if isinstance(v, list)}
  return changes | lists


if __name__ == '__main__':
  main()
