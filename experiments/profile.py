"""Profiles one cell: the cost of a training step and of its parts.

  python -m experiments.profile --config=configs/actg175.py --scheme=mmoe \\
    --workdir=out/profile

Compiles, times and traces training steps of all runs that one program trains.
Prints the result and writes it to profile.json. No run is trained to its end.
"""

from __future__ import annotations

import json
import pathlib

from absl import flags

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax.api import combinations
  from mtl_jax.processes import hosts
  from mtl_jax.programs import profiling
  from mtl_jax.records import atomic

STEPS = flags.DEFINE_integer(
  'steps', 50, 'The number of steps that are timed and traced.'
)
SHOWN = 5  # number of parts that are printed


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `compare.check_choices`, or if `--steps` is less than 1.
  """
  compare.check_choices()
  if STEPS.value < 1:
    raise InputError(f'--steps={STEPS.value}; it must be at least 1')


def main() -> None:
  """Profiles the cell, prints the result and writes it."""
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  config = combinations.choose(config, *cli.pair())
  # The steps from one evaluation to the next are one program.
  config.epochs = 0.0
  config.evals = max(1, config.steps // STEPS.value)
  config.steps = config.evals * STEPS.value
  cells.check(config)
  cell = cells.make(config, cells.data(config))
  import jax

  # A program from the compilation cache would hide the compile time.
  jax.config.update('jax_compilation_cache_dir', None)
  folder.mkdir(parents=True, exist_ok=True)
  result = profiling.profile(cell, folder)
  if not hosts.is_process_0():
    return
  text = json.dumps(result._asdict(), indent=2) + '\n'
  atomic.write(folder / 'profile.json', text)
  print(f'{cell.name} on {config.dataset}, encoder {config.encoder}')
  print('\n'.join(lines(result)))


def lines(profile: profiling.Profile) -> list[str]:
  """Formats a profile as lines of text."""
  import jax

  memory = ', '.join(f'{k} {_short(v)}B' for k, v in profile.memory.items())
  rate = profile.flops * profile.runs / profile.step_seconds
  where = f'{jax.device_count()} {jax.default_backend()} devices'
  return [
    f'runs         {profile.runs} together on {where}',
    f'compile      {profile.compile_seconds:.3g} s',
    f'step         {profile.step_seconds * 1e3:.3g} ms for all runs, '
    f'{profile.step_seconds / profile.runs * 1e6:.3g} us a run',
    f'FLOPs        {_short(profile.flops)} a step and run',
    f'bytes        {_short(profile.bytes)}B a step and run, without fusion',
    f'memory       {memory} on each device',
    f'share        {100 * profile.share:.3g} % of the peak: '
    f'{_short(rate)}FLOP/s of {_short(profile.peak)}FLOP/s (float32 products)',
    'most expensive parts, by measured time of their operations',
    *(f'  {100 * share:5.1f} %  {n}' for n, share in profile.parts[:SHOWN]),
    f'trace        {profile.trace}: open the folder in TensorBoard, or its '
    'perfetto_trace.json.gz in ui.perfetto.dev',
  ]


def _short(number: float) -> str:
  """Formats a number with a unit prefix: 1500 -> '1.5 k'."""
  for unit, size in (('T', 1e12), ('G', 1e9), ('M', 1e6), ('k', 1e3)):
    if number >= size:
      return f'{number / size:.3g} {unit}'
  return f'{number:.3g} '


if __name__ == '__main__':
  cli.run(main, check)
