"""What each balancer costs, beside equal weights.

  python -m benchmarks.balancers             # a step of `hard`, 2 to 40 tasks
  python -m benchmarks.balancers --passes    # of mgda: gradients kept or not

Steps are those of the ACTG 175 network on drawn rows, in turn with those of
`equal`. The same command goes on where it was cut off; another number of
rounds measures anew. Both write their CSV and docs/balancers.md.
"""

import pathlib
import sys

from absl import app, flags, logging

from experiments import lazy
from mtl_jax import plugins
from mtl_jax.errors import InputError, nearest

with lazy.imports():
  from benchmarks.balancers import costs, page, passes

NAMES = plugins.names('mtl_jax.balancers')
CHOSEN = flags.DEFINE_list('balancers', NAMES, 'Which.')
TASKS = flags.DEFINE_list('tasks', ['2', '5', '10', '40'], 'How many.')
ROUNDS = flags.DEFINE_integer('rounds', 5, 'Each trains both once.', 1)
PASSES = flags.DEFINE_bool('passes', False, 'Time kept gradients instead.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  try:
    run(pathlib.Path(OUT.value))
  except InputError as error:
    sys.exit(f'error: {error}')


def run(out: pathlib.Path) -> None:
  """Measures; a trial elsewhere leaves the page alone."""
  tasks, names = counts(TASKS.value), known(CHOSEN.value)
  if PASSES.value:
    passes.run(out / page.PASSES, ROUNDS.value)
  else:
    path = out / page.COSTS
    costs.run(path, tasks, names, ROUNDS.value)
  if out == page.RESULTS:
    page.write(page.PAGE)


def counts(given: list[str]) -> list[int]:
  """Numbers of tasks."""
  for text in given:
    if not (text.isdecimal() and int(text)):
      raise InputError(f'--tasks has {text!r}; give numbers, as in 2,5,10,40')
  return [int(text) for text in given]


def known(given: list[str]) -> list[str]:
  """Names of balancers."""
  for name in given:
    if name not in NAMES:
      raise InputError(f'unknown balancer {name!r}: {nearest(name, NAMES)}')
  return given


if __name__ == '__main__':
  app.run(main)
