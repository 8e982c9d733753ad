"""How tasks interfere, as a table of pairs and plain sentences."""

import itertools

import numpy as np

from mtl_jax.report import terminal
from mtl_jax.report.interference import sentences
from mtl_jax.report.interference.pairs import (
  CORRECTED,
  NOT_SHOWN,
  Interference,
)
from mtl_jax.report.interference.probe_records import FEATURES, TOTAL
from mtl_jax.report.interference.sentences import number
from mtl_jax.report.layout import MARKS, Table, human
from mtl_jax.report.terminal import Sheet

PICTURES = ('interference', 'conflict_over_training', 'conflict_depth')
UP, DOWN = MARKS['better'], MARKS['worse']
SIGNS = {'agree': UP, 'helps': UP, 'conflict': DOWN, 'hurts': DOWN}
HEADER = [
  *('tasks i, j', 'corrected cosine', 'conflict rate', 'magnitude sim.'),
  *('TAG % i on j', 'TAG % j on i'),
  *('Grad-TAG % i on j', 'Grad-TAG % j on i'),
]


def markdown(result: Interference) -> str:
  """Formats the whole page, with its figures."""
  pictures = '\n\n'.join(f'![{n}](figures/{n}.png)' for n in PICTURES)
  title = f'# Interference of tasks: {result.cell.label}'
  return f'{title}\n\n{terminal.markdown(sheet(result))}\n{pictures}\n'


def sheet(result: Interference) -> Sheet:
  """Makes the page: how it was measured, a row per pair, the sentences."""
  pairs = [*itertools.combinations(result.names, 2)]
  body = [_line(result, pair) for pair in pairs]
  above = [measured(result), cost(result), _legend(result)]
  notes = [say(result) for say in sentences.ALL]
  return Sheet(above, Table(HEADER, body), notes)


def _line(result: Interference, pair: tuple[str, str]) -> list[str]:
  columns = [
    (CORRECTED, pair, 1.0),
    ('conflict', pair, 1.0),
    ('magnitude_similarity', pair, 1.0),
    ('tag', pair, 100.0),
    ('tag', pair[::-1], 100.0),
    ('grad_tag', pair, 100.0),
    ('grad_tag', pair[::-1], 100.0),
  ]
  return [', '.join(pair), *(_entry(result, *one) for one in columns)]


def _entry(result: Interference, measure: str, pair, scale: float) -> str:
  rows = result.of(measure)
  if pair not in rows.index:
    return '–'
  row = rows.loc[pair]
  return number(row, scale) + SIGNS.get(row['verdict'], '')


def measured(result: Interference) -> str:
  """Returns a sentence on what was measured, when, and how often."""
  cell, steps = result.cell, _steps(result)
  head = cell.header['comparable']
  seeds = result.frame['seed'].nunique()
  return (
    f'{cell.scheme} with balancer {cell.balancer} on {cell.header["dataset"]}: '
    f'gradients of unweighted losses, before any balancing, {_over(result)}, '
    f'on {result.batches} training batches of {head["batch_size"]} rows, '
    f'drawn anew at each of {len(steps)} probes: at step 0 and every '
    f'{int(steps[1] - steps[0])} of {head["steps"]} steps; {seeds} '
    f'{cell.repeats}.'
  )


def _over(result: Interference) -> str:
  modules = set(result.frame['module']) - {TOTAL, FEATURES}
  # Modules of shared parameters are named `shared...`; a scheme without any
  # compares its tasks' towers.
  shared = all(name.startswith('shared') for name in modules)
  return f'by {"shared parameters" if shared else "corresponding towers"}'


def _steps(result: Interference) -> np.ndarray:
  # Features are measured once, after training, and not by a probe.
  probes = result.frame['module'] != FEATURES
  return np.sort(result.frame.loc[probes, 'step'].unique())


def cost(result: Interference) -> str:
  """Returns a sentence on the time of a probe, against that of a step."""
  costs = result.cell.cost
  seconds, rate = costs.get('probe_seconds'), costs.get('steps_per_second')
  if not seconds or not rate:
    return 'The time of a probe is not known.'
  steps = result.cell.header['comparable']['steps']
  share = len(_steps(result)) * seconds * rate / steps
  return (
    f'A probe of one run took {human(1000 * seconds)} ms, as long as '
    f'{human(seconds * rate)} training steps; all probes together added '
    f'{human(100 * share)} % to the time of steps and evaluations.'
  )


def _legend(result: Interference) -> str:
  resplits = result.cell.test_over_train is not None
  wide = (
    '; for resplits both are widened as those of test errors are (Nadeau and '
    'Bengio), by convention: of measures on training rows, which overlap more, '
    'nothing is derived'
  )
  return (
    'Means over probes and seeds ± half the 95 % interval over seeds'
    f'{wide if resplits else ""}. ▲ agree or help, ▼ conflict or hurt: p < '
    f'0.05 after Holm over the pairs, else {NOT_SHOWN}. The corrected cosine '
    'is free of the noise of batches; the conflict rate is not: independent '
    'noise moves it towards one half, noise of shared rows in either direction.'
  )
