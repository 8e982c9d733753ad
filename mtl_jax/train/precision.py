"""The dtype of a model's arithmetic; what is learned stays in float32."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from mtl_jax.schemes.base import heads


def apply(
  scheme: nn.Module,
  compute: str,
  params: Any,
  extra: Any,
  inputs: Any,
  train: bool,
  **options: Any,
) -> Any:
  """`scheme.apply`, its predictions in float32 whatever `compute` is.

  Parameters and inputs are cast on their way in, so that gradients come back
  in float32. Running statistics, `extra`, are never cast; normalising layers
  take theirs in float32 by themselves.
  """
  if compute != 'float32':
    dtype = jnp.dtype(compute)
    params = jax.tree.map(lambda x: x.astype(dtype), params)
    inputs = jax.tree.map(lambda x: _cast(x, dtype), inputs)
  variables = {**heads.variables(params), **extra}
  found = scheme.apply(variables, inputs, train, **options)
  if compute == 'float32':
    return found
  if 'mutable' not in options:
    return _widened(found)
  return _widened(found[0]), found[1]


def _cast(x: jax.Array, dtype: jnp.dtype) -> jax.Array:
  """Images are scaled as encoders do it; numbers of words stay."""
  if x.dtype == jnp.uint8:
    return (x / 255).astype(dtype)
  return x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x


def _widened(predictions: Any) -> Any:
  return jax.tree.map(lambda p: p.astype(jnp.float32), predictions)
