"""JAX against torch on one GPU: seeds as one program, types, towers.

  python -m benchmarks.speed.gpu --workloads=mlp_equal,resnet_equal --seeds=8,32

Ours trains all seeds in one program, torch one model in its careful loop;
both are milliseconds for one step of one seed. Needs a GPU, JAX with CUDA in
this environment, and torch with CUDA in the peers' (`make bench`).
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile

from absl import app, flags, logging

from benchmarks.speed import workloads
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.speed import drawn_rows, sides

WORKLOADS = flags.DEFINE_list('workloads', list(workloads.STEPS), 'Which.')
SEEDS = flags.DEFINE_list('seeds', ['1', '8', '32', '128'], 'In one program.')
DTYPES = flags.DEFINE_list('dtypes', ['float32', 'bfloat16'], 'Computed in.')
TOWERS = flags.DEFINE_list('towers', ['2', '5', '10'], 'Convolved at once.')
ROUNDS = flags.DEFINE_integer('rounds', 7, 'Each trains both once.', 1)
SECONDS = flags.DEFINE_float('seconds', 1.0, 'About so long per round.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')

CUDA = {
  'jax': 'import jax; print(jax.default_backend())',
  'torch': 'import torch; print("gpu" * torch.cuda.is_available())',
}


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  try:
    run()
  except InputError as error:
    sys.exit(f'error: {error}')


def run() -> None:
  """Steps of every workload, seeds and type; then towers."""
  workloads.check(WORKLOADS.value, workloads.STEPS)
  check_counts(seeds=SEEDS.value, towers=TOWERS.value)
  python = sides.need_peers()
  need_gpu('jax', sys.executable)
  need_gpu('torch', python)
  found = []
  for name in WORKLOADS.value:
    for dtype in DTYPES.value:
      found += times(name, dtype, python)
      results.write(pathlib.Path(OUT.value) / 'gpu.csv', found)
  towers = [row for count in TOWERS.value for row in tower_rows(count)]
  results.write(pathlib.Path(OUT.value) / 'gpu_towers.csv', towers)


def check_counts(**given: list[str]) -> None:
  """Raises `InputError` for what is no number."""
  for flag, texts in given.items():
    for text in texts:
      if not (text.isdecimal() and int(text)):
        raise InputError(f'--{flag} has {text!r}; give numbers, as in 1,8')


def need_gpu(library: str, python: str) -> None:
  """Raises `InputError` where the library sees no GPU."""
  done = subprocess.run(
    [python, '-c', CUDA[library]], capture_output=True, text=True, check=False
  )
  if 'gpu' not in done.stdout:
    raise InputError(
      f'{library} sees no GPU here; on a machine with one, install its CUDA '
      'build (docs/performance.md)'
    )


def times(name: str, dtype: str, python: str) -> list[dict]:
  """A line per number of seeds: ours and torch, taken in turn."""
  lines = []
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'rows.npz'
    drawn_rows.write(workloads.STEPS[name], path)
    for seeds in SEEDS.value:
      groups = {
        'ours': [(sys.executable, 'ours', name, seeds, dtype)],
        'torch': [(python, 'peers.pytorch', name, str(path), f'cuda:{dtype}')],
      }
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
  """A line per way and type, for so many towers."""
  with sides.opened({'t': [(sys.executable, 'towers', count)]}) as opened:
    found = opened['t'].about['ms']
  return [
    {'towers': count, **dict(zip(('way', 'dtype'), key.split(), strict=True))}
    | {'ms': f'{ms:.4g}'}
    for key, ms in found.items()
  ]


if __name__ == '__main__':
  app.run(main)
