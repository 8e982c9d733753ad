"""Tuned rows of synthetic records: four draws, in two cells each."""

import numpy as np

from mtl_jax.report.tuning import merging
from tests.report import fake

TASKS = fake.tasks(1, 1)
NAMES = [task['name'] for task in TASKS]
SEEDS = [0, 1, 2, 3]


def part(folder, scheme, draws, split, **choices):
  """A cell of some draws; `single` has scores of its own for each task."""
  rng = np.random.default_rng([*scheme.encode(), *draws])
  head = fake.header(scheme, tasks=TASKS, split=split, seeds=SEEDS)
  lines = []
  for i, draw in enumerate(draws):
    hp = {'lr': 0.1 * (draw + 1), 'balancer': {'c': 0.5}}
    for s, line in enumerate(fake.draw(rng, head, 0.02 * draw)):
      own = rng.random(2) if scheme == 'single' else [rng.random()] * 2
      scores = dict(zip(NAMES, map(float, own), strict=True))
      score = float(np.mean(own))
      run = {'run': i * len(SEEDS) + s, 'hp': hp}
      lines.append(line | run | {'scores': scores, 'score': score})
  name = f'{scheme}-{draws[0]}'
  cell = fake.write(folder / name, head, *lines, fake.cost())
  return merging.Part(cell, draws, choices)


def tuned(folder, split='resplit'):
  """`single` and `hard`; the draws of a cell agree in their choices."""
  return [
    merging.merged(
      [
        part(folder, scheme, [0, 2], split, kind='a'),
        part(folder, scheme, [1, 3], split, kind='b'),
      ],
      (scheme, 'equal'),
      'Tuning: 4 draws.',
    )
    for scheme in ('single', 'hard')
  ]
