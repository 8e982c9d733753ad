"""Profiles one cell: what its steps cost, and which parts cost most.

  python -m experiments.profile --config=configs/actg175.py --scheme=mmoe \\
    --workdir=out/profile

Compiles, times and traces training steps of all runs that one program trains,
and prints and writes (profile.json) what was found. Trains nothing to its end.
"""

from __future__ import annotations

import json
import pathlib

from absl import flags

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax.programs import profiling

STEPS = flags.DEFINE_integer('steps', 50, 'Steps that are timed and traced.')
SHOWN = 5


def check() -> None:
  """What is typed, before JAX is imported."""
  cli.check()
  if STEPS.value < 1:
    raise InputError(f'--steps={STEPS.value}; it must be at least 1')


def main() -> None:
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  config = compare.choose(
    config,
    cli.SCHEME.value or config.scheme,
    cli.BALANCER.value or config.balancer,
  )
  # The steps from one evaluation to the next are one program.
  config.evals = max(1, config.steps // STEPS.value)
  config.steps = config.evals * STEPS.value
  cells.check(config)
  cell = cells.make(config, cells.data(config))
  import jax

  # A program from the cache would say nothing of compiling.
  jax.config.update('jax_compilation_cache_dir', None)
  folder.mkdir(parents=True, exist_ok=True)
  found = profiling.profile(cell, folder)
  text = json.dumps(found._asdict(), indent=2) + '\n'
  (folder / 'profile.json').write_text(text, encoding='utf-8')
  print(f'{cell.name} on {config.dataset}, encoder {config.encoder}')
  print('\n'.join(lines(found)))


def lines(found: profiling.Profile) -> list[str]:
  """What is printed."""
  import jax

  memory = ', '.join(f'{k} {_short(v)}B' for k, v in found.memory.items())
  rate = found.flops * found.runs / found.step_seconds
  where = f'{jax.device_count()} {jax.default_backend()} devices'
  return [
    f'runs         {found.runs} together on {where}',
    f'compile      {found.compile_seconds:.3g} s',
    f'step         {found.step_seconds * 1e3:.3g} ms for all runs, '
    f'{found.step_seconds / found.runs * 1e6:.3g} us a run',
    f'FLOPs        {_short(found.flops)} a step and run',
    f'bytes        {_short(found.bytes)}B a step and run, if nothing is fused',
    f'memory       {memory} on each device',
    f'share        {100 * found.share:.3g} % of the peak: '
    f'{_short(rate)}FLOP/s of {_short(found.peak)}FLOP/s (float32 products)',
    'costliest parts, by measured time of their operations',
    *(f'  {100 * share:5.1f} %  {n}' for n, share in found.parts[:SHOWN]),
    f'trace        {found.trace}: TensorBoard takes the folder, '
    'ui.perfetto.dev its perfetto_trace.json.gz',
  ]


def _short(number: float) -> str:
  for unit, size in (('T', 1e12), ('G', 1e9), ('M', 1e6), ('k', 1e3)):
    if number >= size:
      return f'{number / size:.3g} {unit}'
  return f'{number:.3g} '


if __name__ == '__main__':
  cli.run(main, check)
