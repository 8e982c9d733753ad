"""Writes README.md: which printed values follow from their rows."""

import pathlib

from benchmarks import markdown
from benchmarks.delta_m import findings, rows
from benchmarks.delta_m.tables import Table

HEAD = (
  *('method', 'printed', 'Δm (N)', 'Δp (P)'),
  *('printed - ours', 'rounding allows', 'verdict'),
)
TEXT = """# Published Δm, recomputed from its own rows

{answer}

{named}

Beside these:

{near}

{conventions}

```
python -m benchmarks.delta_m
```

Papers print the mean relative change against single-task models in two
conventions. **Δm (N)** is flat over all metrics and positive if *worse*
(CAGrad, Nash-MTL, FAMO); **Δp (P)** is the mean over tasks of the mean over
each task's metrics and positive if *better* (LibMTL, DB-MTL, Auto-Lambda; the
reports of this project). Both are computed here by
`mtl_jax.report.relative.delta_m` from the cells as printed, and compared in the
convention of the table.

*Rounding allows*: a printed number stands for the interval of half a unit of
its last decimal to both sides. No two terms of the sum share a cell, so that
interval arithmetic gives the exact range of Δm; half a unit of the printed Δm
is added. Base rows that are constants of the authors' code are exact, those
that are printed are rounded like the others. Rows marked * are quoted by
another paper (`second-hand`); the others were read in the authors' own table
(`seen`).

{tables}
All of it is in [delta_m.csv](delta_m.csv); the cells are in
`benchmarks/delta_m/published/`.
"""


def write(folder: pathlib.Path, tables: list[Table]) -> None:
  """Writes README.md.

  Args:
    folder: of delta_m.csv.
    tables: the published ones.
  """
  folder.mkdir(parents=True, exist_ok=True)
  (folder / 'README.md').write_text(text(tables), encoding='utf-8')


def text(tables: list[Table]) -> str:
  """Returns the page."""
  found = rows.rows(tables)
  return TEXT.format(
    answer=answer(found),
    named=findings.named(tables),
    near=findings.remarks(tables),
    conventions=findings.conventions(tables),
    tables='\n'.join(_section(table, found) for table in tables),
  )


def answer(found: list[dict[str, str]]) -> str:
  """Returns how many printed values agree, in words."""
  judged = [r for r in found if r['verdict'] in ('agrees', 'disagrees')]
  agree = sum(r['verdict'] == 'agrees' for r in judged)
  return markdown.wrapped(
    f'In words: **{agree} of {len(judged)} printed values follow from the '
    'cells of their own row, within what the rounding of these cells allows.** '
    'The others, and printed means that are not those of their cells:'
  )


def _section(table: Table, found: list[dict[str, str]]) -> str:
  own = [row for row in found if row['table'] == table.name]
  exact = 'exact' if table.base_exact else 'rounded'
  sources = sorted({row['source'] for row in own})
  words = markdown.wrapped(
    f'Printed in convention {table.convention}. Base row: {table.base_source} '
    f'({exact}). Rows: {"; ".join(sources)}.'
  )
  lines = [_line(row) for row in own]
  return f'## {table.title}\n\n{words}\n\n{markdown.table(HEAD, lines)}\n'


def _line(row: dict[str, str]) -> list[str]:
  star = ' *' if row['mark'] == 'second-hand' else ''
  verdict = row['verdict']
  return [
    row['method'] + star,
    row['printed'] or '–',
    f'{float(row["delta_m"]):.2f}',
    f'{float(row["delta_p"]):.2f}',
    f'{float(row["difference"]):.3f}' if row['difference'] else '–',
    row['bound'] or '–',
    f'**{verdict}**' if verdict == 'disagrees' else verdict,
  ]
