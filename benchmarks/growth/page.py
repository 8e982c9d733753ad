"""Writes docs/growth.md and its figure from growth.csv.

python -m benchmarks.growth.page

Reads docs/results/growth.csv and many_rows.csv; nothing is measured.
"""

import pathlib
import platform

from benchmarks import commands, results
from experiments import lazy

with lazy.imports():
  from benchmarks.growth import figures, rows_page
  from mtl_jax.resources import plans

Row = dict[str, str]
TRACE, COMPILE = 'trace_cpu_s', 'compile_cpu_s'


def pairs(rows: list[Row]) -> list[tuple[Row, Row]]:
  """Returns the points that were measured with both values of `parallel`.

  Each pair is the row of `map` and that of `vmap`, equal in all else.
  """
  same = ('axis', 'value', 'balancer', 'encoder', 'scheme')
  # Points that were measured with only one of the two are left out.
  by: dict[tuple, dict[str, Row]] = {}
  for row in rows:
    by.setdefault(tuple(row[k] for k in same), {})[row['parallel']] = row
  return [(o['map'], o['vmap']) for o in by.values() if {'map', 'vmap'} <= {*o}]


def expected(rows: list[Row]) -> str:
  """Returns a table of the first and last point of every curve."""
  lines = []
  for axis in (*figures.LABELS, 'encoder'):
    for name, own in figures.curves(rows, axis).items():
      first, last = own[0], own[-1]
      lines.append(
        [axis, name, _span(first, last, 'value'), _span(first, last, 'params')]
        + [
          _span(first, last, k)
          for k in (figures.TIME, figures.MEMORY, 'mb_predicted')
        ]
      )
  head = ['axis', 'curve', 'from, to', 'parameters', 'ms per step and seed']
  return _table([*head, 'MB measured', 'MB predicted'], lines)


def orders(rows: list[Row]) -> str:
  """Returns a table of `map` against `vmap`, with sizes that `auto` uses."""
  lines = [
    [
      a['encoder'],
      a['balancer'],
      a['runs'],
      f'{int(a["params"]):,}',
      _number(a['step_bytes']),
      _number(a[figures.TIME]),
      _number(b[figures.TIME]),
      f'{float(a[figures.TIME]) / float(b[figures.TIME]):.2f}',
    ]
    for a, b in pairs(rows)
  ]
  head = ['encoder', 'balancer', 'seeds', 'parameters', 'bytes of a step']
  return _table([*head, 'map ms', 'vmap ms', 'map / vmap'], lines)


def compiling(rows: list[Row]) -> str:
  """Returns a table of CPU seconds of tracing and compiling, by tasks."""
  lines = [
    [r['balancer'], r['value'], _number(r[TRACE]), _number(r[COMPILE])]
    for r in rows
    # Rows of older measurements lack the columns of compilation.
    if r['axis'] == 'tasks' and r.get(COMPILE)
  ]
  return _table(['balancer', 'tasks', 'tracing', 'compiling'], lines)


def _span(first: Row, last: Row, key: str) -> str:
  ends = [_number(first[key]), _number(last[key])]
  return ends[0] if ends[0] == ends[1] else ', '.join(ends)


def _number(text: str) -> str:
  value = float(text)
  return f'{value:,.0f}' if value >= 1000 else f'{value:.3g}'


def _table(head: list[str], lines: list[list[str]]) -> str:
  rule = [':--', ':--', *['--:'] * (len(head) - 2)]
  return '\n'.join(f'| {" | ".join(line)} |' for line in [head, rule, *lines])


PAGE = """# Growth

How the time and memory of a training step grow with the number of seeds, tasks,
towers and parameters. `make growth` measured this on {devices} CPU devices and
wrote this page. The table has the first and the last point of every curve in
[growth.csv](results/growth.csv).

![Time and memory of a step](results/growth.png)

{expected}

Time is the median over repeats, using the whole machine, divided by the number
of steps and seeds. Memory is that of one device. *MB measured* is the sum of
arguments, results and temporaries that the compiler reports; *MB predicted* was
computed from shapes before compiling (`mtl_jax/resources/needed_memory.py`).

## Tasks and the compiler

Heads of one shape are stored as one array, and so are labels and predictions of
one shape and losses of one kind. A program of a thousand tasks therefore has as
many operations as one of five. The table has CPU seconds of tracing (including
the prediction of memory) and of lowering and compiling all programs of `hard`,
on 2 cores of {processor}. Other jobs on the machine disturb CPU seconds less
than wall time.

{compiling}

## How `config.parallel` is chosen

| value | order of the runs on a device | runs in one program |
| :-- | :-- | :-- |
| `auto` | see below | all that fit |
| `map` | one after the other | all that fit |
| `vmap` | side by side | all that fit |
| `8` | see below | 8 |
| `map:8`, `vmap:8` | as named | 8 |

With `auto` an accelerator trains its runs side by side (`vmap`). A CPU does so
only if a run has at most {parameters:,} parameters and its step needs at most
{step}; otherwise it trains its runs one after the other (`map`). Where the
column `map / vmap` is above 1, `vmap` is faster. Other jobs shared the machine:
differences below a fifth may be noise, and times of different axes, which were
measured at different times, cannot be compared. Where both are equally fast,
`map` needs less memory or about as much. The limit on a step's bytes is a
guess.

{orders}

One program trains all runs if they fit into {headroom:.0%} of the free memory;
otherwise half of them, a quarter, and so on down to one run on each device. If
even that does not fit, the command ends before anything is trained or written,
and the error names a setting that fits. All choices give the same results up to
rounding. A job that is resumed with another number of runs per program starts
the cell again; set the number explicitly if the free memory varies.
"""


def write(path: pathlib.Path, page: pathlib.Path) -> None:
  """Writes the page and its figure.

  Args:
    path: growth.csv; the figure is written into the same folder.
    page: the Markdown file to write.
  """
  rows = results.read(path)
  figures.draw(rows).savefig(path.with_suffix('.png'), dpi=150)
  text = PAGE.format(
    devices=max(int(row['devices']) for row in rows),
    expected=expected(rows),
    orders=orders(rows),
    compiling=compiling(rows),
    processor=_processor(),
    parameters=plans.SMALL_PARAMETERS,
    step=plans.amount(plans.SMALL_STEP),
    headroom=plans.HEADROOM,
  )
  devices = max(int(row['devices']) for row in rows)
  text += rows_page.section(path.with_name('many_rows.csv'), devices)
  page.write_text(text, encoding='utf-8')


def _processor() -> str:
  """Returns the name of the processor, or of its architecture."""
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text('utf-8').splitlines()
  except OSError:  # not Linux
    return platform.processor() or platform.machine()
  names = [line.split(':')[1].strip() for line in lines if 'model name' in line]
  return names[0] if names else platform.machine()


if __name__ == '__main__':
  commands.parser('benchmarks.growth.page', __doc__).parse_args()
  write(pathlib.Path('docs/results/growth.csv'), pathlib.Path('docs/growth.md'))
