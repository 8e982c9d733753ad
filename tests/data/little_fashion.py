"""Files in the format of Fashion-MNIST, with few glyphs of random pixels."""

import gzip
import hashlib
import struct

import numpy as np

from mtl_jax.data.raw import fashion_mnist

NUM_TRAIN, NUM_TEST = 120, 20


def idx(array):
  """The bytes of an idx file of uint8."""
  head = struct.pack(f'>BBBB{array.ndim}I', 0, 0, 8, array.ndim, *array.shape)
  return head + array.tobytes()


def arrays(seed=0):
  """Images and labels as `Glyphs` has them; each class as often as any."""
  draw, found = np.random.default_rng(seed), []
  for count in (NUM_TRAIN, NUM_TEST):
    found += [draw.integers(256, size=(count, 28, 28)), np.arange(count) % 10]
  return fashion_mnist.Glyphs(*(array.astype(np.uint8) for array in found))


def write(folder, seed=0):
  """Writes the four files; returns the digests of what they contain."""
  folder.mkdir(parents=True, exist_ok=True)
  digests = {}
  for name, array in zip(fashion_mnist.SHA256, arrays(seed), strict=True):
    (folder / name).write_bytes(gzip.compress(idx(array)))
    digests[name] = hashlib.sha256(idx(array)).hexdigest()
  return digests
