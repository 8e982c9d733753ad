"""A newcomer's way: the quick start, in an empty environment and folder.

  python tests/install_check.py [--folder=FOLDER]

Runs every command and the Python code of docs/quickstart.md as they stand, in a
folder of its own, and prints each with its seconds. Nothing of the checkout is
on the path there. `make install-check` calls it.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = (ROOT / 'docs' / 'quickstart.md').read_text('utf-8')


def main() -> None:
  """Installs into FOLDER/env and runs the page in FOLDER/work."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--folder', default='')
  given = parser.parse_args().folder
  with tempfile.TemporaryDirectory() as scratch:
    check(pathlib.Path(given or scratch).resolve())


def check(folder: pathlib.Path) -> None:
  """Installs and runs.

  Args:
    folder: for the environment and what is written.

  Raises:
    subprocess.CalledProcessError: if a command fails.
  """
  began = time.perf_counter()
  work = folder / 'work'
  work.mkdir(parents=True, exist_ok=True)
  venv.create(folder / 'env', with_pip=True)
  run(f'pip install --quiet {ROOT}', folder)
  _, shown = re.findall(r'```sh\n(.*?)```', PAGE, re.DOTALL)
  for line in shown.replace('\\\n', ' ').splitlines():
    run(' '.join(line.split()), folder)
  (code,) = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
  (work / 'first.py').write_text(code, 'utf-8')
  run('python first.py', folder)
  print(f'\n{time.perf_counter() - began:.0f} s in all')


def run(line: str, folder: pathlib.Path) -> None:
  """Runs a line in the new environment and prints how long it took."""
  env = os.environ | {'PATH': f'{folder}/env/bin:{os.environ["PATH"]}'}
  # What the new environment lacks must not be found in another.
  env = {k: v for k, v in env.items() if k != 'PYTHONPATH'}
  print(f'\n$ {line}', flush=True)
  began = time.perf_counter()
  subprocess.run(line, shell=True, cwd=folder / 'work', env=env, check=True)
  print(f'[{time.perf_counter() - began:.0f} s]', flush=True)


if __name__ == '__main__':
  sys.exit(main())
