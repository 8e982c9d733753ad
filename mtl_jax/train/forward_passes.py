"""Forward passes of all batches of a step, each at once or in parts."""

import jax
from jaxtyping import Array, Float

from mtl_jax.data.base import Split
from mtl_jax.train import accumulation, forward, noise
from mtl_jax.train.state import System
from mtl_jax.train.task_gradients import ForwardPass


def of_step(
  point: forward.Point,
) -> tuple[list[ForwardPass], Split, forward.Updates]:
  """Evaluates every batch of a step.

  Args:
    point: its batch is one, or several on a leading axis, see `System.batches`.

  Returns:
    The forward pass of each batch; the last batch, whose losses are descended
    on; and its updates. Those of the other batches are dropped.
  """
  one = accumulation.forward_pass if _in_parts(point) else forward.forward_pass
  *others, last_batch = _unstack(point.system, point.batch)
  key = noise.draws(point.key)
  # 1 is the number of the gates' key, see `apply`.
  keys = [key.fold_in(2 + i) for i in range(len(others))]
  passes = [
    one(point._replace(batch=other, key=key))[0]
    for other, key in zip(others, keys, strict=True)
  ]
  last, updates = one(point._replace(batch=last_batch, key=key))
  return [*passes, last], last_batch, updates


def _unstack(system: System, batch: Split) -> list[Split]:
  if not system.batches:
    return [batch]
  leaves, tree = jax.tree.flatten(batch)
  return [jax.tree.unflatten(tree, part) for part in zip(*leaves, strict=True)]


def losses(point: forward.Point, params: dict) -> Float[Array, 'tasks']:
  """Losses of one batch at other parameters, with the same random draws.

  Args:
    point: all but the parameters; its batch is one.
    params: the parameter tree.
  """
  at = accumulation.losses if _in_parts(point) else forward.losses
  return at(point, params)[0][0]


def _in_parts(point: forward.Point) -> bool:
  return point.system.accumulate > 1
