"""growth.csv as a figure and a page.

python -m benchmarks.growth.page
"""

import pathlib
import platform

from matplotlib.figure import Figure

from benchmarks import results
from benchmarks.growth import rows_page
from mtl_jax.resources import plans

Row = dict[str, str]
# Okabe and Ito's, safe for the colour-blind; shapes differ besides.
STYLES = (
  ('#0072B2', 'o'), ('#D55E00', 's'), ('#009E73', '^'), ('#CC79A7', 'D'),
  ('#E69F00', 'v'), ('#56B4E9', 'P'), ('#000000', 'X'), ('#F0E442', '*'),
)  # fmt: skip
LABELS = {
  'runs': 'seeds in one program',
  'tasks': 'tasks (8 seeds)',
  'towers': 'towers: tasks of single, experts of mmoe',
  'width': 'parameters of a network (8 seeds)',
}
TIME, MEMORY = 'ms_per_step_per_run', 'mb_measured'
TRACE, COMPILE = 'trace_cpu_s', 'compile_cpu_s'


def curves(rows: list[Row], axis: str) -> dict[str, list[Row]]:
  """An axis' rows by what else differs in them."""
  own = [row for row in rows if row['axis'] == axis]
  found: dict[str, list[Row]] = {}
  for row in own:
    order = row['parallel']
    names = {
      'runs': (row['balancer'], order),
      'tasks': (row['balancer'],),
      'towers': (row['scheme'],),
      'width': (row['balancer'], order),
      'encoder': (row['encoder'], order),
    }[axis]
    found.setdefault(', '.join(names), []).append(row)
  return found


def draw(rows: list[Row]) -> Figure:
  """Time above, memory below, one column per axis."""
  axes_names = [a for a in LABELS if any(row['axis'] == a for row in rows)]
  figure = Figure((3.6 * len(axes_names), 6.4), layout='constrained')
  grid = figure.subplots(2, len(axes_names), squeeze=False)
  for column, axis in enumerate(axes_names):
    for line, (key, label) in enumerate(
      ((TIME, 'ms per step and seed'), (MEMORY, 'MB on a device'))
    ):
      axes = grid[line][column]
      _lines(axes, curves(rows, axis), axis, key)
      axes.set(xlabel=LABELS[axis], ylabel=label, xscale='log', yscale='log')
      axes.xaxis.set_major_formatter('{x:g}')
      axes.yaxis.set_major_formatter('{x:g}')
      axes.grid(color='#dddddd', linewidth=0.6)
    grid[0][column].legend(fontsize=8, frameon=False)
  return figure


def _lines(axes, found: dict[str, list[Row]], axis: str, key: str) -> None:
  where = 'params' if axis == 'width' else 'value'
  for number, (label, own) in enumerate(found.items()):
    colour, marker = STYLES[number % len(STYLES)]
    x, y = ([float(row[k]) for row in own] for k in (where, key))
    axes.plot(x, y, color=colour, marker=marker, markersize=4, label=label)


def pairs(rows: list[Row]) -> list[tuple[Row, Row]]:
  """The same point, one run after the other and side by side."""
  same = ('axis', 'value', 'balancer', 'encoder', 'scheme')
  by: dict[tuple, dict[str, Row]] = {}
  for row in rows:
    by.setdefault(tuple(row[k] for k in same), {})[row['parallel']] = row
  return [(o['map'], o['vmap']) for o in by.values() if {'map', 'vmap'} <= {*o}]


def expected(rows: list[Row]) -> str:
  """What to expect: first and last point of every curve."""
  lines = []
  for axis in (*LABELS, 'encoder'):
    for name, own in curves(rows, axis).items():
      first, last = own[0], own[-1]
      lines.append(
        [axis, name, _span(first, last, 'value'), _span(first, last, 'params')]
        + [_span(first, last, k) for k in (TIME, MEMORY, 'mb_predicted')]
      )
  head = ['axis', 'curve', 'from, to', 'parameters', 'ms per step and seed']
  return _table([*head, 'MB measured', 'MB predicted'], lines)


def orders(rows: list[Row]) -> str:
  """Map against vmap, and what `auto` takes."""
  lines = [
    [
      a['encoder'],
      a['balancer'],
      a['runs'],
      f'{int(a["params"]):,}',
      _number(a['step_bytes']),
      _number(a[TIME]),
      _number(b[TIME]),
      f'{float(a[TIME]) / float(b[TIME]):.2f}',
    ]
    for a, b in pairs(rows)
  ]
  head = ['encoder', 'balancer', 'seeds', 'parameters', 'bytes of a step']
  return _table([*head, 'map ms', 'vmap ms', 'map / vmap'], lines)


def compiling(rows: list[Row]) -> str:
  """CPU seconds from the config to compiled programs, by tasks."""
  lines = [
    [r['balancer'], r['value'], _number(r[TRACE]), _number(r[COMPILE])]
    for r in rows
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

What a step costs as seeds, tasks, towers and parameters become more. `make
growth` measured it and wrote this page; on {devices} CPU devices, the table is
the first and the last point of every curve of
[growth.csv](results/growth.csv).

![Time and memory of a step](results/growth.png)

{expected}

Time is the median of repeats, of the whole machine, per step of one seed.
Memory is on one device: arguments, results and temporaries as the compiler
tells them, beside what was predicted from shapes alone before compiling
(`mtl_jax/resources/needed_memory.py`).

## Tasks and the compiler

Heads of one shape are one array, and so are labels and predictions of one
shape and losses of one kind: a program of a thousand tasks has as many
operations as one of five. CPU seconds, which other jobs on the machine disturb
less than the clock, of tracing (with the prediction of memory) and of lowering
and compiling all programs of `hard`, on 2 cores of {processor}:

{compiling}

## How `config.parallel` is chosen

| value | runs of a device | runs in one program |
| :-- | :-- | :-- |
| `auto` | as below | all that fit |
| `map` | one after the other | all that fit |
| `vmap` | side by side | all that fit |
| `8` | as below | 8 |
| `map:8`, `vmap:8` | as named | 8 |

With `auto` an accelerator trains its runs side by side. A CPU does so up to
{parameters:,} parameters and {step} in a step of a run, and
else trains one after the other. Where `map / vmap` is above 1, side by side is
the faster. Other jobs shared the machine: points apart by a fifth may be equal,
and axes, measured at different times, do not compare in time. Where the two are
equal, `map` takes less memory or about as much. The limit on a step's bytes is
a guess:

{orders}

All runs are one program if {headroom:.0%} of the free memory hold them, else
half of them, a quarter, down to one on each device; where even that does not
fit, the command ends before anything is trained or written, and names a
setting that fits. Results are the same to rounding whatever is chosen. A job
that is resumed with another number of runs in a program starts the cell again:
name the number where memory comes and goes.
"""


def write(path: pathlib.Path, page: pathlib.Path) -> None:
  """The figure beside the CSV, and the page."""
  rows = results.read(path)
  draw(rows).savefig(path.with_suffix('.png'), dpi=150)
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
  """Its name, where the system says it."""
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text('utf-8').splitlines()
  except OSError:  # not Linux
    return platform.processor() or platform.machine()
  names = [line.split(':')[1].strip() for line in lines if 'model name' in line]
  return names[0] if names else platform.machine()


if __name__ == '__main__':
  write(pathlib.Path('docs/results/growth.csv'), pathlib.Path('docs/growth.md'))
