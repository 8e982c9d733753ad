"""Writes the page on the choice among equal settings from selection.csv."""

import pathlib

from benchmarks import markdown, results

HEAD = (
  *('choice', 'resplits', 'settings', 'data sets', 'gain on validation'),
  *('gain on test', '95 % interval', 'optimism that reaches test'),
)
TEXT = """# Choosing among equal settings

How much better does a setting look than it is, once validation has chosen it?
Here all settings are equally good: the loss of a setting on a row is noise, the
same in every resplit of {rows} rows (428 of validation, 428 of test). The gain
of the chosen setting over the mean of all should be 0 on test. The choice is
that of every table (`mtl_jax/report/selected.py`).

```
python -m benchmarks.selection
```

{table}

Gains are in standard errors of a mean over the test rows; the interval is over
data sets.

{sentence}
"""


def write(folder: pathlib.Path, rows: int) -> None:
  """Writes README.md.

  Args:
    folder: of selection.csv.
    rows: of the data set.
  """
  found = results.read(folder / 'selection.csv')
  text = TEXT.format(rows=f'{rows:,}', table=table(found), sentence=said(found))
  (folder / 'README.md').write_text(text, encoding='utf-8')


def table(rows: list[dict]) -> str:
  """Returns the rows of selection.csv as a Markdown table."""
  lines = [
    [
      row['rule'],
      *(row[key] for key in ('resplits', 'settings', 'repeats')),
      f'{float(row["valid_gain"]):.3f}',
      f'{round(float(row["test_gain"]), 3) + 0:.3f}',
      f'{float(row["test_low"]):.3f} to {float(row["test_high"]):.3f}',
      _share(row),
    ]
    for row in rows
  ]
  return markdown.table(HEAD, lines)


def said(rows: list[dict]) -> str:
  """Returns what the rows show, in words."""
  shares = [_share(row) for row in rows if _by_mean(row['rule'])]
  inside = [row for row in rows if not _by_mean(row['rule'])]
  zero = [
    r for r in inside if float(r['test_low']) <= 0 <= float(r['test_high'])
  ]
  return markdown.wrapped(
    'Chosen by the mean over resplits, the optimism on validation reaches test '
    f'by {", ".join(shares)}: validation rows of one resplit are test rows of '
    'another. Chosen inside each resplit, the gain on test has 0 in its '
    f'interval in {len(zero)} of {len(inside)} cases.'
  )


def _share(row: dict) -> str:
  return f'{round(100 * float(row["share"])) or 0} %'


def _by_mean(rule: str) -> bool:
  return rule.startswith('mean')
