"""Bytes that training takes, predicted from shapes; nothing is compiled."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax import train
from mtl_jax.data import sources
from mtl_jax.data.sources import Source
from mtl_jax.interference import probes
from mtl_jax.resources.plans import Need
from mtl_jax.train import batches, selection
from mtl_jax.train.evaluation import predicted

# A compiler orders operations for speed: its activations take up to twice what
# the order of the program needs. See tests/resources/test_needed_memory.py.
SLACK = 1.5


def need(
  system: train.System,
  sizes: selection.Sizes,
  state: train.TrainState,
  step: Any,
  read: dict[str, Source],
  batch_devices: int = 1,
) -> Need:
  """Predicts what runs take.

  Args:
    system: what is compiled.
    sizes: of a period.
    state: of one run, arrays or their shapes.
    step: the jaxpr of one step, whose results begin with the state.
    read: by split, shapes of what a run reads.
    batch_devices: that share a batch.
  """
  own = size(state)
  # A table that splits are cut from is there once.
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
    int(SLACK * _evaluation(system, sizes, state, read)),
    _probe(system, sizes, state, read['train']) if sizes.probe else 0,
  )
  return Need(
    shared=size(list(tables.values())),
    data=size([source[1:] for source in read.values()]) + size(order),
    state=own,
    step=at_once,
  )


def _drawing(steps: int, rows_each: int, count: int) -> int:
  """While the rows of all batches of a period are drawn."""

  def draw(key, first, num_rows):
    return batches.rows(key, first, steps, rows_each, count, num_rows)

  return peak(draw, jax.random.key(0), jnp.int32(0), jnp.int32(count))


def _evaluation(system, sizes, state, read) -> int:
  """While the largest split that is evaluated is predicted."""
  source = max((read['valid'], read['test']), key=sources.size)

  def evaluate(params, extra, split):
    return predicted(system, params.tree, extra, split, sizes.eval_batch)

  return peak(evaluate, state.params, state.extra, source)


def _probe(system, sizes, state, source) -> int:
  """While interference is measured."""
  number = jax.ShapeDtypeStruct((), jnp.float32)
  weights = jax.ShapeDtypeStruct((len(system.tasks),), jnp.float32)
  hp = train.Hp(*[number] * 4, task_weights=weights)
  asked = probes.Sampling(sizes.probe, sizes.batch)
  seed = count = jnp.int32(0)

  def measure(hp, state, split):
    return probes.measure(system, asked, hp, seed, state, split, count)

  return peak(measure, hp, state, source)


def size(tree: Any) -> int:
  """Bytes of arrays, or of what stands for their shapes."""
  return sum(_bytes(leaf) for leaf in jax.tree.leaves(tree))


def peak(function: Any, *arguments: Any) -> int:
  """Most bytes that are alive at once in a call, without its arguments."""
  return live(jax.make_jaxpr(function)(*arguments).jaxpr)


def live(jaxpr: Any, in_place: int = 0) -> int:
  """The same, of a jaxpr: every value lives from its birth to its last use.

  What a compiler fuses away is counted as if it were there, unless it only
  spreads or renames numbers. The first `in_place` results take the place of
  arguments.
  """
  jaxpr = _open(jaxpr)
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
  """The number of the last equation that reads a variable."""
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
  """What the body of a loop, branch or call holds on top of its results."""
  values = []
  for value in equation.params.values():
    values.extend(value if isinstance(value, tuple | list) else [value])
  bodies = [_open(v) for v in values if hasattr(_open(v), 'eqns')]
  inside = max(map(live, bodies), default=0)
  if equation.primitive.name in ('scan', 'while', 'cond'):
    return inside
  # The results of a call are the results of its body.
  return max(0, inside - sum(_bytes(v.aval) for v in equation.outvars))


def _bytes(value: Any) -> int:
  shape, dtype = getattr(value, 'shape', ()), getattr(value, 'dtype', None)
  if dtype is None:
    return 0
  # Keys of random numbers have a dtype of their own.
  width = np.dtype(dtype).itemsize if not _is_key(dtype) else 8
  return math.prod(shape) * width


def _is_key(dtype: Any) -> bool:
  return jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)


def _open(jaxpr: Any) -> Any:
  return getattr(jaxpr, 'jaxpr', jaxpr)


# Written where they are read, or a name for what is there.
_FREE = {
  'broadcast_in_dim', 'iota', 'reshape', 'squeeze', 'expand_dims', 'copy',
  'stop_gradient', 'random_wrap', 'random_unwrap',
}  # fmt: skip
