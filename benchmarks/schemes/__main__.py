"""Writes the figures and the generated parts of docs/schemes.md.

python -m benchmarks.schemes

Counts the parameters and operations of a step of each scheme on ACTG 175;
nothing is trained.
"""

import pathlib

from benchmarks import commands
from experiments import lazy

with lazy.imports():
  from benchmarks.schemes import page

if __name__ == '__main__':
  commands.parser('benchmarks.schemes', __doc__).parse_args()
  page.write(pathlib.Path('docs/schemes.md'))
