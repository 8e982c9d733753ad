"""Draws predicted maps beside the truth, of schemes of a finished table.

  python -m benchmarks.dense --workdir=out/dense --schemes=single,hard

Writes figures/maps_SCHEME.png into the workdir: some pictures of the first
seed's test split, and below each the truth and the prediction of every task.
"""

import pathlib
import sys

from benchmarks import commands
from mtl_jax.errors import InputError


def main(arguments: list[str] | None = None) -> int:
  """Draws the figures; returns the exit code."""
  parser = commands.parser('benchmarks.dense', __doc__)
  parser.add_argument('--workdir', type=pathlib.Path)
  parser.add_argument('--schemes', default='hard')
  parser.add_argument('--pictures', type=int, default=4)
  asked = parser.parse_args(arguments)
  try:
    if asked.workdir is None:
      raise InputError('--workdir is missing; name that of a table')
    if asked.pictures < 1:
      raise InputError(f'--pictures is {asked.pictures}; give 1 or more')
    for scheme in asked.schemes.split(','):
      print(f'written: {draw(asked.workdir, scheme, asked.pictures)}')
  except InputError as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  return 0


def draw(workdir: pathlib.Path, scheme: str, count: int) -> pathlib.Path:
  """Draws the figure of a scheme.

  Args:
    workdir: of the table, with a kept model of the scheme.
    scheme: its name.
    count: number of test pictures.

  Returns:
    The path of the figure.

  Raises:
    InputError: there is no such model, or it predicts no maps.
  """
  from benchmarks.dense import figure
  from mtl_jax import cells, models
  from mtl_jax.data import views

  model = models.load(models.folders.find(workdir, scheme, 'equal'))
  data = cells.build.data(model.config)[0]
  rows = views.first(data.test, count)
  maps = model.maps(rows.inputs, model.seeds[0])
  shown = [
    (task, rows.labels[t], maps[task.name])
    for t, task in enumerate(data.tasks)
    if task.dense
  ]
  path = workdir / 'figures' / f'maps_{scheme}.png'
  figure.save(path, scheme, rows.inputs, shown)
  return path


if __name__ == '__main__':
  sys.exit(main())
