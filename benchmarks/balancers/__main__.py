"""Measures what each balancer costs, relative to equal weights.

  python -m benchmarks.balancers             # a step of `hard`, 2 to 40 tasks
  python -m benchmarks.balancers --passes    # one backward pass of mgda or two

The network is that of ACTG 175, on random rows; every balancer is trained in
turn with `equal`. If the command is interrupted, the same command continues;
with another number of rounds it measures again. Both forms write their CSV file
and docs/balancers.md.
"""

import pathlib

from absl import flags, logging

from benchmarks import commands
from experiments import lazy
from mtl_jax import plugins
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks.balancers import costs, page, passes

NAMES = plugins.names('mtl_jax.balancers')
CHOSEN = flags.DEFINE_list('balancers', NAMES, 'Balancers to measure.')
TASKS = flags.DEFINE_list('tasks', ['2', '5', '10', '40'], 'Numbers of tasks.')
ROUNDS = flags.DEFINE_integer('rounds', 5, 'Each trains both sides.', 1)
PASSES = flags.DEFINE_bool('passes', False, 'Time backward passes instead.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  run(pathlib.Path(OUT.value))


def run(out: pathlib.Path) -> None:
  """Measures; updates the page only if `out` is the folder of the docs."""
  # Checked also with --passes, which uses neither.
  tasks, names = counts(TASKS.value), known(CHOSEN.value)
  if PASSES.value:
    passes.run(out / page.PASSES, ROUNDS.value)
  else:
    path = out / page.COSTS
    costs.run(path, tasks, names, ROUNDS.value)
  if out == page.RESULTS:
    page.write(page.PAGE)


def counts(given: list[str]) -> list[int]:
  """Parses numbers of tasks.

  Raises:
    InputError: one is not a positive integer.
  """
  for text in given or ['']:
    if not (text.isdecimal() and int(text)):
      raise InputError(f'--tasks has {text!r}; give counts, as in 2,5,10,40')
  return [int(text) for text in given]


def known(given: list[str]) -> list[str]:
  """Returns the given names of balancers.

  Raises:
    InputError: there is no such balancer.
  """
  commands.check_names('balancers', 'balancer', given, NAMES)
  return given


if __name__ == '__main__':
  commands.run(main)
