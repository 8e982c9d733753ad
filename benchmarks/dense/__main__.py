"""Draws predicted maps beside the truth, of schemes of a finished table.

  python -m benchmarks.dense --workdir=out/dense --schemes=single,hard

Writes figures/maps_SCHEME.png into the workdir (maps_SCHEME_BALANCER.png for
another balancer than equal): some pictures of the first seed's test split, and
below each the truth and the prediction of every task.
"""

import argparse
import pathlib
import sys

from benchmarks import commands
from mtl_jax.errors import InputError


def main(arguments: list[str] | None = None) -> int:
  """Draws the figures; returns the exit code."""
  parser = commands.parser('benchmarks.dense', __doc__)
  parser.add_argument('--workdir', default='', help='of the table')
  parser.add_argument('--schemes', default='hard', help='names, with commas')
  parser.add_argument('--balancer', default='equal', help='of all of them')
  parser.add_argument('--pictures', type=int, default=4, help='number of them')
  asked = parser.parse_args(arguments)
  try:
    check(asked)
    workdir = pathlib.Path(asked.workdir)
    for scheme in asked.schemes.split(','):
      path = draw(workdir, scheme, asked.balancer, asked.pictures)
      print(f'written: {path}')
  except InputError as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  return 0


def check(asked: argparse.Namespace) -> None:
  """Checks the options before JAX is imported.

  Raises:
    InputError: one is missing, or has a value without a meaning.
  """
  if not asked.workdir:
    raise InputError('--workdir is empty; name the folder of a table')
  if not pathlib.Path(asked.workdir, 'cells').is_dir():
    raise InputError(
      f'--workdir={asked.workdir} has no cells; name that of a table'
    )
  if '' in asked.schemes.split(','):
    raise InputError(
      f'--schemes={asked.schemes} has an empty name; write such as single,hard'
    )
  if asked.pictures < 1:
    raise InputError(f'--pictures={asked.pictures}; give 1 or more')


def draw(
  workdir: pathlib.Path, scheme: str, balancer: str, count: int
) -> pathlib.Path:
  """Draws the figure of a scheme.

  Args:
    workdir: of the table, with a kept model of the scheme.
    scheme: its name.
    balancer: name of its balancer.
    count: number of test pictures.

  Returns:
    The path of the figure.

  Raises:
    InputError: there is no such model, or it predicts no maps.
  """
  from benchmarks.dense import figure
  from mtl_jax import cells, models
  from mtl_jax.data import views

  model = models.load(models.folders.find(workdir, scheme, balancer))
  data = cells.build.data(model.config)[0]
  rows = views.first(data.test, count)
  maps = model.maps(rows.inputs, model.seeds[0])
  shown = [
    (task, rows.labels[t], maps[task.name])
    for t, task in enumerate(data.tasks)
    if task.dense
  ]
  name = scheme if balancer == 'equal' else f'{scheme}_{balancer}'
  path = workdir / 'figures' / f'maps_{name}.png'
  figure.save(path, name, rows.inputs, shown)
  return path


if __name__ == '__main__':
  sys.exit(main())
