"""Measures what a step waits for data that stay on the host.

  python -m benchmarks.growth.streaming

Trains on rendered rooms whose arrays are memory-mapped files, with the training
split on the device and, in alternation, with `config.stream=True`. The steps
have one core to themselves; the thread that reads has another core, or the
same. Writes docs/results/streaming.csv: for each network and place of the
thread the median over periods of a step's time both ways, and of what a step
waited for its rows.
"""

import os
import pathlib
import tempfile

from benchmarks import commands, results
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks.growth import waiting

# A step takes 8 pictures of 64 x 64 with their maps.
NETWORKS = {
  'unet (4, 8)': {'encoders': {'unet': {'widths': (4, 8)}}},
  'unet (8, 16, 32)': {},
}
PLACES = 'another core', 'the same core'


def main() -> None:
  """Measures all networks and writes the table."""
  parser = commands.parser('benchmarks.growth.streaming', __doc__)
  parser.add_argument('--steps', type=int, default=200, help='of a period')
  parser.add_argument('--periods', type=int, default=7, help='of each way')
  parser.add_argument('--out', type=pathlib.Path, default='docs/results')
  asked = parser.parse_args()
  for name in ('steps', 'periods'):
    if getattr(asked, name) < 1:
      parser.error(f'--{name}={getattr(asked, name)}; give 1 or more')
  try:
    commands.make_folder(asked.out)
  except InputError as error:
    parser.error(str(error))
  cores = sorted(os.sched_getaffinity(0))
  if len(cores) < 2:
    parser.error('needs two cores, one for the steps and one to read')
  waiting.one_core(cores[0])
  rows = []
  with tempfile.TemporaryDirectory() as folder:
    for name, changes in NETWORKS.items():
      ways = [
        waiting.way(changes, asked, stream, folder) for stream in (False, True)
      ]
      for place, core in zip(PLACES, reversed(cores[:2]), strict=True):
        rows.append({'network': name, 'reads_on': place})
        rows[-1] |= waiting.compared(ways, core, asked)
        print(*rows[-1].values(), sep=', ', flush=True)
  results.write(asked.out / 'streaming.csv', rows)


if __name__ == '__main__':
  main()
