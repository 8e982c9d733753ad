"""The dtype of a model's arithmetic; parameters stay in float32."""

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
  """Calls `scheme.apply` in a dtype and returns predictions in float32.

  Args:
    scheme: the module.
    compute: name of the dtype, such as 'bfloat16'.
    params: the parameter tree in float32. It is cast inside the differentiated
      function, so gradients are float32 as well.
    extra: further collections. They are not cast, since running statistics
      lose too much in bfloat16; normalisation layers compute in float32.
    inputs: a batch; images of bytes are scaled to [0, 1].
    train: whether to apply in training mode.
    **options: for `scheme.apply`.

  Returns:
    As `scheme.apply`: predictions, and with `mutable` also the collections.
  """
  if compute != 'float32':
    dtype = jnp.dtype(compute)
    # The transpose of this cast returns float32 gradients.
    params = jax.tree.map(lambda x: x.astype(dtype), params)
    inputs = jax.tree.map(lambda x: _cast(x, dtype), inputs)
  variables = {**heads.variables(params), **extra}
  result = scheme.apply(variables, inputs, train, **options)
  if compute == 'float32':
    return result
  if 'mutable' not in options:
    return _to_float32(result)
  predictions, collections = result
  return _to_float32(predictions), collections


def _cast(x: jax.Array, dtype: jnp.dtype) -> jax.Array:
  """Casts floats; scales images as encoders do; leaves word indices alone."""
  if x.dtype == jnp.uint8:
    return (x / 255).astype(dtype)
  return x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x


def _to_float32(predictions: Any) -> Any:
  return jax.tree.map(lambda p: p.astype(jnp.float32), predictions)
