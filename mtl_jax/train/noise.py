"""A counter-based generator for dropout masks that fuses with its consumers.

JAX's default generator, threefry, is a loop of twenty rounds that is compiled
wherever a mask is drawn. PCG3D (Jarzynski and Olano, Hash Functions for GPU
Rendering, Journal of Computer Graphics Techniques 9(3), 2020) mixes a counter
and the two words of a key by fifteen 32-bit additions and multiplications. Only
dropout uses it; initial weights, the order of rows and all other random draws
come from threefry.
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
  """The PCG3D hash of three 32-bit words, elementwise.

  Args:
    x: first word, any shape.
    y: second word, of a shape that broadcasts.
    z: third word, likewise.

  Returns:
    Three words, each of which depends on every bit of the three arguments.
  """
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
  """A PCG3D key made of the first two words of a JAX key."""
  # A threefry key has two words; those of other implementations have more.
  words = jax.random.key_data(key)[..., :2]
  return jax.random.wrap_key_data(words, impl=MASKS)


class Draws(NamedTuple):
  """The keys of one step.

  There are two so that a step that draws only masks, as most do, runs no round
  of threefry.

  Attributes:
    masks: a PCG3D key for dropout.
    others: a JAX key for everything else.
  """

  masks: Key[Array, '']
  others: Key[Array, '']

  def fold_in(self, number: Any) -> 'Draws':
    """Both keys for part `number` of the step."""
    return Draws(*(jax.random.fold_in(key, number) for key in self))


def draws(key: Any) -> Draws:
  """The keys of a step from one JAX key; `Draws` are returned as they are."""
  return key if isinstance(key, Draws) else Draws(of_mask(key), key)


def of_words(masks: UInt32[Array, '2'], others: UInt32[Array, '_']) -> Draws:
  """The keys of a step from their raw words, see `jax.random.key_data`.

  Args:
    masks: words of the PCG3D key.
    others: words of the JAX key.

  Returns:
    Both keys.
  """
  return Draws(
    jax.random.wrap_key_data(masks, impl=MASKS),
    jax.random.wrap_key_data(others),
  )


def _counter(shape: tuple[int, ...]) -> UInt32[Array, '...']:
  """0, 1, ... in row-major order, from iotas that XLA fuses away."""
  counter, stride = jnp.zeros(shape, U32), math.prod(shape)
  for axis, size in enumerate(shape):
    stride //= max(size, 1)
    iota = lax.broadcasted_iota(U32, shape, axis)
    counter = counter + iota * U32(stride)
  return counter


def _seed(seed: Int[Array, '']) -> UInt32[Array, '2']:
  word = seed.astype(U32)
  return jnp.stack([word, ~word])


def _fold_in(key: UInt32[Array, '2'], data: Array) -> UInt32[Array, '2']:
  # `_bits` hashes (counter, key[0], key[1]). Swapping the words keeps a folded
  # key from being equal to random bits drawn from its parent.
  return jnp.stack(pcg3d(key[1], key[0], jnp.asarray(data).astype(U32))[:2])


def _split(key: UInt32[Array, '2'], shape: tuple[int, ...]) -> Array:
  # Counts down from 2^32 - 1, so that split and folded keys do not collide.
  words = pcg3d(key[1], key[0], ~_counter(shape))
  return jnp.stack(words[:2], axis=-1)


def _bits(key: UInt32[Array, '2'], width: int, shape: tuple[int, ...]) -> Array:
  if width > 32:
    raise NotImplementedError(f'{width} bits: PCG3D draws at most 32')
  word = pcg3d(_counter(shape), key[0], key[1])[0]
  # The lowest two bits alternate more often than chance; the highest are fair.
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
