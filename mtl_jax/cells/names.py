"""Proves the names of a scheme's parameters: which tasks reach them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax import train
from mtl_jax.cells.build import Resolved
from mtl_jax.errors import InputError

# Some parameters begin at 0 and would hide those behind them.
NOISE = 0.1


def check(resolved: Resolved, state: train.TrainState, inputs: Any) -> None:
  """Checks the names against the Jacobian of the predictions.

  Args:
    resolved: from `build.resolve`.
    state: before the first step.
    inputs: of two rows.

  Raises:
    InputError: a parameter that two tasks reach is not called shared, or one
      that a task reaches is called aux. The opposite is no error: a gate that
      is shut on these rows hides what is behind it.
  """
  reached = jax.device_get(_reached(resolved.system, state, inputs))
  tasks = [task.name for task in resolved.system.tasks]
  for name, part in reached.items():
    leaves = [
      np.asarray(leaf).reshape(len(tasks), -1) for leaf in jax.tree.leaves(part)
    ]
    # Slices of a stack belong to one task each, so that entries are counted.
    common = [leaf[:, leaf.sum(0) > 1].any(1) for leaf in leaves]
    if name.startswith('aux_'):
      common = [leaf.any(1) for leaf in leaves]
    if name.startswith('shared') or not np.any(common):
      continue
    found = np.flatnonzero(np.any(common, axis=0))
    raise InputError(
      f'scheme {resolved.config.scheme!r}: the losses of '
      f'{" and ".join(tasks[t] for t in found)} reach the parameters {name!r}; '
      f'name them {_remedy(name, len(found))}, since balancers, clipping and '
      'weight decay go by the name'
    )


def _remedy(name: str, count: int) -> str:
  plain = name.removeprefix('aux_')
  return f"'shared_{plain}'" if count > 1 else f'{plain!r}'


def _reached(
  system: train.System, state: train.TrainState, inputs: Any
) -> dict[str, Any]:
  """Which entries of the parameters reach each task: leaves `[K, ...]`."""
  tree, draw = state.params.tree, jax.random.key(0)
  leaves, form = jax.tree.flatten(tree)
  keys = jax.random.split(draw, len(leaves))
  moved = form.unflatten(
    x + NOISE * jax.random.normal(key, x.shape, x.dtype)
    for x, key in zip(leaves, keys, strict=True)
  )

  def sums(params, inputs):
    variables = {'params': params, **state.extra}
    found = system.scheme.apply(variables, inputs, False)
    # Weights that differ: the sum of a softmax or of normalised values is flat.
    return jnp.stack(
      [(p * jax.random.normal(draw, p.shape)).sum() for p in found]
    )

  slopes = jax.jit(jax.jacrev(sums))(moved, inputs)
  return jax.tree.map(lambda g: (g != 0) & jnp.isfinite(g), slopes)
