"""Runs commands in forks of one process that has imported what they need.

  python -m tests.faults.bad_input.server [module ...]

Reads a JSON line per command and answers with one: the exit code, what was
written to stdout and stderr, and whether JAX was imported. A new process would
take a second for imports alone.
"""

import importlib
import json
import os
import pathlib
import runpy
import signal
import sys
import tempfile
import time
import traceback

TEXTS = 'out', 'err'


def main() -> None:
  """Imports the modules of the arguments, and serves until stdin ends."""
  for name in sys.argv[1:]:
    importlib.import_module(name)
  print(json.dumps(sorted(sys.modules)), flush=True)
  for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)


def answer(asked: dict) -> dict:
  """Runs one command in a fork.

  Args:
    asked: `module`, `flags`, `folder`, `environment`, `seconds`, and
      `interrupt`, after how many seconds Ctrl-C is sent, or None.
  """
  with tempfile.TemporaryDirectory() as folder:
    paths = [pathlib.Path(folder, name) for name in (*TEXTS, 'jax')]
    child = os.fork()
    if not child:
      _run(asked, *paths)
    code = _wait(child, asked['seconds'], asked['interrupt'])
    out, err, jax = (
      path.read_text('utf-8', 'replace') if path.exists() else ''
      for path in paths
    )
  return {'code': code, 'out': out, 'err': err, 'jax': jax == 'True'}


def _wait(child: int, seconds: float, interrupt: float | None) -> int:
  begun = time.monotonic()
  while True:
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid:
      return os.waitstatus_to_exitcode(status)
    lasted = time.monotonic() - begun
    if interrupt is not None and lasted > interrupt:
      os.kill(child, signal.SIGINT)
      interrupt = None
    if lasted > seconds:
      os.kill(child, signal.SIGKILL)
    time.sleep(0.003)


def _run(asked: dict, out, err, jax) -> None:
  """The fork: runs the module as `python -m` does, and ends."""
  for number, path in ((1, out), (2, err)):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, number)
  # An orphan of a test that ends early must not wait for input.
  os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
  # A suite in the background of a shell ignores Ctrl-C, and so would its forks.
  signal.signal(signal.SIGINT, signal.default_int_handler)
  os.chdir(asked['folder'])
  os.environ.update(asked['environment'])
  sys.path.insert(0, asked['folder'])
  sys.argv[:] = [asked['module'], *asked['flags']]
  code = 1
  try:
    runpy.run_module(asked['module'], run_name='__main__', alter_sys=True)
    code = 0
  except SystemExit as end:
    code = _code(end.code)
  except BaseException:  # noqa: BLE001 - as the interpreter does at its end.
    traceback.print_exc()
  jax.write_text(str('jax' in sys.modules))
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(code)


def _code(code) -> int:
  if code is None or isinstance(code, int):
    return code or 0
  print(code, file=sys.stderr)  # as the interpreter does with a text
  return 1


if __name__ == '__main__':
  main()
