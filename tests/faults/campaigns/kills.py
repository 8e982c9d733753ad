"""Kills: at random moments, and in the middle of each kind of write."""

import pathlib
import random
import signal
from collections.abc import Container, Iterator

from tests.faults import progress
from tests.faults.kills import aims, jobs
from tests.faults.kills.bench import Bench, total
from tests.faults.kills.forked import Server
from tests.faults.outcome import Outcome

SIGNALS = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
RANDOM = 3  # times as many trials at random moments as at each write
TRIES = 3  # where a command ended before the moment that was drawn


def planned() -> int:
  """How many faults there are."""
  return len(SIGNALS) * (1 + len(aims.TARGETS) + len(jobs.ALL))


def run(
  trials: int,
  folder: pathlib.Path,
  done: Container[str] = (),
  seed: int = 0,
) -> Iterator[Outcome]:
  """Runs the campaign.

  Args:
    trials: aimed at each kind of write; three times as many at random moments.
    folder: empty.
    done: faults that are finished.
    seed: of the moments.

  Yields:
    An outcome per signal and write.
  """
  scratch = folder / 'printed'
  scratch.mkdir()
  for signum in SIGNALS:
    name = signal.Signals(signum).name
    yield from _own(name, signum, trials, folder, scratch, done, seed)
    for job in jobs.ALL:
      words = f'{name} to {job.words}'
      if words not in done:
        rng = random.Random(f'{seed} {words}')
        home = folder / 'home'
        yield job(folder / words, home, signum).tried(words, trials, rng)


def _own(name, signum, trials, folder, scratch, done, seed):
  """The faults of a command that is one process."""
  faults = {f'{name} at a random moment': ''}
  faults |= {f'{name} while {target}': target for target in aims.TARGETS}
  left = [words for words in faults if words not in done]
  if not left:
    return
  with Server(folder / 'home', scratch) as server:
    bench = Bench(folder, server)
    for words in left:
      rng = random.Random(f'{seed} {words}')
      count = trials if faults[words] else RANDOM * trials
      yield _tried(bench, words, faults[words], signum, count, rng)


def _tried(bench, words, target, signum, trials, rng) -> Outcome:
  print(f'  one run takes {bench.seconds:.1f} s', flush=True)
  calls = bench.measure(target) if target else []
  harms, missed = [], 0
  for number in progress.trials(trials, words):
    for _ in range(TRIES):
      bench.clear()
      variables = bench.variables(target, rng)
      aim = aims.draw(target, signum, calls, number, rng) if target else None
      after = rng.uniform(0, bench.seconds)
      hit, harm, said = bench.trial(signum, variables, aim, after)
      if hit:
        break
    missed += not hit
    harms.append(harm)
    if any(harm):
      print(f'  {words}, trial {number}, {aim or after}: {harm}; {said}')
  note = f'{missed} ended before' if missed else ''
  return total(words, harms, note)
