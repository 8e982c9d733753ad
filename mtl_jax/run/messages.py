"""Messages about a cell while it is trained: what a user should know of."""

import re

import numpy as np

from mtl_jax.cells import Cell, Chunk
from mtl_jax.run import progress

UNUSED = 0.01  # an expert with a smaller share of the use has collapsed
MOST_NOTES = 12  # of more tasks than this one note speaks of all


def collapses(
  cell: Cell, chunk: Chunk, steps: tuple[int, int], readings: dict
) -> dict[str, str]:
  """Finds experts that hardly any row used in a period.

  Args:
    cell: named in the messages.
    chunk: the runs of the readings.
    steps: the first and the last step of the period.
    readings: means over the period, `[R, ...]`; those named
      `use (expert)` or `use of level 0 (expert)` are shares `[R, experts]`.

  Returns:
    From the name of each such expert to a message, which names the seed of the
    first run in which it collapsed.
  """
  seeds = {}
  for key, use in readings.items():
    if not re.fullmatch(r'use( of .*)? \(expert\)', key) or use.shape[-1] < 2:
      continue
    where = key.removeprefix('use').removesuffix(' (expert)')
    for run, expert in np.argwhere(use[: len(chunk.runs)] < UNUSED):
      seeds.setdefault(f'expert {expert}{where}', chunk.runs[run][0])
  return {
    expert: f'{cell.name}: {expert} had under {UNUSED:.0%} of the use in steps '
    f'{steps[0]} to {steps[1]} of seed {seed}'
    for expert, seed in seeds.items()
  }


def evaluation(cell: Cell, step: int, lines: list[dict], score: float) -> str:
  """Describes an evaluation on a line, for `config.verbose=2`.

  Args:
    cell: named in the message.
    step: of the evaluation.
    lines: its records, of the runs that still train.
    score: validation score, their mean.
  """
  names = [task.name for task in cell.system.tasks]

  def shown(losses):
    rows = np.ma.masked_invalid([[one[n] for n in names] for one in losses])
    means = rows.mean(axis=0).filled(np.nan).tolist()
    return progress.line(dict(zip(names, means, strict=True)))

  train = shown([line['train_loss'] for line in lines])
  valid = shown(
    [{n: line['valid'][n]['loss'] for n in names} for line in lines]
  )
  return (
    f'{cell.name}: step {step} of {cell.config.steps}, {len(lines)} '
    f'run{"s" * (len(lines) > 1)}: training loss {train}; '
    f'validation loss {valid}; score {score:.4f}'
  )


def notes(
  cell: Cell, unlabelled: np.ndarray, fallbacks: np.ndarray, taken: np.ndarray
) -> list[str]:
  """Reports tasks without labels and steps in which the balancer failed.

  Args:
    cell: named in the messages.
    unlabelled: `[R, K]`, batches of each run without a valid label of the task.
    fallbacks: `[R]`, steps of each run without finite weights of the balancer.
    taken: `[R]`, steps of each run; fewer than asked where all have stopped.

  Returns:
    The messages; none where all is well.
  """
  steps = int(taken.max())
  texts = [
    f'{cell.name}: task {task.name!r} had no valid label in '
    f'{int(count.max())} of {steps} batches; its loss was 0 then'
    for task, count in zip(cell.system.tasks, unlabelled.T, strict=True)
    if count.any()
  ]
  if len(texts) > MOST_NOTES:
    texts = [
      f'{cell.name}: {len(texts)} tasks had no valid label in up to '
      f'{int(unlabelled.max())} of {steps} batches; their losses were 0 then'
    ]
  most = int(fallbacks.max())
  if most:
    texts.append(
      f'{cell.name}: the balancer had no finite weights in {most} of {steps} '
      'steps; the tasks had equal weights there'
    )
  return texts


def failures(cell: Cell, outcomes: list[dict]) -> list[str]:
  """Returns one message for each run that failed.

  Args:
    cell: named in the messages.
    outcomes: the records of a chunk's runs, see `outcomes.outcomes`.
  """
  return [
    f'{cell.name}: seed {o["seed"]} failed at step {o["step"]}: {o["why"]}; '
    'the other runs continue'
    for o in outcomes
    if o['kind'] == 'failed'
  ]
