"""How tasks interfere, as a table of pairs and plain sentences."""

import itertools

import numpy as np

from mtl_jax.report import terminal
from mtl_jax.report.interference import sentences
from mtl_jax.report.interference.looks import TOTAL
from mtl_jax.report.interference.pairs import CORRECTED, Found
from mtl_jax.report.interference.sentences import number
from mtl_jax.report.layout import MARKS, Table, human
from mtl_jax.report.terminal import Sheet

PICTURES = ('interference', 'conflict_over_training', 'conflict_depth')
UP, DOWN = MARKS['better'], MARKS['worse']
SIGNS = {'agree': UP, 'helps': UP, 'conflict': DOWN, 'hurts': DOWN}
HEADER = [
  *('tasks i, j', 'corrected cosine', 'conflict rate', 'magnitude sim.'),
  *('TAG % i on j', 'TAG % j on i'),
]


def markdown(found: Found) -> str:
  """The whole page, with its pictures."""
  pictures = '\n\n'.join(f'![{n}](figures/{n}.png)' for n in PICTURES)
  title = f'# Interference of tasks: {found.cell.label}'
  return f'{title}\n\n{terminal.markdown(sheet(found))}\n{pictures}\n'


def sheet(found: Found) -> Sheet:
  """How it was measured, a row per pair, and what is shown."""
  pairs = [*itertools.combinations(found.names, 2)]
  body = [_line(found, pair) for pair in pairs]
  above = [measured(found), cost(found), _legend(found)]
  notes = [say(found) for say in sentences.ALL]
  return Sheet(above, Table(HEADER, body), notes)


def _line(found: Found, pair: tuple[str, str]) -> list[str]:
  asked = [
    (CORRECTED, pair, 1.0),
    ('conflict', pair, 1.0),
    ('magnitude_similarity', pair, 1.0),
    ('tag', pair, 100.0),
    ('tag', pair[::-1], 100.0),
  ]
  return [', '.join(pair), *(_entry(found, *one) for one in asked)]


def _entry(found: Found, measure: str, pair, scale: float) -> str:
  rows = found.of(measure)
  if pair not in rows.index:
    return '–'
  row = rows.loc[pair]
  return number(row, scale) + SIGNS.get(row['verdict'], '')


def measured(found: Found) -> str:
  """What was looked at, when, and how often."""
  cell, looks = found.cell, _looks(found)
  head = cell.header['comparable']
  seeds = found.frame['seed'].nunique()
  return (
    f'{cell.scheme} with balancer {cell.balancer} on {cell.header["dataset"]}: '
    f'gradients of unweighted losses, before any balancing, {_over(found)}, '
    f'on {found.batches} training batches of {head["batch_size"]} rows, '
    f'drawn anew at each of {len(looks)} looks: at step 0 and every '
    f'{int(looks[1] - looks[0])} of {head["steps"]} steps; {seeds} '
    f'{cell.repeats}.'
  )


def _over(found: Found) -> str:
  modules = set(found.frame['module']) - {TOTAL, 'features'}
  shared = all(name.startswith('shared') for name in modules)
  return f'by {"shared parameters" if shared else "corresponding towers"}'


def _looks(found: Found) -> np.ndarray:
  kept = found.frame['module'] != 'features'
  return np.sort(found.frame.loc[kept, 'step'].unique())


def cost(found: Found) -> str:
  """Of a look at one run, against a step of one run."""
  told = found.cell.cost
  seconds, rate = told.get('probe_seconds'), told.get('steps_per_second')
  if not seconds or not rate:
    return 'What a look cost is not known.'
  steps = found.cell.header['comparable']['steps']
  share = len(_looks(found)) * seconds * rate / steps
  return (
    f'A look at one run took {human(1000 * seconds)} ms, as long as '
    f'{human(seconds * rate)} training steps; all looks together '
    f'{human(100 * share)} % of the time in steps and evaluations, on top.'
  )


def _legend(found: Found) -> str:
  resplits = found.cell.test_over_train is not None
  wide = '; resplits overlap, which ± and tests allow for (Nadeau and Bengio)'
  return (
    'Means over looks and seeds ± half the 95 % interval over seeds'
    f'{wide if resplits else ""}. ▲ agree or help, ▼ conflict or hurt: p < '
    '0.05 after Holm over the pairs, else not shown. The corrected cosine is '
    'free of the noise of batches; the conflict rate is not: independent noise '
    'takes it to one half, noise of shared rows either way.'
  )
