"""Layers of encoders, fast on CPU, GPU and TPU.

A layer is lowered for the platform that it runs on. On a CPU a convolution of
few channels or with a large kernel is a matrix product. Parameters are the
same, and results are the same up to rounding.
"""

from mtl_jax.layers.attention import AttentionBlock
from mtl_jax.layers.dense import Dense
from mtl_jax.layers.dropout import Dropout
from mtl_jax.layers.graph import Graph
from mtl_jax.layers.gru_layer import GRU
from mtl_jax.layers.images import Conv, Images, conv
from mtl_jax.layers.lstm_layer import LSTM
from mtl_jax.layers.pooling import max_pool
from mtl_jax.layers.sequence import Embedding, Sequence, embed
from mtl_jax.layers.set2set import Set2Set
from mtl_jax.layers.skips import Inside, Skips

__all__ = [
  'AttentionBlock',
  'Conv',
  'Dense',
  'Dropout',
  'Embedding',
  'GRU',
  'Graph',
  'Images',
  'Inside',
  'LSTM',
  'Sequence',
  'Set2Set',
  'Skips',
  'conv',
  'embed',
  'max_pool',
]
