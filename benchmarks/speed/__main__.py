"""Times a training step of mtl_jax, LibMTL and plain PyTorch, in turn.

  python -m benchmarks.speed --workloads=mlp_equal,lenet_equal --rounds=7

`make bench` installs the peers first and times everything. The results of a
workload replace its older ones; those of other workloads stay.
"""

import pathlib
import sys
import tempfile

from absl import flags, logging

from benchmarks import commands as command_lines
from benchmarks.speed import workloads
from experiments import lazy

with lazy.imports():
  from benchmarks import results
  from benchmarks.speed import detail, drawn_rows, page, plot, sides, table

WORKLOADS = flags.DEFINE_list(
  'workloads', list(workloads.NAMES), 'Workloads to time.'
)
ROUNDS = flags.DEFINE_integer('rounds', 7, 'Each trains every side.', 1)
SECONDS = flags.DEFINE_float('seconds', 1.2, 'Of a side in a round, about.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')

OURS = 'ours'
# Modules of benchmarks/speed that run under the interpreter of the peers.
PEERS = {'libmtl': 'peers.libmtl', 'torch': 'peers.pytorch'}


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  run()


def run() -> None:
  """Times the workloads one after the other and writes after each."""
  workloads.check(WORKLOADS.value, workloads.NAMES)
  # Before anything is timed, rather than after the first side of a workload.
  python = sides.need_peers()
  for name in WORKLOADS.value:
    if name == workloads.TABLE:
      timings = table.times(python, ROUNDS.value)
    else:
      timings = times(name, python)
    report(name, timings)


def times(name: str, python: str) -> detail.Timings:
  """Times every side of a workload in every round.

  Args:
    name: one of `workloads.STEPS`.
    python: the interpreter that has the peers.
  """
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'rows.npz'
    drawn_rows.write(workloads.STEPS[name], path)
    with sides.opened(commands(name, python, path)) as opened:
      # All sides are warm by now, and each waits while another one runs.
      for side in opened.values():
        side.calibrate(SECONDS.value)
      ms = {way: [] for way in opened}
      for number in range(ROUNDS.value):
        for way, side in turns(opened, number):
          ms[way].append(side.train())
      about = {way: {**s.about, 'steps': s.steps} for way, s in opened.items()}
  return detail.Timings(ms, about)


def commands(name: str, python: str, path: pathlib.Path) -> dict:
  """Returns the commands of the workers of each way.

  mtl_jax has one way. A peer has two: one process with all threads, and one
  process pinned to each core.

  Args:
    name: of the workload.
    python: the interpreter that has the peers.
    path: the file of rows that the peers read.
  """
  groups = {OURS: [(sys.executable, 'ours', name)]}
  for peer in PEERS:
    command = (python, PEERS[peer], name, str(path))
    groups[f'{peer} threads'] = [command]
    groups[f'{peer} pinned'] = [(*command, str(c)) for c in sides.cores()]
  return groups


def turns(opened: dict, number: int) -> list[tuple[str, sides.Side]]:
  """Returns the ways in the order of a round.

  Every other round runs backwards, so that no way always follows the same one.

  Args:
    opened: the sides by their ways.
    number: of the round.
  """
  pairs = list(opened.items())
  return pairs[::-1] if number % 2 else pairs


def report(name: str, timings: detail.Timings) -> None:
  """Writes the results of a workload and prints its rows of speed.csv.

  Args:
    name: of the workload; its older rows are replaced.
    timings: its results.
  """
  out = pathlib.Path(OUT.value)
  peers = [timings.ms.get(timings.best(peer)) for peer in PEERS]
  lines = [results.row(name, timings.ms[OURS], *peers)]
  if name == workloads.TABLE:
    # The peers have no warm table: both rows compare with the same times.
    warm = timings.ms[table.WARM]
    lines.append(results.row(workloads.TABLE_WARM, warm, *peers))
  for file, new in (
    ('speed.csv', lines),
    ('speed_detail.csv', detail.rows(name, timings)),
  ):
    old = results.read(out / file)
    results.write(out / file, results.merge(old, new, workloads.ROWS))
  plot.main(out)
  page.main(out)
  for line in lines:
    goal = workloads.GOALS[line['workload']]
    print(*(f'{k} {v}' for k, v in line.items()), f'goal {goal:g}', flush=True)


if __name__ == '__main__':
  command_lines.run(main)
