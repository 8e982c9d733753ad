"""Interference measured along a run, against gradients taken one by one."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from mtl_jax import cells, interference
from mtl_jax.cells import build
from mtl_jax.data.base import Split
from mtl_jax.interference import probes
from mtl_jax.processes import signals
from mtl_jax.train import forward
from tests import small
from tests.run.test_table import lines, numbers
from tests.run.test_table import train as train_cell

quick = small.quick

SAMPLING = probes.Sampling(batches=3, rows=8)
K = len(small.TASKS)
TASK = np.eye(K, dtype=np.float32)


measure = jax.jit(probes.measure, static_argnums=(0, 1))


def measured(system, split, state, sampling=SAMPLING):
  rows = jnp.int32(len(split.mask))
  hp = small.hp(lr=0.01)
  found = measure(system, sampling, hp, jnp.int32(0), state, split, rows)
  return jax.device_get(found)


def halved(count):
  """A schedule."""
  del count
  return 0.5


@functools.cache
def one_row(name):
  """Measured on batches of one row, over and over: there is no noise."""
  split = small.split(rows=1)
  system = small.system(name)._replace(schedule=halved)
  state = small.start(system, split, small.hp())
  return system, split, state, measured(system, split, state)


@functools.partial(jax.jit, static_argnums=0)
def gradient_of(scheme, split, params, task):
  """The gradient of one task's loss, as at evaluation."""
  losses = small.losses(scheme, split)
  return jax.grad(lambda p: losses(p) @ task)(params)


def gradients(system, split, state):
  """Each task's gradient by what it is compared by, `[K, n]`, one by one."""
  params = jax.device_get(state.params).tree

  def row(t):
    grads = gradient_of(system.scheme, split, params, jnp.array(TASK[t]))
    own = probes.compared(system, jax.device_get(grads))
    if system.scheme.separate:
      own = jax.tree.map(lambda g: g[t], own)
    return np.concatenate([g.ravel() for g in jax.tree.leaves(own)])

  return np.stack([row(t) for t in range(K)])


@pytest.mark.parametrize('name', ['hard', 'single', 'cross_stitch'])
def test_gradients_are_those_of_the_tasks_one_by_one(name):
  system, split, state, found = one_row(name)
  rows = gradients(system, split, state)
  np.testing.assert_allclose(
    found.grams['product'][0], rows @ rows.T, rtol=1e-4, atol=1e-6
  )
  norms = np.linalg.norm(rows, axis=1)
  cosines = rows @ rows.T / np.outer(norms, norms)
  off = ~np.eye(K, dtype=bool)
  for measure in ('cosine', 'corrected_cosine'):
    np.testing.assert_allclose(
      found.grams[measure][0][off], cosines[off], atol=1e-4
    )
  np.testing.assert_array_equal(
    found.grams['conflict'][0][off], cosines[off] < 0
  )


@pytest.mark.parametrize('name', ['hard', 'single'])
def test_gradients_are_finite_differences(name):
  """Of every task's loss, along one direction through what is compared."""
  split = small.split(rows=16)
  system = small.system(name)
  state = small.start(system, split, small.hp())

  @jax.jit
  def compared(state):
    point = forward.Point(system, state.opened, split, jax.random.key(0))
    evaluated, _ = forward.forward_pass(point)
    return probes.gradients(system, evaluated)

  rows, state = jax.device_get((compared(state), state))
  state = state.opened
  draw = np.random.default_rng(3)
  along = jax.tree.map(
    lambda p: np.float32(draw.normal(size=p.shape)),
    probes.compared(system, state.params),
  )
  losses = small.losses(system.scheme, split)

  def moved(step):
    own = probes.compared(system, state.params)
    new = jax.tree.map(lambda p, a: p + np.float32(step) * a, own, along)
    return losses({**state.params, **new})

  # Each of K towers is reached by the loss of its own task alone.
  spread = (lambda a: a) if system.scheme.separate else (lambda a: a[None])
  expected = sum(
    (g * spread(a)).reshape(K, -1).sum(1)
    for g, a in zip(jax.tree.leaves(rows), jax.tree.leaves(along), strict=True)
  )
  step = 2e-4
  change = np.subtract(*jax.device_get((moved(step), moved(-step))))
  np.testing.assert_allclose(
    change / (2 * step), expected, rtol=1e-2, atol=2e-3
  )


@pytest.mark.parametrize('name', ['hard', 'cross_stitch'])
def test_modules_add_up_to_all(name):
  system, _, state, found = one_row(name)
  products = found.grams['product']
  params = jax.device_get(state.params).tree
  assert len(products) == len(probes.modules(system, params)) > 2
  np.testing.assert_allclose(
    products[0], products[1:].sum(0), rtol=1e-4, atol=1e-6
  )


@pytest.mark.parametrize('name', ['hard', 'single'])
def test_affinity_is_what_a_step_on_another_task_does(name):
  system, split, state, found = one_row(name)
  losses = small.losses(system.scheme, split)
  state = jax.device_get(state).opened
  before = np.array(losses(state.params))

  def after(i):
    grads = gradient_of(system.scheme, split, state.params, jnp.array(TASK[i]))
    grads = jax.device_get(grads)
    moved = dict(state.params)
    for key, own in probes.compared(system, grads).items():
      if system.scheme.separate:  # The tower's step is tried on all towers.
        own = jax.tree.map(lambda g: g[i : i + 1], own)
      moved[key] = jax.tree.map(
        lambda p, g: p - np.float32(0.5 * 0.01) * g, state.params[key], own
      )
    return np.array(losses(moved))

  later = np.stack([after(i) for i in range(K)])
  np.testing.assert_allclose(
    found.affinity.gain, 1 - later / before, rtol=1e-2, atol=1e-6
  )


def test_the_rate_of_a_step_is_the_schedule_of_the_run():
  cell = probed(2, schedule='cosine')
  hp, (_, _, state, _) = small.hp(lr=0.1), one_row('hard')
  for step, wanted in ((0, 0.1), (12, 0.05), (24, 0.1 * 0.0042774)):
    now = state._replace(step=jnp.int32(step))
    found = probes.rate(cell.system, hp, now)
    assert float(found) == pytest.approx(wanted, rel=1e-3)


def test_noise_of_batches_is_no_conflict():
  """Of many batches of few rows the products are those of all rows' mean."""
  split = small.split(rows=64)
  system = small.system()
  state = small.start(system, split, small.hp())
  sampling = probes.Sampling(batches=3000, rows=2)
  found = measured(system, split, state, sampling)
  rows = gradients(system, split, state)
  true = rows @ rows.T
  near = found.grams['product'][0]
  size = np.sqrt(np.outer(np.diag(true), np.diag(true)))
  assert (np.abs(near - true) / size).max() < 0.15
  # A batch's own products have its noise in the squares: cosines shrink.
  off = ~np.eye(K, dtype=bool)
  cosines = (true / size)[off]
  plain = found.grams['cosine'][0][off]
  corrected = found.grams['corrected_cosine'][0][off]
  assert np.abs(plain - cosines).mean() > 2 * np.abs(corrected - cosines).mean()


def test_a_batch_has_its_quota_of_each_source():
  rows = jnp.arange(10)
  split = Split(rows, (), rows[:, None] >= 0)
  sampling = probes.Sampling(batches=1, rows=4, quotas=(3, 1))

  @jax.vmap
  def drawn(key):
    return probes._draw(sampling, key, split, jnp.array([7, 2]))[0].inputs

  found = np.asarray(drawn(jax.random.split(jax.random.key(0), 100)))
  assert ((found < 7).sum(axis=1) == 3).all()
  assert set(found.ravel().tolist()) == {*range(9)}  # row 9 is padding


def test_a_task_without_labels_is_unknown():
  system, split, state, _ = one_row('hard')
  split = split._replace(mask=split.mask.at[:, 1].set(False))
  found = measured(system, split, state)
  cosines, gains = found.grams['cosine'][0], found.affinity.gain
  assert np.isnan(cosines[1]).all()
  assert np.isnan(gains[1]).all()
  assert np.isnan(gains[:, 1]).all()
  assert np.isfinite(cosines[0, 2])
  assert np.isfinite(gains[0, 2])


@pytest.mark.parametrize(
  'encoder',
  sorted({*small.ENCODERS} - {'resnet18'}),  # as `resnet`, and slow
)
def test_every_encoder_has_a_curvature(encoder):
  """A second derivative, through every product that has rules of its own."""
  system, split = small.system(encoder=encoder), small.split(encoder)
  params = jax.device_get(small.params(system.scheme, split.inputs))
  losses = small.losses(system.scheme, split)

  def loss(params):
    return losses(params).sum()

  def gradient(params):
    ones = jnp.ones(K)
    return jax.device_get(gradient_of(system.scheme, split, params, ones))

  along = gradient(params)

  def moved(step):
    return jax.tree.map(lambda p, g: p + np.float32(step) * g, params, along)

  def dot(a, b):
    return sum(map(np.vdot, jax.tree.leaves(a), jax.tree.leaves(b)))

  step = 3e-3 / np.sqrt(dot(along, along))
  difference = dot(gradient(moved(step)), along) - dot(
    gradient(moved(-step)), along
  )
  found = jax.jit(functools.partial(interference.curvature, loss))(
    params, params
  )
  assert float(found) == pytest.approx(float(difference) / (2 * step), rel=0.05)


def test_heads_read_what_is_shown():
  split = small.split(rows=8)
  for name in ('hard', 'single'):
    system = small.system(name)
    state = small.start(system, split, small.hp())
    best = state.best._replace(params=state.params)
    read = jax.jit(probes.features, static_argnums=(0, 1, 2))(
      system, 8, 3, best, split, jnp.int32(8)
    )
    params = jax.device_get(state.params).tree
    apply = jax.jit(system.scheme.apply, static_argnums=2)
    predictions = apply({'params': params}, split.inputs, False)
    for t in range(K):
      head = params[f'head_{t}']['Dense_0']
      np.testing.assert_allclose(
        read[t] @ head['kernel'] + head['bias'][None],
        predictions[t],
        rtol=1e-4,
        atol=1e-5,
      )


def probed(batches, **changes):
  c = default.get_config()
  c.dataset, c.steps, c.evals, c.batch_size, c.seeds = 'tests.toy', 24, 4, 8, 3
  c.encoders.mlp.widths = (4,)
  c.encoders.mlp.dropout = 0.2
  c.probe.batches = batches
  c.update(changes)
  return cells.make(c, build.data(c))


def test_probes_change_nothing_and_go_on_after_a_stop(tmp_path):
  plain, with_probes = probed(0), probed(2)
  assert plain.hash != with_probes.hash
  folders = [tmp_path / name for name in ('plain', 'with_probes', 'stopped')]
  train_cell(plain, folders[0])
  train_cell(with_probes, folders[1])
  assert numbers(folders[0]) == numbers(folders[1])
  assert not lines(folders[0], 'probe')
  found = lines(folders[1], 'probe')
  assert [line['step'] for line in found if line['run'] == 0] == [
    *range(0, 25, 6)
  ]
  with pytest.raises(signals.Stopped):
    train_cell(with_probes, folders[2], stop_after=2)
  train_cell(with_probes, folders[2])
  # `lines` proves that what was written twice is the same.
  assert lines(folders[2], 'probe') == found
  kept = [np.load(f / 'features_0.npy') for f in folders[1:]]
  np.testing.assert_array_equal(*kept)
  assert kept[0].shape[:2] == (3, len(with_probes.system.tasks))


def test_what_is_asked_for_is_in_the_name_alone_where_it_is_asked():
  assert 'probe' not in probed(0).identity
  assert probed(2).identity['probe'] == {'batches': 2, 'rows': 1000}
