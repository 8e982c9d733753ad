"""Meshes of eight devices against one device; `test_sharding` runs this file.

In a process of its own: the number of devices is fixed when JAX starts.
"""

import collections
import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import devices, train
from mtl_jax.balancers import base as balancers
from mtl_jax.cells import build
from mtl_jax.devices import meshes
from mtl_jax.processes import signals
from mtl_jax.schemes import base
from mtl_jax.train.losses import task_losses
from tests import small
from tests.cells import test_reading
from tests.devices import test_sharding
from tests.faults.exact.stopped import doubled
from tests.run import test_table

RUNS, ROWS, STEPS, BATCH = 3, 24, 5, 8
MESHES = ((8, 1), (4, 2), (2, 4), (1, 8))
COLLECTIVE = re.compile(
  r'\b(all-reduce|all-gather|reduce-scatter|all-to-all|collective-\w+)'
  r'(?:-start)?\('
)
quick = small.quick


def test_there_are_eight():
  assert jax.device_count() == 8


def mapped(system, mesh, steps=STEPS, **how):
  """`advance` of three runs on a mesh; runs are padded to its runs axis."""
  own = functools.partial(train.advance, system)

  def one(hp, seed, state, data):
    return own(hp, seed, state, data, jnp.int32(ROWS), steps, BATCH)

  laid = meshes.mesh_for(meshes.round_up(RUNS, mesh), mesh)
  return laid, devices.map_runs(one, (0, 0, 0, None), laid, **how)


def arguments(system, laid, encoder='mlp', weighted=False):
  seeds = [*range(RUNS)] + [RUNS - 1] * (-RUNS % laid.shape['runs'])
  data = small.split(encoder, system.tasks, ROWS, known=0.8)
  if weighted:
    drawn = np.random.default_rng(0).integers(4, size=data.mask.shape)
    data = data._replace(weights=jnp.array(drawn, jnp.float32))
  hp = small.pile([small.hp(clip=1.0)] * len(seeds))
  states = small.pile(
    [small.start(system, data, small.hp(), s, noise=False) for s in seeds]
  )
  place = functools.partial(devices.place, mesh=laid)
  own = place((hp, np.array(seeds), states), over_runs=True)
  return *own, place(data, over_runs=False)


@functools.cache
def results(system, mesh, weighted=False, encoder='mlp', **how):
  laid, program = mapped(system, mesh, **how)
  given = arguments(system, laid, encoder, weighted)
  found = jax.device_get(program(*given))
  return small.take(found, slice(RUNS))


def collectives(system, mesh, encoder='mlp', **how):
  laid, program = mapped(system, mesh, **how)
  given = arguments(system, laid, encoder)
  text = program.lower(*given).compile().as_text()
  return dict(collections.Counter(COLLECTIVE.findall(text)))


@pytest.fixture(scope='module')
def alone():
  return results(small.system(balancer='pcgrad'), (1, 1))


@pytest.mark.parametrize('mesh', MESHES)
def test_every_mesh_equals_one_device(mesh, alone):
  small.close(results(small.system(balancer='pcgrad'), mesh), alone)


def test_pmap_equals_one_device(alone):
  system = small.system(balancer='pcgrad')
  small.close(results(system, (8, 1), spread='pmap'), alone)


def test_runs_side_by_side_equal_one_device(alone):
  """As on accelerators."""
  system = small.system(balancer='pcgrad')
  small.close(results(system, (2, 4), side_by_side=True), alone)


def shares(scheme):
  rows = small.inputs(rows=2)
  return bool(base.split(small.params(small.scheme(scheme), rows))[0])


# Without shared parameters there is no Gram matrix, and a balancer that weighs
# losses is used. The schemes left out consist of the same operations.
SCHEMES = (
  *('adashare', 'cross_stitch', 'hard', 'ltb', 'moore', 'mtan', 'nddr'),
  *('shared_private', 'single', 'snr'),
)
PAIRS = {(s, 'pcgrad' if shares(s) else 'uncertainty') for s in SCHEMES}
# A balancer of each kind: weighs losses, evaluates the loss twice, draws random
# numbers, solves a problem, has a state, takes three batches, needs the
# gradients themselves.
METHODS = ('equal', 'famo', 'gradvac', 'mgda', 'modo', 'graddrop')
PAIRS |= {('hard', balancer) for balancer in METHODS}


@pytest.mark.parametrize(('scheme', 'balancer'), sorted(PAIRS))
def test_a_shared_batch_is_one_batch(scheme, balancer):
  """Conflict is that of the whole batch's gradients, for every scheme."""
  system = small.system(scheme, balancer=balancer)
  # Normalising by what is nearly 0 makes more of rounding.
  tolerance = 2e-4 if scheme in ('moore', 'nddr') else 2e-5
  small.close(results(system, (2, 4)), results(system, (1, 1)), tolerance)


def test_batch_norm_of_a_dense_net_is_that_of_the_whole_batch():
  system = small.system('hard', 'segnet', 'pcgrad', tasks=small.MAPS)
  # After more steps, rounding has changed which pixel of a pool is largest.
  one, shared = (
    results(system, mesh, encoder='segnet', steps=2)
    for mesh in ((1, 1), (2, 4))
  )
  assert jax.tree.leaves(one[0].extra)  # running statistics
  small.close(shared, one, 2e-4)


@pytest.mark.parametrize('accumulate', [1, 2])
def test_weights_of_labels_count_over_the_whole_batch(accumulate):
  system = small.system(balancer='pcgrad')
  system = system._replace(accumulate=accumulate)
  one, shared = (results(system, m, weighted=True) for m in ((1, 1), (2, 4)))
  small.close(shared, one)
  plain = results(small.system(balancer='pcgrad'), (1, 1))
  assert np.abs(one[1].losses - plain[1].losses).max() > 0.01


def test_the_gram_is_that_of_the_whole_batch():
  grams = {}
  for mesh in ((1, 1), (1, 8)):
    laid = meshes.mesh_for(1, mesh)
    program = devices.map_runs(gram, (0, None), laid)
    data = devices.place(small.split(rows=ROWS), over_runs=False, mesh=laid)
    params = small.params(small.scheme(), small.inputs())
    own = devices.place(small.pile([params]), over_runs=True, mesh=laid)
    grams[mesh] = jax.device_get(program(own, data))
  small.close(grams[1, 8], grams[1, 1])
  assert np.linalg.matrix_rank(grams[1, 1][0]) == 3


def gram(params, data):
  batch = devices.take_rows(data, jnp.arange(ROWS))

  def losses(params):
    found = small.scheme().apply({'params': params}, batch.inputs, False)
    return task_losses(small.TASKS, found, batch)

  shared, _ = base.split(jax.jacrev(losses)(params))
  return balancers.gram(shared)


def test_spread_runs_exchange_nothing(optimized):
  del optimized
  assert collectives(small.system(balancer='pcgrad'), (8, 1)) == {}


@pytest.mark.parametrize(
  ('balancer', 'mesh', 'side_by_side'),
  [
    ('equal', (1, 8), False),
    ('pcgrad', (2, 4), False),
    ('equal', (2, 4), True),
  ],
)
def test_a_shared_batch_sums_its_gradients_and_no_more(
  balancer, mesh, side_by_side, optimized
):
  """One sum over devices, of the gradients and the losses together."""
  del optimized
  found = collectives(
    small.system(balancer=balancer), mesh, side_by_side=side_by_side
  )
  assert found == {'all-reduce': 1}


def test_products_of_a_convolution_keep_the_batch_cut(optimized):
  del optimized
  system = small.system('hard', 'lenet', 'pcgrad')
  assert collectives(system, (2, 4), 'lenet') == {'all-reduce': 1}


@pytest.fixture
def optimized():
  jax.config.update('jax_disable_most_optimizations', False)
  yield
  jax.config.update('jax_disable_most_optimizations', True)


@pytest.fixture(scope='module')
def on_one(tmp_path_factory):
  """The records of a cell on one device."""
  folder = tmp_path_factory.mktemp('one')
  test_table.train(test_table.make(mesh=(1, 1)), folder)
  return test_table.numbers(folder)


@pytest.mark.parametrize('changes', [{'mesh': (2, 4)}, {'spread': 'pmap'}])
def test_a_cell_on_a_mesh_writes_the_same_records(changes, on_one, tmp_path):
  test_table.train(test_table.make(**changes), tmp_path)
  assert test_table.numbers(tmp_path) == pytest.approx(on_one, rel=1e-4)


@pytest.mark.parametrize(
  'meshes', [((2, 4), (1, 1)), ((1, 1), (8, 1), (1, 1)), ((1, 1), (2, 4))]
)
def test_a_stopped_cell_continues_on_other_devices(meshes, on_one, tmp_path):
  """To rounding; evaluations before the stop are not repeated."""
  *stopped, last = [test_table.make(mesh=mesh) for mesh in meshes]
  for cell in stopped:
    with pytest.raises(signals.Stopped):
      test_table.train(cell, tmp_path, stop_after=1)
  test_table.train(last, tmp_path)
  assert doubled(tmp_path) == []
  assert test_table.numbers(tmp_path) == pytest.approx(on_one, rel=1e-4)


def test_row_numbers_train_as_copies_do_on_any_mesh():
  datas = build.data(test_reading.config(), test_reading.load)
  copies = list(map(test_reading.copied, datas))
  found = []
  for mesh in ((2, 1), (2, 2)):
    for own in (datas, copies):
      cell = test_reading.made(own, mesh=mesh, parallel='map')
      numbers, read = test_reading.outcome(cell)
      assert len(read.train.own.labels or ()) == 3 * (own is copies)
      found.append(small.take(numbers[:2], slice(test_reading.SEEDS)))
  small.same(found[0], found[1])
  small.same(found[2], found[3])
  small.close(found[0], found[2])


def test_the_same_runs_mapped_over_all_devices():
  found = test_sharding.check_against_a_loop()
  assert len(found[0]['out'].sharding.device_set) == 8
