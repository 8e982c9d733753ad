"""Runs campaigns of faults, one after the other, and writes what they found.

  python -m tests.faults [--campaigns=kills,...] [--trials=20] [--seed=0]

Writes faults.csv and campaigns.json into --out, docs/results/faults by default,
and then the outcomes into docs/reliability.md too. What is finished stays:
after Ctrl-C the same command goes on, and a campaign whose own code has changed
is run anew. The exit code is 1 if a trial lost or falsified anything.
"""

import datetime
import importlib
import importlib.metadata
import inspect
import os
import pathlib
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from types import ModuleType

from benchmarks import commands
from experiments.made.making import processor
from mtl_jax.errors import InputError, nearest
from tests.faults import page, sources, stored
from tests.faults.outcome import Outcome
from tests.faults.progress import lasting

FOLDER = pathlib.Path(__file__).parent / 'campaigns'
OUT = pathlib.Path('docs/results/faults')
PAGE = pathlib.Path('docs/reliability.md')
PACKAGES = ('jax', 'jaxlib', 'flax', 'orbax-checkpoint', 'numpy')


def main() -> int:
  """Runs the campaigns that were asked for; returns the exit code."""
  parser = commands.parser('tests.faults', __doc__)
  parser.add_argument('--campaigns', default='', help='all by default')
  parser.add_argument('--trials', type=int, default=20, help='of each fault')
  parser.add_argument('--seed', type=int, default=0, help='of random moments')
  parser.add_argument('--out', type=pathlib.Path, default=OUT)
  asked = parser.parse_args()
  try:
    names = chosen(asked.campaigns, asked.trials)
    commands.make_folder(asked.out)
    kept = stored.read(asked.out)
    for name in names:
      campaign(name, asked, kept)
  except InputError as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    print('stopped; the same command goes on', file=sys.stderr)
    return 130
  harmed = [o for o in kept.outcomes.values() if any(o[3:7])]
  for one in harmed:
    print(f'HARM {line(one)}')
  return int(bool(harmed))


def chosen(text: str, trials: int) -> list[str]:
  """Returns the names of campaigns, by default of all.

  Raises:
    InputError: one is unknown, or there are no trials.
  """
  known = sorted(p.stem for p in FOLDER.glob('*.py') if p.stem[0] != '_')
  names = [name for name in text.split(',') if name] or known
  for name in names:
    if name not in known:
      raise InputError(f'--campaigns has {name!r}; {nearest(name, known)}')
  if trials < 1:
    raise InputError(f'--trials is {trials}; give 1 or more')
  return names


def campaign(name: str, asked, kept: stored.Stored) -> None:
  """Runs what is left of a campaign; writes each outcome when it is known."""
  key = [sources.digest(name), asked.trials, asked.seed]
  kept.begin(name, key, made(name, asked))
  if kept.campaigns[name]['complete']:
    print(f'{name}: finished before, {len(kept.of(name))} faults', flush=True)
    show(asked.out, kept)
    return
  print(f'{name}: {len(kept.of(name))} faults finished before', flush=True)
  module = importlib.import_module(f'tests.faults.campaigns.{name}')
  begun, old = time.monotonic(), len(kept.of(name))
  count = module.planned() if hasattr(module, 'planned') else 0
  with tempfile.TemporaryDirectory(
    prefix='faults-', ignore_cleanup_errors=True
  ) as folder:
    began = time.monotonic()
    for outcome in running(module, asked, pathlib.Path(folder), kept.of(name)):
      now = time.monotonic()
      kept.add(outcome, now - began)
      show(asked.out, kept)
      print(f'{name}: {line(outcome)}, {lasting(now - began)}', flush=True)
      began, new = now, len(kept.of(name)) - old
      if (left := count - old - new) > 0:
        rest = lasting((now - begun) / new * left)
        print(f'{name}: {left} faults and about {rest} left', flush=True)
  kept.end(name)
  show(asked.out, kept)


def show(out: pathlib.Path, kept: stored.Stored) -> None:
  """Writes the page, unless the outcomes go elsewhere."""
  if out == OUT:
    page.write(PAGE, kept)


def running(
  module: ModuleType, asked, folder: pathlib.Path, done: list[Outcome]
) -> Iterator[Outcome]:
  """Starts a campaign.

  Its `run` may take `done`, the faults in words that are finished, and `seed`.
  A function `planned()` may tell how many faults it has.
  """
  more = {'done': {one.fault for one in done}, 'seed': asked.seed}
  takes = inspect.signature(module.run).parameters
  more = {name: value for name, value in more.items() if name in takes}
  return module.run(asked.trials, folder, **more)


def line(one: Outcome) -> str:
  """An outcome in a line."""
  harms = ', '.join(f'{getattr(one, harm)} {harm}' for harm in page.HARMS)
  note = f' ({one.note})' if one.note else ''
  return f'{one.fault}: {one.trials} trials, {harms}{note}'


def made(name: str, asked) -> dict:
  """Where and when a campaign is run."""
  more = f' --seed={asked.seed}' if asked.seed else ''
  return {
    'command': f'python -m tests.faults --campaigns={name} '
    f'--trials={asked.trials}{more}',
    'cores': os.cpu_count(),
    'date': datetime.datetime.now(datetime.UTC).date().isoformat(),
    'processor': processor(),
    'system': platform.platform(),
    'versions': {'Python': platform.python_version()}
    | {n: importlib.metadata.version(n) for n in PACKAGES},
  }


if __name__ == '__main__':
  sys.exit(main())
