"""Predicted memory is close to the compiler's figure, and grows like it."""

import jax
import jax.numpy as jnp
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.data import base
from mtl_jax.programs import compiled
from mtl_jax.resources import live_memory, needed_memory
from tests import small

CARD = base.Card('small', 'drawn here', 'none', 'none', 'none', {})
N = 1000


def cell(encoder='mlp', num_tasks=3, **changes):
  c = default.get_config()
  c.encoder = encoder
  c.encoders.mlp.widths = (128, 128)
  c.encoders.lenet.channels = (8, 8)
  c.encoders.lstm.vocab_size = c.encoders.transformer.vocab_size = 7
  c.encoders.transformer.depth = 1
  c.seeds, c.steps, c.evals = 4, 20, 2
  c.batch_size = c.eval_batch_size = 128
  c.hp.task_weights = ((),)
  c.update(changes)
  tasks = tuple(
    base.Task(f'task_{t}', 'regression' if t % 2 else 'binary')
    for t in range(num_tasks)
  )
  splits = [small.split(encoder, tasks, rows, 0) for rows in (300, 60, 60)]
  data = base.Data(*jax.device_get(splits), tasks, CARD)
  return cells.make(c, [data] * c.seeds if c.resplit else [data])


@pytest.mark.parametrize(
  'changes',
  [
    {},
    {'scheme': 'mmoe', 'balancer': 'pcgrad', 'parallel': 'vmap'},
    {'scheme': 'single', 'batch_size': 8, 'resplit': False},
    {'encoder': 'lenet', 'scheme': 'cross_stitch'},
    {'encoder': 'lstm', 'balancer': 'pcgrad'},
    {'encoder': 'transformer', 'parallel': 'vmap:2'},
    {'num_tasks': 6, 'encoder': 'lenet', 'checkpoint_per': 'task'},
    {'encoder': 'lenet', 'accumulate': 8},
  ],
)
def test_within_a_factor_of_two_of_the_compiled_program(changes):
  made = cell(**changes)
  built, _ = compiled.prepare(made)
  assert 0.5 < made.plan.needed / built.memory() < 2


def test_parts_of_a_batch_take_less_memory():
  whole, parts = (
    cell('lenet', balancer='pcgrad', accumulate=count).need.step
    for count in (1, 4)
  )
  assert parts < 0.4 * whole


def peak(function):
  return live_memory.peak(function, jax.ShapeDtypeStruct((N,), jnp.float32))


def test_a_value_takes_memory_until_its_last_use():
  assert peak(lambda x: jnp.sin(x)) == 4 * N
  assert peak(lambda x: jnp.sin(jnp.sin(jnp.sin(x)))) == 8 * N
  reused = peak(lambda x: (y := jnp.sin(x), jnp.cos(jnp.cos(y)) * y)[1])
  assert reused == 12 * N


def test_broadcasts_and_reshapes_take_no_memory():
  assert peak(lambda x: jnp.zeros((N, N)).reshape(-1)) == 0


def test_a_loop_takes_one_iteration_and_its_stacked_results():
  def loop(x, stacked):
    def body(x, _):
      y = jnp.sin(x)
      return y, y if stacked else None

    return jax.lax.scan(body, x, None, length=10)

  few, many = (peak(lambda x, s=s: loop(x, s)) for s in (False, True))
  assert few <= 3 * 4 * N
  assert many - few == 10 * 4 * N


def test_results_in_place_of_arguments_take_no_memory():
  x = jax.ShapeDtypeStruct((N,), jnp.float32)
  jaxpr = jax.make_jaxpr(lambda x: (jnp.sin(x), jnp.cos(x)))(x)
  assert live_memory.live(jaxpr, in_place=1) == 4 * N
  assert live_memory.live(jaxpr, in_place=2) == 0


def test_more_runs_take_more():
  need = needed_memory.Need(shared=5, data=3, state=2, step=7)
  assert need.on_device(4, side_by_side=False) == 5 + 12 + 16 + 2 + 7
  assert need.on_device(4, side_by_side=True) == 5 + 12 + 8 + 28
  for order in (True, False):
    sizes = [need.on_device(runs, order) for runs in range(1, 9)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize('balancer', ['equal', 'pcgrad'])
def test_more_rows_tasks_and_units_take_more(balancer):
  least = cell(balancer=balancer).need.step
  more = (
    {'batch_size': 256, 'eval_batch_size': 256},
    {'num_tasks': 40},
    {'encoders': {'mlp': {'widths': (256, 256)}}},
  )
  for changes in more:
    assert cell(balancer=balancer, **changes).need.step > least


def test_own_data_count_for_each_run_and_shared_data_once():
  own, one = cell().need, cell(resplit=False).need
  assert own.shared == 0
  assert own.data - one.data == one.shared > 0


def test_a_method_that_needs_every_gradient_takes_more():
  assert cell(balancer='pcgrad').need.step > cell().need.step
