"""Times a training step: ours, LibMTL and a loop in plain PyTorch, in turn.

  python -m benchmarks.speed --workloads=mlp_equal,lenet_equal --rounds=7

`make bench` installs the peers first and times everything. Results of a
workload replace its older ones; those of others stay.
"""

import pathlib
import sys
import tempfile

from absl import app, flags, logging

from benchmarks.speed import workloads
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.speed import detail, drawn_rows, page, plot, sides, table

WORKLOADS = flags.DEFINE_list('workloads', list(workloads.NAMES), 'Which.')
ROUNDS = flags.DEFINE_integer('rounds', 7, 'Each trains every side once.', 1)
SECONDS = flags.DEFINE_float('seconds', 1.2, 'About so long per side, round.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')

OURS = 'ours'
PEERS = {'libmtl': 'peers.libmtl', 'torch': 'peers.pytorch'}


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  try:
    run()
  except InputError as error:
    sys.exit(f'error: {error}')


def run() -> None:
  """All workloads, one after the other; writes after each."""
  workloads.check(WORKLOADS.value, workloads.NAMES)
  python = sides.need_peers()
  for name in WORKLOADS.value:
    if name == workloads.TABLE:
      found = table.times(python, ROUNDS.value)
    else:
      found = times(name, python)
    report(name, found)


def times(name: str, python: str) -> detail.Found:
  """Milliseconds of every side in every round, and what each side told."""
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'rows.npz'
    drawn_rows.write(workloads.STEPS[name], path)
    with sides.opened(commands(name, python, path)) as opened:
      for side in opened.values():
        side.calibrate(SECONDS.value)
      found = {way: [] for way in opened}
      for number in range(ROUNDS.value):
        for way, side in turns(opened, number):
          found[way].append(side.train())
      told = {way: {**s.about, 'steps': s.steps} for way, s in opened.items()}
  return detail.Found(found, told)


def commands(name: str, python: str, path: pathlib.Path) -> dict:
  """Ours, and each peer as one process and as one on every core."""
  groups = {OURS: [(sys.executable, 'ours', name)]}
  for peer in PEERS:
    command = (python, PEERS[peer], name, str(path))
    groups[f'{peer} threads'] = [command]
    groups[f'{peer} pinned'] = [(*command, str(c)) for c in sides.cores()]
  return groups


def turns(opened: dict, number: int) -> list[tuple[str, sides.Side]]:
  """Every other round runs backwards: no side always follows the same."""
  pairs = list(opened.items())
  return pairs[::-1] if number % 2 else pairs


def report(name: str, found: detail.Found) -> None:
  """Adds a workload's lines to all results and prints those of speed.csv."""
  out = pathlib.Path(OUT.value)
  peers = [found.ms.get(found.best(peer)) for peer in PEERS]
  lines = [results.row(name, found.ms[OURS], *peers)]
  if name == workloads.TABLE:
    warm = found.ms[table.WARM]
    lines.append(results.row(workloads.TABLE_WARM, warm, *peers))
  for file, new in (
    ('speed.csv', lines),
    ('speed_detail.csv', detail.rows(name, found)),
  ):
    old = results.read(out / file)
    results.write(out / file, results.merge(old, new, workloads.ROWS))
  plot.main(out)
  page.main(out)
  for line in lines:
    goal = workloads.GOALS[line['workload']]
    print(*(f'{k} {v}' for k, v in line.items()), f'goal {goal:g}', flush=True)


if __name__ == '__main__':
  app.run(main)
