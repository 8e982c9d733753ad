"""Lists the pages under docs/results, and makes them again.

  python -m experiments.results --stale             # which are of older code
  python -m experiments.results --make capacity     # some, by name
  python -m experiments.results --make --under=600  # stale and quick

docs/results/results.toml lists them with their commands. Each has a record,
made.json: commands, versions, commit, processor, seconds, and digests of the
code. `results stale` says that code has changed that the numbers come from,
`report changed` that only what shows them has. A command that fails leaves the
page as it was; the same command continues.
"""

import pathlib
import sys

from benchmarks import commands
from experiments.made import listing, making, registry, status
from mtl_jax.errors import InputError
from mtl_jax.processes import signals
from mtl_jax.records import atomic


def _flags():
  parser = commands.parser('experiments.results', __doc__)
  parser.add_argument(
    '--stale', action='store_true', help='list every page and its state'
  )
  parser.add_argument(
    '--make', nargs='*', metavar='NAME', help='make these, or all stale ones'
  )
  parser.add_argument(
    '--under', type=float, metavar='SECONDS', help='of those, the quick ones'
  )
  parser.add_argument('--out', default=registry.OUT, help='folder of workdirs')
  parser.add_argument('--docs', default='docs/results', help='folder of pages')
  return parser.parse_args()


def main() -> int:
  """Lists or makes results, and returns the exit code."""
  asked = _flags()
  folder, out = pathlib.Path(asked.docs), pathlib.Path(asked.out)
  try:
    results = registry.load(folder)
    if asked.make is None:
      for result in results:
        print(status.line(status.status(result, folder, out)))
      return 0
    if not asked.make and asked.under is None:
      raise InputError('--make needs names, or --under=SECONDS for stale ones')
    chosen = registry.choose(results, asked.make) if asked.make else results
    found = [status.status(result, folder, out) for result in chosen]
    if not asked.make:
      found = [one for one in found if one.state != status.FRESH]
    return _make(_quick(found, asked.under), results, folder, out)
  except InputError as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  except KeyboardInterrupt as error:
    print('stopped; run the same command to continue', file=sys.stderr)
    return 128 + signals.number(error)


def _quick(found, under: float | None) -> list[registry.Result]:
  """Those that take less time; says which are left out."""
  quick = []
  for one in found:
    if under is None or (one.seconds is not None and one.seconds < under):
      quick.append(one.result)
    else:
      print(f'left out: {status.line(one)}', file=sys.stderr)
  return quick


def _make(chosen, results, folder: pathlib.Path, out: pathlib.Path) -> int:
  """Makes all, also after one that fails."""
  code = 0
  for result in chosen:
    try:
      needs, reads = (
        registry.choose(results, names)
        for names in (result.needs, result.reads)
      )
      making.lay_out(reads, folder, out)
      making.make(result, needs, folder, out)
      print(f'made: {folder / result.record}', flush=True)
    except InputError as error:
      print(f'error: {error}', file=sys.stderr)
      code = 1
  atomic.write(folder / 'README.md', listing.with_answers(results, folder))
  return code


if __name__ == '__main__':
  sys.exit(main())
