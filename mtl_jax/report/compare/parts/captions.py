"""The figures of a comparison with their captions and alternatives."""

from collections.abc import Mapping, Sequence

import pandas as pd

from mtl_jax.report import many
from mtl_jax.report.agreement import ordered
from mtl_jax.report.compare import readings
from mtl_jax.report.compare.parts import alternatives
from mtl_jax.report.results import Cell
from mtl_jax.report.web import inline
from mtl_jax.report.web.inline import Picture

CAPTIONS = {
  'differences': (
    'Paired difference to single in the headline metric of each task, with '
    'the 95 % interval of the corrected test. Filled: better or worse after '
    'correction for the whole table; grey: equivalent to within the margin, '
    'which is shaded; hollow: undecided.'
  ),
  'curve_differences': (
    'Paired difference to single in the validation metric by training step, '
    '+ (up) is better: mean over the seeds of the difference at the same seed '
    'and step, and its 95 % interval, corrected for the overlap of resplits. '
    'Every lane has the span on the right of the first; what lies outside is '
    "cut at the lane's edge. Intervals of single steps are not corrected for "
    'looking at many, and carry no verdict.'
  ),
  'curves': (
    'Validation metric by training step, mean and 95 % interval over the '
    'runs, corrected for the overlap of resplits. The intervals are those of '
    'single means, and say little of differences. The first tenth of the '
    'steps may lie outside the frame.'
  ),
  'quality_vs_parameters': (
    'Δm with the 95 % interval of its corrected test against the number of '
    'parameters and the floating-point operations of a training step of one '
    'run.'
  ),
}
# Of tables whose tasks are summed up, see `many`.
SUMMED = {
  'differences': (
    'Of every task, the gain over single in its headline metric with its 95 % '
    'interval, in order. Filled: better or worse after correction for the '
    'whole table; hollow: undecided or equivalent. The frame cuts wide '
    'intervals.'
  ),
  'curve_differences': (
    'Gain over single in the validation metric by training step, in % of '
    "single's last value, + (up) is better: median and quartiles over tasks of "
    'their means over the seeds. Every lane has the span on the right of the '
    'first.'
  ),
  'curves': (
    'Validation metric by training step: median and quartiles over tasks of '
    'their means over the runs.'
  ),
}
READINGS = (
  '{label}: what the scheme logged in training, means over the steps between '
  'two evaluations; mean and 95 % t interval over the runs, which is not '
  'corrected for the overlap of resplits.'
)


def of_figures(
  cells: Sequence[Cell], frame: pd.DataFrame, drawn: Mapping[str, bytes]
) -> dict[str, Picture]:
  """Returns the figures as the page shows them.

  Args:
    cells: of the table.
    frame: from `rows.rows`.
    drawn: SVG or PNG by name.
  """
  cells = ordered(cells)
  texts, captions = alternatives.texts(cells, frame), _captions(cells)
  return {
    name: inline.make(name, content, captions[name], texts[name])
    for name, content in drawn.items()
  }


def _captions(cells: Sequence[Cell]) -> dict[str, str]:
  summed = SUMMED if many.too_many(cells[0].tasks) else {}
  own = {readings.name(c): READINGS.format(label=c.label) for c in cells}
  return CAPTIONS | summed | own
