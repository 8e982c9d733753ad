"""Measures how time and memory of a step grow with seeds, tasks and size.

  python -m benchmarks.growth                 # all axes
  python -m benchmarks.growth --axes=runs     # one; rows of the others stay

Every point is a cell with a compiled program of its own; the points of an axis
are trained in turn. Memory is what the compiled program needs on each device:
arguments, results and temporaries. Writes growth.csv and docs/growth.md.
"""

from __future__ import annotations

import pathlib

from absl import flags, logging

from benchmarks import commands
from experiments import lazy
from mtl_jax import plugins

with lazy.imports():
  from benchmarks import results
  from benchmarks.growth import page, trainings

AXES = ('runs', 'tasks', 'towers', 'width', 'encoder')
CHOSEN = flags.DEFINE_list('axes', list(AXES), 'Axes to measure.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')
PAGE = flags.DEFINE_string('page', 'docs/growth.md', 'Page to write.')
REPEATS = flags.DEFINE_integer('repeats', 5, 'Measurements of each point.', 1)


def points(axis: str) -> list[trainings.Point]:
  """Returns the points of an axis, one of `AXES`."""
  Point, ways = trainings.Point, ('map', 'vmap')
  if axis == 'runs':
    equal = [Point(axis, 2**n, way, 2**n) for n in range(7) for way in ways]
    gram = [Point(axis, r, 'auto', r, balancer='pcgrad') for r in (1, 8, 64)]
    return equal + gram
  if axis == 'tasks':
    few, many = (2, 5, 10, 20, 40), (200, 1000)
    # With a Gram matrix the step itself grows at least with the square.
    counts = dict.fromkeys(('equal', 'uncertainty'), few + many)
    counts |= dict.fromkeys(('mgda', 'pcgrad'), few)
    return [
      Point(axis, k, balancer=b, tasks=k) for b in counts for k in counts[b]
    ]
  if axis == 'towers':
    single = [Point(axis, k, scheme='single', tasks=k) for k in (2, 5, 10, 20)]
    mmoe = [Point(axis, e, scheme='mmoe', experts=e) for e in (2, 4, 8, 16)]
    return single + mmoe
  if axis == 'width':
    widths = (8, 16, 32, 64, 128, 512)
    pairs = [('equal', w) for w in widths] + [('pcgrad', w) for w in (8, 64)]
    return [
      Point(axis, w, way, balancer=b, width=w) for b, w in pairs for way in ways
    ]
  names = ('lenet', 'lstm', 'transformer')
  known = [n for n in names if n in plugins.names('mtl_jax.encoders')]
  return [Point(axis, 4, way, 4, encoder=n) for n in known for way in ways]


def measured(axis: str) -> list[dict[str, str]]:
  """Measures all points of an axis and returns their rows."""
  made = [trainings.Training(point) for point in points(axis)]
  for repeat in range(REPEATS.value):
    # Every other repeat runs backwards, so that a slow phase of the machine
    # does not always hit the same points.
    for training in made[:: -1 if repeat % 2 else 1]:
      training.measure()
  return [training.row() for training in made]


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  path = pathlib.Path(OUT.value) / 'growth.csv'
  commands.check_names('axes', 'axis', CHOSEN.value, AXES)
  for axis in CHOSEN.value:
    new = measured(axis)
    old = [row for row in results.read(path) if row['axis'] != axis]
    unknown = dict.fromkeys(new[0], '')  # for columns that old rows lack
    old = [unknown | row for row in old]
    rows = sorted(old + new, key=lambda row: AXES.index(row['axis']))
    results.write(path, rows)
    print(f'{axis}: {len(new)} points', flush=True)
  page.write(path, pathlib.Path(PAGE.value))


if __name__ == '__main__':
  commands.run(main)
