"""Values of every method, from independent implementations in float64.

Matrices of three kinds: two gradients, three that all conflict, three of rank
2. The updates are published ones, times what makes equal gradients sum up.
"""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import small

quick = small.quick

ROWS = {
  'A': [[-4, 1, 1], [6, 1, 1]],
  'B': [[3, 0, -1, 2], [-2, 1, 1, -3], [-1, -2, 2, 1]],
  'C': [[2, -1, 1], [-3, 1, 2], [-1, 0, 3]],
}
LOSSES = jnp.array([2.0, 0.5, 1.0])


def make(name, **fields):
  return importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)


def weigh(name, rows, **fields):
  method = make(name, **fields)
  rows = jnp.array(rows, jnp.float32)

  @jax.jit
  def run(rows):
    state = method.init(len(rows))
    key = jax.random.key(0)
    return method.update(LOSSES[: len(rows)], rows @ rows.T, state, key)[0]

  return np.asarray(run(rows))


# Method, fields, factor of the published update, and that for A, B and C.
UPDATES = [
  (
    'mgda',
    {},
    lambda k: k,
    [0, 1, 1],
    [0.289246, 0.0160692, 0.347342, -0.147095],
    [0.166667, -0.266667, 1.36667],
  ),
  (
    'cagrad',
    {'c': 0.4},
    lambda k: k / 1.4,
    [0.346803, 1.16330, 1.16330],
    [0.258898, -0.200326, 0.624703, -0.0490813],
    [0.0218637, -0.344265, 2.34427],
  ),
  (
    'cagrad',
    {'c': 0.5},
    lambda k: k / 1.5,
    [0.183503, 1.20412, 1.20412],
    [0.310399, -0.153974, 0.622987, -0.0919991],
    [0.193996, -0.430331, 2.43033],
  ),
  (
    'imtl_g',
    {},
    lambda k: k,
    [0.0766968, 1, 1],
    [0.292205, 0.0230583, 0.342368, -0.152259],
    [-0.0819896, -0.267204, 2.11640],
  ),
  (
    'aligned_mtl',
    {},
    lambda k: k,
    [0.213279, 0.967333, 0.967333],
    [0.218581, -0.0536165, 0.379824, -0.101030],
    [-0.157131, -0.151376, 1.53103],
  ),
  (
    'aligned_mtl',
    {'scale': 'median'},
    lambda k: k,
    [0.213279, 0.967333, 0.967333],
    [0.914350, -0.224285, 1.58885, -0.422623],
    [-0.157131, -0.151376, 1.53103],
  ),
  (
    'aligned_mtl',
    {'scale': 'rmse'},
    lambda k: k,
    [0.576376, 2.61417, 2.61417],
    [1.00465, -0.246434, 1.74576, -0.464358],
    [-0.214201, -0.206356, 2.08710],
  ),
  (
    'upgrad',
    {},
    lambda k: k,
    [0.292398, 1.90058, 1.90058],
    [0.708420, -0.134128, 1.11436, -0.300752],
    [-0.468254, -0.158730, 2.51587],
  ),
  (
    'dualproj',
    {},
    lambda k: k,
    [0.555556, 1.11111, 1.11111],
    [0.219512, -0.235772, 0.626016, -0.0162602],
    [-0.666667, 0, 2],
  ),
  (
    'conflict_free',
    {},
    lambda k: 1,
    [0.158809, 2.07061, 2.07061],
    [0.854324, 0.0674159, 1.00099, -0.445161],
    [0.362323, -0.967398, 5.68481],
  ),
]


@pytest.mark.parametrize('update', UPDATES, ids=lambda u: f'{u[0]}-{u[1]}')
@pytest.mark.parametrize('matrix', ROWS)
def test_the_update_is_the_published_one(update, matrix):
  name, fields, factor, *published = update
  rows = np.array(ROWS[matrix], float)
  expected = factor(len(rows)) * np.array(published['ABC'.index(matrix)])
  found = weigh(name, rows, **fields) @ rows
  error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
  assert error < 2e-4


# Where only the direction is published, weights sum to the number of tasks.
DIRECTIONS = [
  ('nash_mtl', {}, 'A', [0.0765843, 0.998533, 0.998533]),
  ('nash_mtl', {}, 'B', [0.979998, -0.0581576, 1.35030, -0.461419]),
  ('nash_mtl', {}, 'C', [-0.0347427, -0.230299, 1.71632]),
  ('fairgrad', {'alpha': 2.0}, 'A', [0.0312737, 0.790817, 0.790817]),
  ('fairgrad', {'alpha': 2.0}, 'B', [1.07691, 0.00167117, 1.38331, -0.528936]),
  ('fairgrad', {'alpha': 2.0}, 'C', [0.0590286, -0.194921, 1.18736]),
  ('fairgrad', {'alpha': 0.5}, 'A', [0.181043, 1.26822, 1.26822]),
  ('fairgrad', {'alpha': 0.5}, 'B', [0.874489, -0.164764, 1.37624, -0.372872]),
  ('fairgrad', {'alpha': 0.5}, 'C', [-0.277709, -0.247378, 2.56478]),
]


@pytest.mark.parametrize(('name', 'fields', 'matrix', 'published'), DIRECTIONS)
def test_the_direction_is_the_published_one(name, fields, matrix, published):
  rows = np.array(ROWS[matrix], float)
  weights = weigh(name, rows, **fields)
  np.testing.assert_allclose(weights.sum(), len(rows), rtol=1e-5)
  found, published = weights @ rows, np.array(published)
  found *= np.linalg.norm(published) / np.linalg.norm(found)
  error = np.linalg.norm(found - published) / np.linalg.norm(published)
  assert error < 3e-4


def test_bargaining_ends_where_every_task_gains_alike():
  rows = np.array(ROWS['B'], float)
  weights = weigh('nash_mtl', rows)
  gains = weights * (rows @ rows.T @ weights)
  np.testing.assert_allclose(gains, gains.mean(), rtol=1e-3)


@pytest.mark.parametrize(
  ('regard', 'expected'), [(0.3, (1.26082, 1.17553, 0.563659))]
)
def test_sdmgrad(regard, expected):
  weights = weigh('sdmgrad', ROWS['B'], regard=regard)
  np.testing.assert_allclose(weights, expected, rtol=2e-4)


@pytest.mark.parametrize(
  ('name', 'fields', 'expected'),
  [
    ('gls', {}, (0.166667, 0.666667, 0.333333)),
    ('log_loss', {}, (0.5, 2, 1)),
  ],
)
def test_weights_of_losses(name, fields, expected):
  weights, _ = make(name, **fields).update(LOSSES, None, (), None)
  np.testing.assert_allclose(weights, expected, rtol=1e-5)


@pytest.mark.parametrize(
  ('mu', 'expected'),
  [
    (1.0, (0.857143, 0.857143, 0.857143)),
    (0.5, (1.14286, 0.285714, 0.571429)),
  ],
)
def test_stch_behind_its_nadir(mu, expected):
  method = make('stch', mu=mu, warmup=0.5, steps=4)
  state = method.init(3)
  for losses in (LOSSES, jnp.ones(3), LOSSES):  # warm-up, nadir 1, weighing
    weights, state = method.update(losses, None, state, None)
  np.testing.assert_allclose(weights, expected, rtol=1e-5)


def test_dwa_weighs_by_the_last_two_epochs():
  method = make('dwa', temperature=2.0, steps_per_epoch=2)
  state, found = method.init(3), []
  before, last = [2.5, 0.5, 0.8], [2.0, 0.5, 1.0]
  for losses in (before, before, last, last, last):
    weights, state = method.update(jnp.array(losses), None, state, None)
    found.append(weights)
  np.testing.assert_array_equal(found[:4], np.ones((4, 3)))
  np.testing.assert_allclose(found[4], [0.893524, 0.987496, 1.11898], rtol=1e-5)


def test_famo_looks_at_the_batch_again():
  method = make('famo', decay=0.0)
  state = method.init(3)
  weights, state = method.update(LOSSES, None, state, None)
  np.testing.assert_allclose(weights, [0.428571, 1.71429, 0.857143], rtol=1e-5)
  later = jnp.array([1.8, 0.55, 1.0])
  state = method.after(LOSSES, later, state)
  np.testing.assert_allclose(state[0], [-0.025, 0.025, 0.025], rtol=1e-4)
  weights, _ = method.update(later, None, state, None)
  np.testing.assert_allclose(weights, [0.473723, 1.62986, 0.896421], rtol=1e-5)


def test_gradnorm_takes_one_adam_step():
  method = make('gradnorm')
  gram = jnp.array(ROWS['B'], jnp.float32)
  gram = gram @ gram.T
  state = method.init(3) | {'first': jnp.array([2.5, 0.5, 2.0])}
  weights, _ = method.update(LOSSES, gram, state, None)
  np.testing.assert_allclose(weights, [1.01653, 1.01653, 0.966942], rtol=1e-5)


def test_gradvac_with_fixed_targets():
  """Orders 1..K; without a rate and targets of 0 it is PCGrad."""
  gradvac = importlib.import_module('mtl_jax.balancers.gradvac')
  pcgrad = importlib.import_module('mtl_jax.balancers.pcgrad')
  published = {
    'A': [0.399098, 4.03751, 4.03751],
    'B': [0.269842, -1.40881, 3.99374, -0.724448],
    'C': [-1.02880, -0.720166, 8.12757],
  }
  for matrix, update in published.items():
    rows = np.array(ROWS[matrix], np.float32)
    k, gram = len(rows), jnp.array(rows @ rows.T)
    order = jnp.tile(jnp.arange(k), (k, 1))
    targets = jnp.full((k, k), 0.2)
    weights, _ = gradvac.align(gram, order, targets, 0.0)
    np.testing.assert_allclose(weights @ rows, update, rtol=1e-4, atol=1e-4)
    plain, _ = gradvac.align(gram, order, 0 * targets, 0.0)
    np.testing.assert_allclose(plain, pcgrad.project(gram, order), rtol=1e-4)
    _, moved = gradvac.align(gram, order, targets, 0.5)
    assert np.abs(moved - targets).max() > 0.1


def test_imtl_scales_losses_then_gradients():
  method = make('imtl', distance=100)
  rows = jnp.array(ROWS['B'], jnp.float32)
  state = method.init(3)
  for _ in range(3):
    weights, state = method.update(LOSSES, rows @ rows.T, state, None)
  update = weights @ rows
  along = (rows @ update) / jnp.linalg.norm(rows, axis=1)
  np.testing.assert_allclose(along, along.mean(), rtol=1e-3)
  assert not np.allclose(weights, weigh('imtl_g', ROWS['B']), rtol=1e-2)


def test_random_weights_have_mean_one_and_sum_to_the_tasks():
  keys = jax.random.split(jax.random.key(0), 4000)
  for draw in ('normal', 'dirichlet'):
    method = make('rlw', draw=draw)
    one = lambda key, m=method: m.update(LOSSES, None, (), key)[0]  # noqa: E731
    weights = jax.vmap(one)(keys)
    np.testing.assert_allclose(weights.sum(1), 3, rtol=1e-5)
    np.testing.assert_allclose(weights.mean(0), 1, atol=0.05)


def after_steps(name, rows, steps=1, losses=LOSSES, **fields):
  """The last update of some steps along the same gradients, and its state."""
  method, rows = make(name, **fields), jnp.array(rows, jnp.float32)
  shared = {'w': rows[0]}
  state = method.init(len(rows), shared)
  key = jax.random.key(0)
  for _ in range(steps):
    found, state = method.update(losses, {'w': rows}, state, key)
  return np.asarray(found['w']), state


def test_moco_first_step():
  found, state = after_steps('moco', ROWS['B'], beta=1.0, gamma=0.1)
  np.testing.assert_allclose(
    state['shares'], [0.455556, 0.355556, 0.188889], rtol=1e-5
  )
  np.testing.assert_allclose(found, [1.4, -0.0666667, 0.833333, 0.1], rtol=1e-4)


def test_moco_without_rates_is_equal():
  found, _ = after_steps(
    'moco', ROWS['B'], steps=3, beta=1.0, gamma=0.0, decay=0.0
  )
  np.testing.assert_allclose(found, np.sum(ROWS['B'], 0), atol=1e-6)


def test_modo_first_step_on_one_batch():
  weights = weigh('modo', ROWS['B'])
  expected = 3 * np.array([0.334556, 0.333556, 0.331889])
  np.testing.assert_allclose(weights, expected, rtol=1e-5)
  np.testing.assert_allclose(weigh('modo', ROWS['B'], gamma=0.0), 1, rtol=1e-6)


def test_db_mtl_without_a_mean():
  found, state = after_steps('db_mtl', ROWS['B'], beta=0.0)
  np.testing.assert_allclose(state['weights'], [4.14039, 1, 2.44949], rtol=1e-5)
  np.testing.assert_allclose(
    found, [-0.238900, -2.89898, 4.82878, 0.589883], rtol=1e-4
  )


def test_db_mtl_means_over_steps():
  first, _ = after_steps('db_mtl', ROWS['B'], beta=0.9)
  alone, _ = after_steps('db_mtl', ROWS['B'], beta=0.0)
  np.testing.assert_allclose(first, 0.1 * alone, rtol=1e-4)
  many, _ = after_steps('db_mtl', ROWS['B'], steps=100, beta=0.9)
  np.testing.assert_allclose(many, alone, rtol=1e-3)


def test_excess_mtl_second_step():
  method, rows = make('excess_mtl'), jnp.array(ROWS['B'], jnp.float32)
  state = method.init(3, {'w': rows[0]})
  first, state = method.update(LOSSES, {'w': rows}, state, None)
  np.testing.assert_allclose(first['w'], rows.sum(0), atol=1e-6)
  scaled = rows * jnp.array([[1.0], [2.0], [0.5]])
  found, state = method.update(LOSSES, {'w': scaled}, state, None)
  weights = [0.997986, 1.00884, 0.993173]
  np.testing.assert_allclose(state['weights'], weights, rtol=1e-5)
  np.testing.assert_allclose(
    found['w'], np.array(weights) @ scaled, rtol=1e-4, atol=1e-4
  )


GRADDROP = {
  0.5: ([6, 2, 2], [0, -2, 3, 0], [-4, 0, 6]),
  0.3: ([6, 2, 2], [3, 1, 3, 3], [2, 1, 6]),
}


@pytest.mark.parametrize('drawn', GRADDROP)
@pytest.mark.parametrize('matrix', ROWS)
def test_graddrop_where_the_draws_are_known(drawn, matrix):
  graddrop = importlib.import_module('mtl_jax.balancers.graddrop')
  rows = jnp.array(ROWS[matrix], jnp.float32)
  found = graddrop.drop(rows, jnp.full(rows.shape[1], drawn), 0.0)
  np.testing.assert_allclose(found, GRADDROP[drawn]['ABC'.index(matrix)])


def test_graddrop_draws_each_coordinate_by_its_purity():
  rows = jnp.tile(jnp.array([[3.0], [-1.0]]), (1, 4000))
  found, _ = after_steps('graddrop', rows, losses=LOSSES[:2])
  assert set(np.unique(found)) == {-1, 3}  # one sign each, not one for all
  np.testing.assert_allclose((found == 3).mean(), 0.75, atol=0.03)
  leaky, _ = after_steps('graddrop', rows, losses=LOSSES[:2], leak=1.0)
  np.testing.assert_allclose(leaky, rows.sum(0))


@pytest.mark.parametrize(('regard', 'exact'), [(0.0, 'mgda'), (1e4, 'equal')])
def test_the_ends_of_sdmgrad(regard, exact):
  rows = ROWS['B']
  expected = weigh('mgda', rows) if exact == 'mgda' else np.ones(3)
  np.testing.assert_allclose(
    weigh('sdmgrad', rows, regard=regard), expected, rtol=2e-3
  )


def test_stochastic_sdmgrad_takes_its_twenty_steps():
  gram = np.array(ROWS['B']) @ np.array(ROWS['B']).T
  matrix = gram / np.sqrt(np.diag(gram)).mean() ** 2
  v, velocity = np.full(3, 1 / 3), np.zeros(3)
  for _ in range(20):
    velocity = 0.5 * velocity + matrix @ v + 0.3 * matrix.mean(1)
    v = nearest_on_simplex(v - 5 * velocity)
  expected = 3 * (v + 0.1) / 1.3
  found = weigh('sdmgrad_stochastic', ROWS['B'])
  np.testing.assert_allclose(found, expected, rtol=1e-3)


def nearest_on_simplex(x):
  """By bisection of the level that is taken off all."""
  low, high = x.min() - 1, x.max()
  for _ in range(100):
    middle = (low + high) / 2
    above = np.maximum(x - middle, 0).sum() > 1
    low, high = (middle, high) if above else (low, middle)
  return np.maximum(x - low, 0)
