"""Tunes every balancer with one budget, then compares them on new seeds.

  python -m experiments.tune --config=configs/actg175.py --draws=32 \\
    --workdir=out/tuned

Draws `--draws` random settings for every balancer, or for those of
`--balancers`: a learning rate and a weight decay, the same for all, and the
fields in the RANGES of the balancer's file. Each setting is trained on
`--tuning_seeds` seeds, and the one with the lowest mean validation loss is
trained on config.seeds new seeds, whose test split is read once. Further rows
are `single`, `equal`, and `static`, whose draws are constant task weights: the
baseline that a balancer should outperform.

Writes draws.csv and the files of `experiments.compare`; for two tasks also the
Pareto front of static weights. Run the same command again to continue after an
interruption.
"""

from __future__ import annotations

import copy
import pathlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import flags

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from experiments import draws
  from mtl_jax import cells, records
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner
  from mtl_jax.report import pareto
  from mtl_jax.report import results as report_cells

DRAWS = flags.DEFINE_integer(
  'draws', 32, 'The number of random settings per method.', 1
)
TUNING_SEEDS = flags.DEFINE_integer(
  'tuning_seeds', 1, 'The number of seeds that each setting is trained on.', 1
)

if TYPE_CHECKING:
  import pandas as pd

  from experiments.draws import Draw, Method


def main() -> None:
  """Trains all draws, then the best of each method, and writes the report."""
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  config.scheme = cli.SCHEME.value or config.scheme
  launcher = cli.launcher()
  methods = draws.methods(config.scheme, balancers())
  first = with_seeds(config, config.first_seed, TUNING_SEEDS.value)
  # No seed of the comparison has been used to choose a setting.
  fresh = with_seeds(config, first.first_seed + first.seeds, config.seeds)
  datas = cells.data(first), cells.data(fresh)
  drawn = settings(fresh, methods, datas[1])
  table = [
    cell
    for m in drawn
    for cell in make_cells(first, m, drawn[m], datas[0], folder)
  ]
  launcher.check(table, folder)
  if hosts.is_process_0():
    owner.claim(folder, {**table[0].comparable, **budget()})
  # `scores` consumes the folders in the order of the cells.
  folders = iter(launcher.train(table, folder))
  frames = {m: scores(m, drawn[m], folders) for m in drawn}
  best = {m: drawn[m][draws.lowest(m, frame)] for m, frame in frames.items()}
  table = [
    make_cells(fresh, m, [draw], datas[1], folder)[0]
    for m, draw in best.items()
  ]
  folders = launcher.train(table, folder)
  if hosts.is_process_0():
    report(frames, best, folders, folder)


def balancers() -> list[str]:
  """Returns the balancers of `--balancers`, all by default."""
  return compare.expand('balancers', compare.BALANCERS.value or ['all'])


def budget() -> dict[str, int]:
  """Returns the budget, which is the same for every method."""
  return {'draws': DRAWS.value, 'tuning_seeds': TUNING_SEEDS.value}


def with_seeds(config: Any, first: int, count: int) -> Any:
  """Copies a config and sets its seeds.

  Args:
    config: the config.
    first: the first seed.
    count: the number of seeds.
  """
  config = copy.deepcopy(config)
  config.first_seed, config.seeds = first, count
  return config


def settings(
  config: Any, methods: list[Method], datas: list
) -> dict[Method, list[Draw]]:
  """Draws the settings of every method that can be trained.

  Args:
    config: the config; its learning rate is the centre of the range.
    methods: the methods.
    datas: the data set, one per split.

  Returns:
    The draws by method. One that cannot be trained is left out, after a line on
    stderr.

  Raises:
    InputError: if config.hp.lr has several values, or a balancer of
      `--balancers` cannot be trained.
  """
  tasks, drawn_by = len(datas[0].tasks), {}
  if len(config.hp.lr) != 1:
    raise InputError(
      'config.hp.lr has several values; give one, the centre of the range'
    )
  # One cell per method is built here, so that an invalid method is reported
  # before anything is trained.
  for method in methods:
    drawn = draws.draw(method, config.hp.lr[0], tasks, DRAWS.value)
    try:
      make_cells(config, method, drawn[:1], datas)
      drawn_by[method] = drawn
    except InputError as error:
      if compare.BALANCERS.value:
        raise
      print(f'left out: {error}', file=sys.stderr)
  return drawn_by


def make_cells(
  config: Any, method: Method, drawn: list[Draw], datas: list, folder=None
) -> list[cells.Cell]:
  """Makes one cell for the draws of each program.

  Args:
    config: the config.
    method: the method.
    drawn: its draws.
    datas: the data set, one per split.
    folder: the workdir, or None.

  Raises:
    InputError: if the method cannot be trained.
  """
  groups = [[drawn[i] for i in group] for group in draws.together(drawn)]
  configs = [draws.configured(config, method, group) for group in groups]
  for one in configs:
    cells.check(one)
  return [cells.make(one, datas, workdir=folder) for one in configs]


def scores(method: Method, drawn: list[Draw], folders) -> pd.DataFrame:
  """Tabulates the draws of a method with their validation scores.

  Args:
    method: the method.
    drawn: its draws.
    folders: iterator over folders; one is consumed per cell of the method.

  Returns:
    One row per draw: its setting, mean validation loss and mean metrics.
  """
  import pandas as pd

  rows: dict[int, list[dict]] = {i: [] for i in range(len(drawn))}
  for group in draws.together(drawn):
    lines = [r for r in records.read(next(folders)) if r['kind'] == 'test']
    # A resumed run may have written its line twice; the last one is used. Runs
    # are ordered by draw and then by seed.
    for line in {line['run']: line for line in lines}.values():
      rows[group[line['run'] // TUNING_SEEDS.value]].append(line)
  return pd.DataFrame(
    [
      {'method': method.name, 'setting': i, **drawn[i].row, **means(lines)}
      for i, lines in rows.items()
    ]
  )


def means(lines: list[dict]) -> dict[str, float]:
  """Averages the records of a draw over seeds; NaN if a seed failed."""
  if len(lines) < TUNING_SEEDS.value:
    return {'score': float('nan')}
  names = [(t, m) for t, own in lines[0]['valid'].items() for m in own]
  values = {
    f'{task} {metric}': _mean(line['valid'][task][metric] for line in lines)
    for task, metric in names
  }
  return {'score': _mean(line['score'] for line in lines), **values}


def _mean(values) -> float:
  return float(np.mean([np.nan if v is None else v for v in values]))


def report(
  frames: dict[Method, pd.DataFrame],
  best: dict[Method, Draw],
  folders: list[pathlib.Path],
  folder: pathlib.Path,
) -> None:
  """Writes all draws, the comparison on new seeds, and the Pareto front.

  Args:
    frames: scores of all draws, by method.
    best: the chosen draw of each method.
    folders: folders of the cells on new seeds, in the same order.
    folder: the workdir.
  """
  import pandas as pd

  frame = pd.concat(frames.values(), ignore_index=True)
  frame.to_csv(folder / 'draws.csv', index=False)
  pairs = zip(best.items(), folders, strict=True)
  table = [load_as(*chosen, own) for chosen, own in pairs]
  compare.report(table, folder)
  print(f'all draws: {folder}/draws.csv')
  tasks = [task.name for task in table[0].tasks]
  if len(tasks) == 2:
    chosen = {m.name: draws.lowest(m, own) for m, own in frames.items()}
    pareto.draw(frame, chosen, tasks, folder / 'figures' / 'front.png')
    print(f'front of static weights: {folder}/figures/front.png')


def load_as(method: Method, draw: Draw, folder) -> report_cells.Cell:
  """Loads a cell under the name of its method, with notes on its tuning.

  Args:
    method: the method.
    draw: the chosen draw.
    folder: folder of the cell.
  """
  cell = report_cells.load(folder)
  head = {**cell.header, 'scheme': method.name, 'balancer': 'equal'}
  own = ', '.join(f'{key} {value}' for key, value in draw.choices.items())
  notes = [f'{method.name}: {own}'] if own else []
  return cell._replace(header=head, notes=(budget_note(), *notes, *cell.notes))


def budget_note() -> str:
  """Describes the budget, for the notes under the table."""
  lr, decay, seeds = draws.LR, draws.WEIGHT_DECAY, TUNING_SEEDS.value
  return (
    f'Each row was tuned by {DRAWS.value} random draws, on {seeds} other '
    f'seed{"s" if seeds > 1 else ""}: learning rate ({lr.low:g} to '
    f"{lr.high:g} times the configuration's) and weight decay "
    f'({decay.low:g} to {decay.high:g}), log-uniform and the same for all '
    'rows, and numbers of its own; the draw with the lowest mean validation '
    'loss was chosen. The scheme of all rows but single is '
    f'{cli.CONFIG.value.scheme}.'
  )


if __name__ == '__main__':
  cli.run(main, compare.check)
