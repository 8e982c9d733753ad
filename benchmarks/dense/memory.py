"""Measures the memory that a training step takes per picture.

  python -m benchmarks.dense.memory

Traces and compiles hard sharing on rendered rooms of 128 x 128 pixels and three
tasks, with two sizes of a batch; what the larger one takes more is that of its
pictures. Nothing is trained. Writes docs/results/dense_memory.csv: each
network, in float32 and bfloat16, with activations kept and with `config.remat`.
`traced` is what the operations need in their order, from which `mtl_jax` plans;
`compiled` is the account of XLA, which fuses and reorders them.
"""

import itertools
import pathlib

from benchmarks import commands, results
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks.dense import picture_memory

WAYS = tuple(itertools.product(('float32', 'bfloat16'), (False, True)))


def main() -> None:
  """Compiles all programs and writes the table."""
  parser = commands.parser('benchmarks.dense.memory', __doc__)
  parser.add_argument('--out', type=pathlib.Path, default='docs/results')
  asked = parser.parse_args()
  try:
    commands.make_folder(asked.out)
  except InputError as error:
    parser.error(str(error))
  rows = []
  for name, fields in picture_memory.networks().items():
    for compute, remat in WAYS:
      found = picture_memory.of_picture(
        name, fields, compute=compute, remat=remat
      )
      numbers = {'network': name, 'compute': compute, 'remat': str(remat)}
      rows.append(numbers | found)
      print(*rows[-1].values(), sep=', ', flush=True)
  results.write(asked.out / 'dense_memory.csv', rows)


if __name__ == '__main__':
  main()
