"""Tunes every balancer on one budget, then compares them on fresh seeds.

  python -m experiments.tune --config=configs/actg175.py --draws=32 \\
    --workdir=out/tuned

Every balancer, or each of `--balancers`, gets `--draws` random settings:
learning rate and weight decay, the same for all, and what the RANGES of its own
file name. Each is trained on `--tuning_seeds` seeds, and the lowest mean
validation loss chooses. The choice is trained on config.seeds fresh seeds,
whose test split is read once. Besides the balancers there are `single`,
`equal`, and `static`, whose draws are fixed task weights: the baseline that a
balancer has to beat.

Writes draws.csv and what `experiments.compare` writes; for two tasks also the
front that static weights reach. The same command goes on where it stopped.
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
  from mtl_jax import cells, plugins, records
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner
  from mtl_jax.report import pareto
  from mtl_jax.report import results as report_cells

DRAWS = flags.DEFINE_integer('draws', 32, 'Settings per method.', 1)
TUNING_SEEDS = flags.DEFINE_integer('tuning_seeds', 1, 'Of each draw.', 1)

if TYPE_CHECKING:
  import pandas as pd

  from experiments.draws import Draw, Method


def main() -> None:
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  config.scheme = cli.SCHEME.value or config.scheme
  launcher = cli.launcher()
  methods = draws.methods(config.scheme, asked())
  first = seeded(config, config.first_seed, TUNING_SEEDS.value)
  fresh = seeded(config, first.first_seed + first.seeds, config.seeds)
  datas = cells.data(first), cells.data(fresh)
  drawn = settings(fresh, methods, datas[1])
  table = [
    cell for m in drawn for cell in made(first, m, drawn[m], datas[0], folder)
  ]
  launcher.check(table, folder)
  if hosts.is_process_0():
    owner.claim(folder, {**table[0].comparable, **budget()})
  folders = iter(launcher.train(table, folder))
  found = {m: scored(m, drawn[m], folders) for m in drawn}
  best = {m: drawn[m][draws.lowest(m, frame)] for m, frame in found.items()}
  table = [
    made(fresh, m, [draw], datas[1], folder)[0] for m, draw in best.items()
  ]
  folders = launcher.train(table, folder)
  if hosts.is_process_0():
    report(found, best, folders, folder)


def asked() -> list[str]:
  given = compare.BALANCERS.value
  return given or plugins.names('mtl_jax.balancers')


def budget() -> dict[str, int]:
  """What is the same for every method."""
  return {'draws': DRAWS.value, 'tuning_seeds': TUNING_SEEDS.value}


def seeded(config: Any, first: int, count: int) -> Any:
  """A copy with other seeds."""
  config = copy.deepcopy(config)
  config.first_seed, config.seeds = first, count
  return config


def settings(
  config: Any, methods: list[Method], datas: list
) -> dict[Method, list[Draw]]:
  """Every method's draws; those that cannot be made are left out and told."""
  tasks, found = len(datas[0].tasks), {}
  if len(config.hp.lr) != 1:
    raise InputError('config.hp.lr: draws are around one rate; name one')
  for method in methods:
    drawn = draws.draw(method, config.hp.lr[0], tasks, DRAWS.value)
    try:
      made(config, method, drawn[:1], datas)
      found[method] = drawn
    except InputError as error:
      if compare.BALANCERS.value:
        raise
      print(f'left out: {error}', file=sys.stderr)
  return found


def made(
  config: Any, method: Method, drawn: list[Draw], datas: list, folder=None
) -> list[cells.Cell]:
  """One cell for the draws of each program."""
  groups = [[drawn[i] for i in group] for group in draws.together(drawn)]
  configs = [draws.configured(config, method, group) for group in groups]
  for one in configs:
    cells.check(one)
  return [cells.make(one, datas, workdir=folder) for one in configs]


def scored(method: Method, drawn: list[Draw], folders) -> pd.DataFrame:
  """A row per draw: what it is, and its mean validation loss and metrics."""
  import pandas as pd

  rows: dict[int, list[dict]] = {i: [] for i in range(len(drawn))}
  for group in draws.together(drawn):
    lines = [r for r in records.read(next(folders)) if r['kind'] == 'test']
    # A resumed run may have written its line twice.
    for line in {line['run']: line for line in lines}.values():
      rows[group[line['run'] // TUNING_SEEDS.value]].append(line)
  return pd.DataFrame(
    [
      {'method': method.name, 'setting': i, **drawn[i].told, **means(lines)}
      for i, lines in rows.items()
    ]
  )


def means(lines: list[dict]) -> dict[str, float]:
  """Over the seeds of a draw; of one that failed there is no score."""
  if len(lines) < TUNING_SEEDS.value:
    return {'score': float('nan')}
  names = [(t, m) for t, found in lines[0]['valid'].items() for m in found]
  values = {
    f'{task} {metric}': _mean(line['valid'][task][metric] for line in lines)
    for task, metric in names
  }
  return {'score': _mean(line['score'] for line in lines), **values}


def _mean(values) -> float:
  return float(np.mean([np.nan if v is None else v for v in values]))


def report(
  found: dict[Method, pd.DataFrame],
  best: dict[Method, Draw],
  folders: list[pathlib.Path],
  folder: pathlib.Path,
) -> None:
  """The table on fresh seeds, all draws as a file, and the front."""
  import pandas as pd

  frame = pd.concat(found.values(), ignore_index=True)
  frame.to_csv(folder / 'draws.csv', index=False)
  pairs = zip(best.items(), folders, strict=True)
  table = [named(*chosen, own) for chosen, own in pairs]
  compare.report(table, folder)
  print(f'all draws: {folder}/draws.csv')
  tasks = [task.name for task in table[0].tasks]
  if len(tasks) == 2:
    chosen = {m.name: draws.lowest(m, own) for m, own in found.items()}
    pareto.draw(frame, chosen, tasks, folder / 'figures' / 'front.png')
    print(f'what static weights reach: {folder}/figures/front.png')


def named(method: Method, draw: Draw, folder) -> report_cells.Cell:
  """A cell under its method's name, with the budget it was tuned on."""
  cell = report_cells.load(folder)
  head = {**cell.header, 'scheme': method.name, 'balancer': 'equal'}
  own = ', '.join(f'{key} {value}' for key, value in draw.choices.items())
  notes = [f'{method.name}: {own}'] if own else []
  return cell._replace(header=head, notes=(told(), *notes, *cell.notes))


def told() -> str:
  """The budget, as it stands under the table."""
  lr, decay, seeds = draws.LR, draws.WEIGHT_DECAY, TUNING_SEEDS.value
  return (
    f'Each row was tuned by {DRAWS.value} random draws, on {seeds} other '
    f'seed{"s" if seeds > 1 else ""}: learning rate ({lr.low:g} to '
    f"{lr.high:g} times the configuration's) and weight decay "
    f'({decay.low:g} to {decay.high:g}), log-uniform and the same for all '
    'rows, and numbers of its own; the lowest mean validation loss chose. All '
    f'but single share parameters by {cli.CONFIG.value.scheme}.'
  )


if __name__ == '__main__':
  cli.run(main, compare.check)
