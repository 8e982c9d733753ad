"""Two losses of two parameters: which methods reach the front; the page."""

import math
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import results
from benchmarks.toy import figures, page, problem, runs

FOLDER = pathlib.Path(__file__).parents[2] / 'docs' / 'results' / 'toy'
ROWS = results.read(FOLDER / 'toy.csv')
FAMO = problem.SETTINGS['famo']

# Results of a separate implementation in NumPy.
REACHED = {
  ('famo', 'equal'): 4,
  ('famo', 'mgda'): 5,
  ('famo', 'pcgrad'): 4,
  ('famo', 'cagrad'): 4,
  ('famo', 'nash_mtl'): 5,
  ('famo', 'famo'): 5,
  ('cagrad', 'equal'): 3,
  ('cagrad', 'mgda'): 5,
  ('cagrad', 'pcgrad'): 5,
  ('cagrad', 'cagrad'): 5,
}
X1 = {
  'equal': (-5.73, -5.73, 4.99, -5.73, -5.73),
  'mgda': (-1.98, 6.10, 6.98, -4.26, 6.99),
  'famo': (-0.31, 0.08, 0.36, -0.95, 1.75),
  'nash_mtl': (-2.43, 0.00, 2.47, -3.45, 4.98),
}


@pytest.fixture(scope='module')
def walks():
  return runs.walks(tuple(X1), FAMO)


def at(x, scale=1.0):
  with jax.enable_x64(True):
    return np.asarray(problem.losses(jnp.array(x, float), scale))


@pytest.mark.parametrize('scale', [1.0, 0.1])
def test_losses_by_hand(scale):
  # Above x2 = 0 the valleys alone; were the sign of the second that of the
  # papers, it would be log(3.5 + tanh 2).
  valley = math.tanh(1) * (math.log(3.5 - math.tanh(2)) + 6)
  np.testing.assert_allclose(at((0, 2), scale), (scale * valley, valley))
  # On a valley's floor, where the logarithm ends.
  x1 = 2 * math.tanh(2) - 7
  first = math.tanh(1) * (math.log(5e-6) + 6)
  np.testing.assert_allclose(at((x1, 2), scale)[0], scale * first)
  # Below, the bowls alone, lowest at x2 = -8 and x1 = 7 or -7.
  c = math.tanh(4)
  np.testing.assert_allclose(at((7, -8), scale), (-20 * c * scale, -0.4 * c))
  np.testing.assert_allclose(at((-7, -8), scale), (-0.4 * c * scale, -20 * c))
  np.testing.assert_array_equal(at((0, 0), scale), 0)


@jax.enable_x64(True)
def jacobian(x):
  function = jax.jacobian(problem.losses)
  return np.asarray(function(jnp.array(x, float), FAMO.scale))


@pytest.mark.parametrize('x', [(-8.5, 7.5), (9, 9), (9, -1), (2, -5), (-3, 1)])
def test_gradients_are_finite_differences(x):
  step = 1e-5 * np.eye(2)
  differences = [(at(x + e, 0.1) - at(x - e, 0.1)) / 2e-5 for e in step]
  np.testing.assert_allclose(jacobian(x), np.stack(differences, 1), atol=1e-8)


def test_gradients_are_opposite_on_the_front():
  one, other = jacobian((0.0, problem.FRONT))
  cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
  assert cosine < -1 + 1e-9
  inside = np.array([(0.0, problem.FRONT), (-7.1, -8.1), (7.1, -8.6)])
  outside = np.array([(0.0, -8.0), (0.0, -8.72), (7.2, -8.36), (5, 4)])
  assert problem.reached(inside).all()
  assert not problem.reached(outside).any()


@pytest.mark.parametrize('name', X1)
def test_walks_end_where_they_do_in_numpy(name, walks):
  ends = walks[name].path[:, -1]
  assert walks[name].path.dtype == np.float64
  assert problem.reached(ends).sum() == REACHED['famo', name]
  # The valleys' kinks make of a rounding some tenths.
  np.testing.assert_allclose(ends[:, 0], X1[name], atol=0.4)
  np.testing.assert_array_equal(walks[name].path[:, 0], FAMO.starts)


def test_the_csv_has_every_balancer_and_start():
  for name, setting in problem.SETTINGS.items():
    own = [row for row in ROWS if row['setting'] == name]
    assert [row['method'] for row in own[:: len(setting.starts)]] == [
      *setting.methods
    ]
    assert len(own) == len(setting.methods) * len(setting.starts)
  ends = np.array([[float(row['x1']), float(row['x2'])] for row in ROWS])
  assert np.isfinite(ends).all()
  recorded = [int(row['reached']) for row in ROWS]
  np.testing.assert_array_equal(problem.reached(ends), recorded)


@pytest.mark.parametrize(('setting', 'method'), REACHED)
def test_as_many_starts_reach_the_front_as_in_numpy(setting, method):
  own = [r for r in ROWS if (r['setting'], r['method']) == (setting, method)]
  assert page.count(own) == REACHED[setting, method]


def test_the_page_is_made_of_the_csv(tmp_path):
  results.write(tmp_path / 'toy.csv', ROWS)
  page.write(tmp_path)
  assert (tmp_path / 'toy.md').read_text() == (FOLDER / 'toy.md').read_text()
  for name, setting in problem.SETTINGS.items():
    for file in figures.files(name, setting):
      assert (FOLDER / file).stat().st_size < 400_000


def test_a_claim_is_judged_by_the_numbers():
  own = [{'setting': 'famo', 'method': 'equal', 'reached': '1'}] * 5
  assert page.verdict(own)[1] == 'does not'
  assert page.verdict([*own[1:], {**own[0], 'reached': '0'}])[1] == 'holds'
  assert page.verdict([{**own[0], 'method': 'dwa'}]) == ('–', '–')


def test_a_walk_is_drawn_for_every_start(walks):
  figure = figures.draw(FAMO, walks)
  assert [axes.get_title() for axes in figure.axes] == list(X1)
  # The front; a line, its start and its end for each.
  assert {len(axes.lines) for axes in figure.axes} == {1 + 3 * 5}
