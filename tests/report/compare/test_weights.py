"""Notes on the weights of balancers."""

import numpy as np

from mtl_jax.report.compare import weights
from tests import small
from tests.report import fake

quick = small.quick


def cell(folder, name, curve):
  """Two runs whose weights `[periods, 3]` are `curve`, and without if None."""
  head = fake.header('hard', balancer=name, seeds=[0, 1])
  rng = np.random.default_rng(0)
  evals = fake.curves(rng, head)
  tasks = [task['name'] for task in head['tasks']]
  for i, line in enumerate(evals):
    if curve is not None:
      line['weights'] = dict(zip(tasks, curve[i % 4], strict=True))
  return fake.write(folder / name, head, *evals, *fake.draw(rng, head))


def test_weights_are_told_and_those_that_stayed_equal(tmp_path):
  moved = [(1, 1, 1), (2, 1, 0.5), (3, 1, 0.3), (4, 1, 0.25)]
  cells = [
    fake.cell(tmp_path, 'single'),
    cell(tmp_path, 'uncertainty', moved),
    cell(tmp_path, 'dwa', [(1, 1.004, 1)] * 4),
    cell(tmp_path, 'older', None),
  ]
  first, second, still = weights.lines(cells)
  assert first.startswith(
    'hard + uncertainty: weights cd4_0 1 -> 2 -> 4, cd4_1 1 -> 1 -> 1, '
    'death_0 1 -> 0.5 -> 0.25 (means of'
  )
  assert second.startswith('hard + dwa: weights cd4_0 1 -> 1 -> 1')
  assert still.startswith('hard + dwa never left equal weights (within 1%')
  assert weights.lines([cells[0], cells[3]]) == []
