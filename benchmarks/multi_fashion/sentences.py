"""The words on the page that depend on what was trained and found."""

from collections.abc import Mapping, Sequence

from benchmarks import against, markdown
from benchmarks.multi_fashion import (
  compared,
  paper,
  presets,
  recipes,
  rules,
  tables,
)
from benchmarks.multi_fashion.claims import Judged
from benchmarks.multi_fashion.compared import Compared
from benchmarks.multi_fashion.ours import Ours

PROTOCOLS = {
  'kurin': 'LeNet of Sener and Koltun with dropout, Adam at 1e-2 times '
  f'{recipes.DECAY:g} per epoch',
  'pareto_lenet': 'LeNet of one dense layer on 36 x 36 pixels, SGD with '
  'momentum at 1e-3, halved every 15 epochs',
  'pareto_resnet18': 'ResNet-18 on 36 x 36 pixels, Adam at 1e-3, a tenth from '
  'epoch 10',
}
SMOKE = (
  '**The preset smoke shows that the machinery runs. Its verdicts say nothing '
  'about the papers.**\n\n'
)


def command(preset: str, names: Sequence[str]) -> str:
  """Returns the shell command that made the files.

  Args:
    preset: its name.
    names: of the recipes that were trained.
  """
  first = f'python -m benchmarks.multi_fashion --preset={preset}'
  if {*names} < {*presets.PRESETS[preset].sizes}:
    first += f' --recipes={",".join(names)}'
  return (
    f'{first} \\\n  --workdir=out/multi_fashion/cells --out=out/multi_fashion'
  )


def lacking(trained: Mapping[str, Ours]) -> str:
  """Returns a line on the rows that have no results, or ''.

  Args:
    trained: our accuracies by recipe.
  """
  rows = {
    f'{recipe}: {presets.ROWS[row].label}'
    for recipe, own in trained.items()
    for row in presets.TRAINED[recipe]
    if row not in own.by_row
  }
  return (
    '\n' + markdown.wrapped(f'- Without results: {"; ".join(sorted(rows))}.')
    if rows
    else ''
  )


def answer(
  judged: Sequence[Judged],
  trained: Mapping[str, Ours],
  sizes: Mapping[str, presets.Size],
) -> str:
  """Returns what was found, in one sentence.

  Args:
    judged: all patterns.
    trained: our accuracies by recipe.
    sizes: of the recipes.
  """
  # What two sources publish is one test where one recipe stands for both.
  tests = {
    (one.recipe, one.claim.parts, *one.claim.rows, '/', *one.claim.others): one
    for one in judged
  }
  verdicts = [one.verdict for one in tests.values()]
  counts = [verdicts.count(v) for v in (rules.HOLDS, rules.FAILS, rules.OPEN)]
  recipe, ours = next(iter(trained.items()))
  size = sizes[recipe]
  hold, fail, left = counts
  return markdown.wrapped(
    f'In words: of {len(tests)} different published patterns {hold} hold on '
    f'pairs of Fashion-MNIST, {fail} do not and {left} are undecided '
    f'({size.pairs[0]:,} training pairs, {size.epochs} '
    f'{_plural("epoch", size.epochs)}, {size.seeds} seeds); {_ahead(ours)}.'
  )


def warning(preset: str) -> str:
  """Returns what must be said of a preset before its verdicts, or ''."""
  return SMOKE if preset == 'smoke' else ''


def _ahead(ours: Ours) -> str:
  """Which balancers are shown to be above or below equal weights."""
  rows = [r for r in ours.by_row if presets.ROWS[r].balancer != 'equal']
  gaps = {row: ours.gap(row, 'equal') for row in rows}
  above = [row for row, gap in gaps.items() if gap.low > 0]
  below = [row for row, gap in gaps.items() if gap.high < 0]
  return (
    f'hard sharing with equal weights is exceeded by {_names(above)} and '
    f'exceeds {_names(below)}'
  )


def _names(rows: Sequence[str]) -> str:
  names = [presets.ROWS[row].label.removeprefix('hard, ') for row in rows]
  return ', '.join(names) or 'no balancer'


def protocol(preset: str, names: Sequence[str]) -> str:
  """Returns what was trained, one line per recipe.

  Args:
    preset: its name.
    names: of the recipes that were trained.
  """
  lines = []
  for recipe, size in presets.sizes(preset, names).items():
    pairs = ' / '.join(f'{count:,}' for count in size.pairs)
    lines.append(
      markdown.wrapped(
        f'- Recipe {recipe}: {PROTOCOLS[recipe]}; {size.epochs} '
        f'{_plural("epoch", size.epochs)} of batches of {recipes.BATCH}, pairs '
        f'{pairs} (train / valid / test), {size.seeds} seeds. '
        'Glyphs are split before pairs are made. Learning rates are the '
        'published ones and were not tuned for any row.'
      )
    )
  return '\n'.join(lines)


def sources(lines: Sequence[Compared], trained: Mapping[str, Ours]) -> str:
  """Returns a section for each source, and one of rows without a source.

  Args:
    lines: from `compared.all_rows`.
    trained: our accuracies by recipe.
  """
  by_source: dict[str, list[Compared]] = {}
  for line in lines:
    by_source.setdefault(line.source, []).append(line)
  parts = [
    _section(key, own, trained) if key else _rest(own)
    for key, own in by_source.items()
  ]
  return '\n\n'.join(parts)


def _section(
  key: str, lines: list[Compared], trained: Mapping[str, Ours]
) -> str:
  source, same = paper.SOURCES[key], compared.agreement(key, trained)
  reasons = dict.fromkeys(line.accuracy for line in lines)
  told = markdown.wrapped(
    f'{source.spread[0].upper()}{source.spread[1:]}. Against our recipe '
    f'{compared.followed(source, trained)}; base row: '
    f'{presets.ROWS[source.base].label}. Accuracies: {"; ".join(reasons)}. '
    f'Order of the {len(lines)} rows: Spearman {same.rho:+.2f}, one-sided '
    f'p = {same.p_value:.3f} over all permutations.'
  )
  head = f'### {source.name}: {source.data}, {source.model} {source.mark}'
  return f'{head}\n\n{told}\n\n{tables.against(lines)}'


def _rest(lines: list[Compared]) -> str:
  names = ', '.join(presets.ROWS[line.row].label for line in lines)
  verdict = against.not_comparable('no published row on such pictures')
  return markdown.wrapped(f'{names}: {verdict}.')


def _plural(word: str, count: int) -> str:
  return word if count == 1 else f'{word}s'
