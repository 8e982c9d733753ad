"""Files of others: archives, arrays, models; jobs without a network.

A trial is silent where a file is taken that is not what it should be, code ran
that came with it, something was written, or more was said than one line.
"""

import collections
import os
import pathlib
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from unittest import mock

from experiments import predict
from mtl_jax.cells import initial
from mtl_jax.data.raw import census, opened, unpacked
from mtl_jax.errors import InputError
from tests.faults.outcome import Outcome
from tests.faults.trust import hostile, reach

BUDGET = 4 * 2**20  # bytes that may be unpacked


def run(trials: int, folder: pathlib.Path) -> Iterator[Outcome]:
  """Tries all hostile files once, damaged ones and jobs as often as is said.

  Args:
    trials: of what is drawn; a job counts for twenty.
    folder: for what is written.
  """
  folder.mkdir(parents=True, exist_ok=True)
  outside = str(folder.absolute() / 'outside')
  with mock.patch.object(unpacked, 'LARGEST', BUDGET):
    yield _outcome('hostile archives', _archives(hostile.archives(outside)))
    draw = random.Random(0)
    drawn = (x for _ in range(trials) for x in hostile.damaged(draw))
    yield _outcome('cut or flipped archives', _archives(drawn))
  npz = [(what, '.npz', data) for what, data in hostile.npz(outside)]
  yield _outcome('hostile .npz files', _arrays(npz))
  tensors = [(*x[:1], '.safetensors', x[1]) for x in hostile.safetensors()]
  yield _outcome('hostile .safetensors files', _arrays(tensors))
  yield _jobs(max(1, trials // 20), folder)


def _outcome(fault: str, found: Iterable[tuple[str, bool]]) -> Outcome:
  """An outcome of trials that were named and were harmless or not."""
  counts = collections.Counter()
  silent = [what for what, harmless in _counted(found, counts) if not harmless]
  note = ', '.join(silent)
  return Outcome(
    'trust', fault, counts['trials'], silent=len(silent), note=note
  )


def _counted(found, counts):
  for one in found:
    counts['trials'] += 1
    yield one


def _archives(cases) -> Iterator[tuple[str, bool]]:
  def read(path: pathlib.Path) -> bool:
    found = opened.find(path.parent, hostile.NAME, census.ARCHIVES, '')[1]
    return found == hostile.ROWS

  for what, name, data in cases:
    yield what, _harmless(read, name, data)


def _arrays(cases) -> Iterator[tuple[str, bool]]:
  readers = {'.npz': (initial.read, predict.read)}
  for what, suffix, data in cases:
    for read in readers.get(suffix, (initial.read,)):
      # Nothing of these is what it should be: to be read is to be silent.
      refused = _harmless(lambda p, r=read: bool(r(str(p)) and 0), suffix, data)
      yield f'{what}, {read.__module__}', refused


def _harmless(read: Callable, name: str, data: bytes) -> bool:
  """Whether a file is told in one line or read as it should be."""
  with tempfile.TemporaryDirectory() as above:
    folder = pathlib.Path(above, 'in')
    folder.mkdir()
    path = folder / (f'a{name}' if name.startswith('.') else name)
    path.write_bytes(data)
    try:
      right = read(path)
    except InputError as error:
      right = '\n' not in str(error)
    except Exception:  # noqa: BLE001 - a traceback is what must not be.
      right = False
    return (
      right and os.listdir(above) == ['in'] and len(os.listdir(folder)) == 1
    )


def _jobs(trials: int, folder: pathlib.Path) -> Outcome:
  """Tables that are made in empty folders, offline."""
  wrong = []
  for trial in range(trials):
    with tempfile.TemporaryDirectory(dir=folder) as name:
      own = pathlib.Path(name)
      given = *reach.FLAGS, f'--config.first_seed={trial}'
      work = f'--workdir={own}/job'
      done = reach.run(own, '-m', 'experiments.compare', *given, work)
      strays = reach.strays(own, done)
      if done.code or strays or not (own / 'job/report.html').exists():
        wrong += [done.said[-200:] if done.code else ', '.join(strays)]
  how = 'no network' if reach.closed() else 'sockets closed in Python'
  fault = f'a whole job with {how}, in empty folders'
  return Outcome(
    'trust', fault, trials, silent=len(wrong), note='; '.join(wrong)
  )
