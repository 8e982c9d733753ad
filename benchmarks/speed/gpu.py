"""Times mtl_jax against torch on one GPU: seeds, types and towers.

  python -m benchmarks.speed.gpu --workloads=mlp_equal,resnet_equal --seeds=8,32

mtl_jax trains all seeds in one program, torch trains one model by the loop in
peers/pytorch.py; both are measured in milliseconds per step and seed. Needs a
GPU, JAX with CUDA in this environment, and torch with CUDA in that of the peers
(`make bench`).
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile

from absl import flags, logging

from benchmarks import commands
from benchmarks.speed import workloads
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.speed import drawn_rows, sides

WORKLOADS = flags.DEFINE_list(
  'workloads', list(workloads.STEPS), 'Workloads to time.'
)
SEEDS = flags.DEFINE_list('seeds', ['1', '8', '32', '128'], 'In one program.')
DTYPES = flags.DEFINE_list('dtypes', ['float32', 'bfloat16'], 'Of products.')
TOWERS = flags.DEFINE_list('towers', ['2', '5', '10'], 'Numbers of towers.')
ROUNDS = flags.DEFINE_integer('rounds', 7, 'Each trains both sides.', 1)
SECONDS = flags.DEFINE_float('seconds', 1.0, 'Of a side in a round, about.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')

# Prints 'gpu' if the library can use one. In another process, so that this one
# does not occupy the memory of the GPU.
CUDA = {
  'jax': 'import jax; print(jax.default_backend())',
  'torch': 'import torch; print("gpu" * torch.cuda.is_available())',
}


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  run()


def run() -> None:
  """Times all workloads, numbers of seeds and types; then towers."""
  workloads.check(WORKLOADS.value, workloads.STEPS)
  check_counts(seeds=SEEDS.value, towers=TOWERS.value)
  python = sides.need_peers()
  need_gpu('jax', sys.executable)
  need_gpu('torch', python)
  rows = []
  for name in WORKLOADS.value:
    for dtype in DTYPES.value:
      rows += times(name, dtype, python)
      # After each type: an interruption does not lose the rows so far.
      results.write(pathlib.Path(OUT.value) / 'gpu.csv', rows)
  towers = [row for count in TOWERS.value for row in tower_rows(count)]
  results.write(pathlib.Path(OUT.value) / 'gpu_towers.csv', towers)


def check_counts(**given: list[str]) -> None:
  """Checks numbers on the command line.

  Args:
    **given: values by the name of their flag.

  Raises:
    InputError: a value is not a positive integer.
  """
  for flag, texts in given.items():
    for text in texts:
      if not (text.isdecimal() and int(text)):
        raise InputError(f'--{flag} has {text!r}; give counts, as in 1,8')


def need_gpu(library: str, python: str) -> None:
  """Checks that a library can use a GPU.

  Args:
    library: 'jax' or 'torch'.
    python: the interpreter that has it.

  Raises:
    InputError: it reports none.
  """
  done = subprocess.run(
    [python, '-c', CUDA[library]], capture_output=True, text=True, check=False
  )
  if 'gpu' not in done.stdout:
    raise InputError(
      f'{library} reports no GPU; on a machine with one, install its CUDA '
      'build, see docs/performance.md'
    )


def times(name: str, dtype: str, python: str) -> list[dict]:
  """Times a workload with each number of seeds, in turn with torch.

  Args:
    name: of the workload.
    dtype: of products.
    python: the interpreter that has torch.

  Returns:
    A row of gpu.csv for each number of seeds.
  """
  lines = []
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'rows.npz'
    drawn_rows.write(workloads.STEPS[name], path)
    for seeds in SEEDS.value:
      groups = {
        'ours': [(sys.executable, 'ours', name, seeds, dtype)],
        'torch': [(python, 'peers.pytorch', name, str(path), f'cuda:{dtype}')],
      }
      # Opened anew for each number of seeds, since both share the GPU's memory.
      with sides.opened(groups) as opened:
        lines.append(_line(name, seeds, dtype, opened))
      print(*lines[-1].values(), flush=True)
  return lines


def _line(name: str, seeds: str, dtype: str, opened: dict) -> dict:
  for side in opened.values():
    side.calibrate(SECONDS.value)
  ms = {way: [] for way in opened}
  for _ in range(ROUNDS.value):
    for way, side in opened.items():
      ms[way].append(side.train())
  ratios = results.ratios(ms['torch'], ms['ours'])
  return {
    'workload': name,
    'seeds': seeds,
    'dtype': dtype,
    'ours_ms': f'{statistics.median(ms["ours"]):.5g}',
    'torch_ms': f'{statistics.median(ms["torch"]):.5g}',
    'ratio': f'{statistics.median(ratios):.4g}',
    'device': opened['ours'].about['device'],
  }


def tower_rows(count: str) -> list[dict]:
  """Returns a row of gpu_towers.csv per way and type."""
  with sides.opened({'t': [(sys.executable, 'towers', count)]}) as opened:
    times = opened['t'].about['ms']
  return [
    {'towers': count, **dict(zip(('way', 'dtype'), key.split(), strict=True))}
    | {'ms': f'{ms:.4g}'}
    for key, ms in times.items()
  ]


if __name__ == '__main__':
  commands.run(main)
