"""Predicts the memory that training needs from shapes, without compiling."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax import train
from mtl_jax.data import sources
from mtl_jax.data.sources import Source
from mtl_jax.interference import probes
from mtl_jax.resources import jaxprs
from mtl_jax.resources.plans import Need
from mtl_jax.train import batches, selection
from mtl_jax.train.evaluation import predicted

# XLA reorders operations for speed, so that activations take up to twice the
# memory of the traced order. See tests/resources/test_needed_memory.py.
SLACK = 1.5


def need(
  system: train.System,
  sizes: selection.Sizes,
  state: train.TrainState,
  step: Any,
  read: dict[str, Source],
  batch_devices: int = 1,
) -> Need:
  """Predicts the memory of the parts of a program that trains runs.

  Args:
    system: tasks, scheme, balancer and optimizer.
    sizes: numbers of steps and rows of a period.
    state: training state of one run, arrays or their shapes.
    step: jaxpr of one training step; the new state is the first of its results.
    read: by name of the split, shapes of the data that a run reads.
    batch_devices: number of devices that share the batch of a run.

  Returns:
    Bytes by part; activations, evaluation, drawing and probe count by the
    largest of them, since they are never in memory at the same time.
  """
  own = size(state)
  # Splits may be rows of the same table, which is in memory only once.
  tables = {
    id(x): x for x in jax.tree.leaves([s.shared for s in read.values()])
  }
  rows_each = math.prod(system.batches) * sizes.batch
  activations = live(step, in_place=len(jax.tree.leaves(state)))
  batch = int(SLACK * activations / batch_devices)
  order = jax.ShapeDtypeStruct((sizes.steps, rows_each), jnp.int32)
  at_once = max(
    _drawing(sizes.steps, rows_each, sources.size(read['train'])),
    batch,
    # The new best parameters of the tasks are made beside the old ones.
    int(SLACK * _evaluation(system, sizes, state, read))
    + size(state.best.of_tasks),
    _probe(system, sizes, state, read['train']) if sizes.probe else 0,
  )
  return Need(
    shared=size(list(tables.values())),
    data=size([source[1:] for source in read.values()]) + size(order),
    state=own,
    step=at_once,
  )


def _drawing(steps: int, rows_each: int, count: int) -> int:
  """Peak memory of drawing the row numbers of all batches of a period."""

  def draw(key, first, num_rows):
    return batches.rows(key, first, steps, rows_each, count, num_rows)

  return peak(draw, jax.random.key(0), jnp.int32(0), jnp.int32(count))


def _evaluation(system, sizes, state, read) -> int:
  """Peak memory of the predictions of the largest split evaluated."""
  source = max((read['valid'], read['test']), key=sources.size)

  def evaluate(params, extra, split):
    return predicted(system, params.tree, extra, split, sizes.eval_batch)

  return peak(evaluate, state.params, state.extra, source)


def _probe(system, sizes, state, source) -> int:
  """Peak memory of the interference probe."""
  number = jax.ShapeDtypeStruct((), jnp.float32)
  weights = jax.ShapeDtypeStruct((len(system.tasks),), jnp.float32)
  hp = train.Hp(*[number] * 4, task_weights=weights)
  asked = probes.Sampling(sizes.probe, sizes.batch)
  seed = count = jnp.int32(0)

  def measure(hp, state, split):
    return probes.measure(system, asked, hp, seed, state, split, count)

  return peak(measure, hp, state, source)


def size(tree: Any) -> int:
  """Returns the bytes of a tree of arrays or `jax.ShapeDtypeStruct`s."""
  return sum(_bytes(leaf) for leaf in jax.tree.leaves(tree))


def peak(function: Any, *arguments: Any) -> int:
  """Predicts the peak memory of one call, without its arguments.

  Args:
    function: function to trace; it is not compiled.
    *arguments: arrays or `jax.ShapeDtypeStruct`s.

  Returns:
    The largest number of bytes of results and intermediate values that exist
    at the same time.
  """
  return live(jax.make_jaxpr(function)(*arguments).jaxpr)


def live(jaxpr: Any, in_place: int = 0) -> int:
  """Predicts the peak memory of a jaxpr, without its arguments.

  A value takes memory from the equation that computes it to the last one that
  uses it. Fusion is ignored, except that broadcasts and reshapes are free.

  Args:
    jaxpr: jaxpr, closed or not.
    in_place: number of leading results that reuse the memory of arguments.

  Returns:
    The largest number of bytes that are alive at the same time.
  """
  jaxpr = jaxprs.inner(jaxpr)
  last = _last_uses(jaxpr)
  alive: dict[Any, int] = dict.fromkeys(_variables(jaxpr.outvars[:in_place]), 0)
  now = most = 0
  for i, equation in enumerate(jaxpr.eqns):
    made = {v: _made(equation, v) for v in equation.outvars if v not in alive}
    alive |= made
    now += sum(made.values())
    most = max(most, now + _inside(equation))
    for var in [v for v in alive if last.get(v, -1) <= i]:
      now -= alive.pop(var)
  return most


def _last_uses(jaxpr: Any) -> dict[Any, int]:
  """Index of the last equation that uses each variable."""
  last = {}
  for i, equation in enumerate(jaxpr.eqns):
    last |= dict.fromkeys(_variables(equation.invars), i)
  return last | dict.fromkeys(_variables(jaxpr.outvars), len(jaxpr.eqns))


def _variables(atoms: Any) -> list:
  return [a for a in atoms if not hasattr(a, 'val')]  # no literals


def _made(equation: Any, variable: Any) -> int:
  free = equation.primitive.name in _FREE
  return 0 if free else _bytes(variable.aval)


def _inside(equation: Any) -> int:
  """Peak memory inside a loop, branch or call, besides its results."""
  inside = max(map(live, jaxprs.bodies(equation)), default=0)
  if equation.primitive.name in ('scan', 'while', 'cond'):
    return inside
  # The results of a call are the results of its body.
  return max(0, inside - sum(_bytes(v.aval) for v in equation.outvars))


def _bytes(value: Any) -> int:
  shape, dtype = getattr(value, 'shape', ()), getattr(value, 'dtype', None)
  if dtype is None:
    return 0
  # numpy does not know the dtype of PRNG keys; a key is two 32-bit words.
  width = np.dtype(dtype).itemsize if not _is_key(dtype) else 8
  return math.prod(shape) * width


def _is_key(dtype: Any) -> bool:
  return jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)


# Primitives that XLA fuses into their users, or that only rename a value.
_FREE = {
  'broadcast_in_dim', 'iota', 'reshape', 'squeeze', 'expand_dims', 'copy',
  'stop_gradient', 'random_wrap', 'random_unwrap',
}  # fmt: skip
