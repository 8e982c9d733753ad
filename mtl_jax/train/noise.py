"""Random numbers for masks, in a few operations that fuse with what reads them.

JAX's generator, threefry, is a loop of twenty rounds, compiled anew wherever a
mask is drawn. This one is PCG3D: Jarzynski and Olano, Hash Functions for GPU
Rendering, Journal of Computer Graphics Techniques 9(3), 2020: the counter and
both words of a key are mixed by fifteen additions and products of 32 bits. It
is for dropout alone; initial weights, the order of rows and all else that is
drawn come from threefry.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.random import define_prng_impl
from jaxtyping import Array, Int, Key, UInt32

U32 = jnp.uint32


def pcg3d(
  x: UInt32[Array, '...'], y: UInt32[Array, '...'], z: UInt32[Array, '...']
) -> tuple[Array, Array, Array]:
  """Three words that depend on every bit of three words."""
  x, y, z = (v * U32(1664525) + U32(1013904223) for v in (x, y, z))
  x, y, z = _round(x, y, z)
  x, y, z = (v ^ (v >> U32(16)) for v in (x, y, z))
  return _round(x, y, z)


def _round(x, y, z):
  x = x + y * z
  y = y + z * x
  z = z + x * y
  return x, y, z


def of_mask(key: Key[Array, '']) -> Key[Array, '']:
  """A key of this generator, from one of JAX's: its first two words."""
  words = jax.random.key_data(key)[..., :2]
  return jax.random.wrap_key_data(words, impl=MASKS)


class Draws(NamedTuple):
  """Keys of one step: of its masks, and of all else that it draws.

  They are apart, so that a step that draws masks alone, as most do, runs no
  round of threefry.
  """

  masks: Key[Array, '']
  others: Key[Array, '']

  def fold_in(self, number: Any) -> 'Draws':
    """Of a part of the step."""
    return Draws(*(jax.random.fold_in(key, number) for key in self))


def draws(key: Any) -> Draws:
  """Both keys, from one of JAX's; they may be both already."""
  return key if isinstance(key, Draws) else Draws(of_mask(key), key)


def of_words(masks: UInt32[Array, '2'], others: UInt32[Array, '_']) -> Draws:
  """Both keys, from the words that they are made of."""
  return Draws(
    jax.random.wrap_key_data(masks, impl=MASKS),
    jax.random.wrap_key_data(others),
  )


def _counter(shape: tuple[int, ...]) -> UInt32[Array, '...']:
  """0, 1, ... in this shape, as an array that is never stored."""
  found, stride = jnp.zeros(shape, U32), math.prod(shape)
  for axis, size in enumerate(shape):
    stride //= max(size, 1)
    found = found + lax.broadcasted_iota(U32, shape, axis) * U32(stride)
  return found


def _seed(seed: Int[Array, '']) -> UInt32[Array, '2']:
  word = seed.astype(U32)
  return jnp.stack([word, ~word])


def _fold_in(key: UInt32[Array, '2'], data: Array) -> UInt32[Array, '2']:
  # The words are exchanged, so that no folded key is a draw of its own key.
  return jnp.stack(pcg3d(key[1], key[0], jnp.asarray(data).astype(U32))[:2])


def _split(key: UInt32[Array, '2'], shape: tuple[int, ...]) -> Array:
  # From the counter's other end, where no number is folded in.
  words = pcg3d(key[1], key[0], ~_counter(shape))
  return jnp.stack(words[:2], axis=-1)


def _bits(key: UInt32[Array, '2'], width: int, shape: tuple[int, ...]) -> Array:
  if width > 32:
    raise NotImplementedError('masks need 32 bits or fewer')
  word = pcg3d(_counter(shape), key[0], key[1])[0]
  # The last two bits alternate more than chance has it; the first are fair.
  word = word ^ (word >> U32(16))
  return (word >> U32(32 - width)).astype(jnp.dtype(f'uint{width}'))


MASKS = define_prng_impl(
  key_shape=(2,),
  seed=_seed,
  split=_split,
  random_bits=_bits,
  fold_in=_fold_in,
  name='pcg3d',
  tag='pcg',
)
