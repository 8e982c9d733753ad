"""What a sharing scheme is, and what it is made of."""

from mtl_jax.schemes.base.linear_heads import Head, read_out
from mtl_jax.schemes.base.partition import (
  is_kernel,
  kernels,
  map_weights,
  module_of,
  per_tower,
  split,
  weights,
)
from mtl_jax.schemes.base.scheme import Group, Scheme
from mtl_jax.schemes.base.towers import (
  Encoder,
  Features,
  Stack,
  alter,
  channels,
  is_raw,
  mix,
  per_task,
  spread,
  stack,
  summary,
  swapped,
  unstack,
  values,
)

__all__ = [
  'Encoder',
  'Features',
  'Group',
  'Head',
  'Scheme',
  'Stack',
  'alter',
  'channels',
  'is_kernel',
  'is_raw',
  'kernels',
  'map_weights',
  'mix',
  'module_of',
  'per_task',
  'per_tower',
  'read_out',
  'split',
  'spread',
  'stack',
  'summary',
  'swapped',
  'unstack',
  'values',
  'weights',
]
