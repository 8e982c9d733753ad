"""Notes below the table of factors of labels."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_jax.report import stats
from mtl_jax.report.claims.labels.label_curves import Setting
from mtl_jax.report.claims.labels.label_factor import MARGIN
from mtl_jax.report.claims.labels.label_rows import Row


def notes(settings: Sequence[Setting], rows: Sequence[Row]) -> tuple[str, ...]:
  """Returns what was measured how, and its limits.

  Args:
    settings: of the answer.
    rows: of all of them.
  """
  test = stats.named(rows[0].setting.overlap)
  return (
    'gain: change of the headline metric on the test split against single at '
    'the same share of labels, in % of single with all labels; + is better. Of '
    'several scarce tasks it is the mean.',
    'factor of labels: F such that single with F times the labels is as good '
    'as the scheme, on the mean over the shares below 1; one number per row, '
    'fixed beforehand. Curves are interpolated in the logarithm of the share '
    'and continued straight beyond their ends; ≥ and ≤ mark factors as large '
    'as the whole curve. The interval of 95 % holds the factors that the test '
    f'does not reject ({test}), not corrected for the number of rows.',
    f'▲ more than 1, ▼ less than 1, = within {100 * MARGIN:.3g} % of 1; '
    f'corrected by Holm over {len(rows)} rows, gains at single shares behind '
    'their row. would be shown: the smallest factor that this table would '
    'have shown with 80 % power. never reached: trainings, over seeds and '
    'shares, that are better than single of their seed at any share.',
    'Labels are masked, drawn per seed, nested and stratified. Steps, batches '
    'and hyperparameters are the same at all shares, so a batch may hold few '
    'known labels or none of a task, whose loss is then 0: that is so for '
    'single, too, which reads the same batches. Validation rows keep all '
    'labels, so the checkpoint is chosen better than few labels would allow.',
    'The figure: means over seeds, in % of single with all labels; bands of '
    'single alone where there are many schemes. On the right the factors of '
    'the table.',
    *_failed(settings),
  )


def _failed(settings: Sequence[Setting]) -> list[str]:
  """Says which schemes have no row, and whether seeds are missing."""
  said = []
  for one in settings:
    names = {cell.scheme for cell in one.cells[one.shares[0]]}
    if lost := sorted(names - {*one.gains}):
      why = one.reason or 'no seed is complete at all shares'
      said.append(f'{one.name}: without {", ".join(lost)}: {why}.')
  return said
