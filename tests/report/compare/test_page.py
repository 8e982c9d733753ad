"""What the page of a comparison says, without a browser."""

import html
import re

import numpy as np
import pytest

from mtl_jax.report import layout, stats
from mtl_jax.report.compare import (
  curve_figure,
  legible,
  page,
  paired_curves,
  tables,
)
from mtl_jax.report.compare.parts import (
  alternatives,
  effects,
  limits,
  provenance,
  sentences,
)
from mtl_jax.report.web import inline, sortable
from tests.report import fake

SHIFTS = {'single': 0, 'cross_stitch': 0.0, 'mmoe': -0.1, 'hard': 0.1}


@pytest.fixture(scope='module')
def cells(tmp_path_factory):
  folder = tmp_path_factory.mktemp('cells')
  return [fake.cell(folder, name, shift) for name, shift in SHIFTS.items()]


@pytest.fixture(scope='module')
def frame(cells):
  return tables.rows(cells)


def test_each_row_has_a_sentence_with_its_verdict_and_numbers(cells, frame):
  found = sentences.of_rows(cells, frame)
  assert [own.text.split()[0] for own in found] == [
    *('hard', 'cross_stitch', 'mmoe')
  ]
  first, middle, last = found
  assert (first.verdict, first.sign) == ('better', '▲')
  delta = layout.of_cell(frame, cells[3]).loc['ALL']
  assert f'hard is better than single: Δm {delta["diff"]:+.2g} %' in first.text
  assert 'better on cd4_0 (rmse -0.' in first.text
  assert "3k parameters (0.75 times single's)" in first.text
  assert middle.text.startswith('cross_stitch is undecided against single')
  assert 'undecided on all 3 tasks' in middle.text
  assert last.text.startswith('mmoe is worse than single')


def test_one_seed_and_no_delta_have_sentences_too(tmp_path):
  made = [fake.cell(tmp_path, n, seeds=[0]) for n in ('single', 'hard')]
  (own,) = sentences.of_rows(made, tables.rows(made))
  assert 'of one seed, untested' in own.text
  head = fake.header('mmoe', seeds=[0])
  failed = fake.write(tmp_path / 'mmoe', head, fake.ended_badly(0, 0))
  own = sentences.of_rows([made[0], failed], tables.rows([made[0], failed]))
  assert own[0].text.startswith('mmoe has no Δm')


def test_what_could_not_be_shown_is_said(cells, frame):
  said = '\n'.join(limits.lines(cells, frame))
  assert re.search(
    r'missed \(80 % power, median over rows\): Δm [\d.]+ %', said
  )
  assert 'Undecided (1 of 3 rows in Δm)' in said
  assert 'Seeds on one split show training noise only' in said
  assert 'Tuning: none' in said


def test_differences_are_gains_the_largest_first(cells, frame):
  panels = effects.panels(cells, frame)
  names = [panel.name for panel in panels]
  assert names == ['Δm', 'cd4_0', 'cd4_1', 'death_0']
  for panel in panels:
    order = [bar.name for bar in panel.bars]
    assert order == ['hard', 'cross_stitch', 'mmoe']
    # Right of the middle is better, also where lower values are.
    assert panel.bars[0].at > 50 > panel.bars[-1].at
    for bar in panel.bars:
      assert bar.low < bar.at < bar.high
      np.testing.assert_allclose(bar.high - bar.at, bar.at - bar.low, atol=0.02)


def test_curves_are_paired_by_seed_and_step_and_plus_is_better(cells):
  single, _, _, hard = cells
  task = single.tasks[0]
  curve = paired_curves.of_task(hard, single, task)
  own, base = (
    [run.curve[2].valid[task.name]['rmse'] for run in cell.completed]
    for cell in (hard, single)
  )
  expected = stats.paired(base, own)  # Lower is better.
  at = np.array([curve.middle, curve.low, curve.high])[:, 2]
  assert curve.steps[2] == 200
  np.testing.assert_allclose(at, expected[:3])


def test_a_seed_that_one_of_both_lacks_is_in_no_pair(cells):
  single, _, _, hard = cells
  fewer = hard._replace(setting=hard.setting[:3])
  for own, base in ((fewer, single), (single, fewer)):
    curve = paired_curves.of_task(own, base, single.tasks[0])
    wide = 2 * 4.302653  # Students's t, two degrees of freedom
    assert (curve.high - curve.low > 0).all()
    values = [
      [run.curve[0].valid['cd4_0']['rmse'] for run in c.completed[:3]]
      for c in (own, base)
    ]
    spread = np.std(np.subtract(*values), ddof=1)
    width = curve.high[0] - curve.low[0]
    np.testing.assert_allclose(width, wide * spread / 3**0.5, rtol=1e-5)


def test_lanes_hold_late_values_and_thousands_of_steps_are_thinned(cells):
  steps = range(5000)
  assert paired_curves._thinned([*steps], 60)[-1] == 4999
  for panel in paired_curves.panels(cells, lambda *_: ''):
    late = [c.middle[c.steps >= 150] for c in panel.curves.values()]
    assert curve_figure.scale(panel) >= np.abs(late).max()


def test_texts_of_figures_have_their_numbers(cells, frame):
  texts = alternatives.texts(cells, frame)
  curve = paired_curves.of_task(cells[3], cells[0], cells[0].tasks[0])
  assert f'hard {curve.middle[-1]:+.2g} (' in texts['curve_differences']
  delta = layout.of_cell(frame, cells[3]).loc['ALL', 'mean']
  cost = '3k parameters, 1.2M FLOPs per training step'
  assert f'hard {delta:+.2g} % at {cost}' in texts['quality_vs_parameters']
  assert 'rmse (lower is better), mean over 2 tasks' in texts['curves']


def test_an_svg_takes_the_colours_of_the_page_and_a_text():
  file = (
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">'
    '<metadata>x</metadata><g id="axes_1"><path style="stroke: #000000"/></g>'
    '</svg>'
  )
  made = inline.make('a', file.encode(), 'caption', '1 < "2"')
  assert made.svg == (
    '<svg role="img" aria-label="1 &lt; &#34;2&#34;">'
    '<g><path style="stroke: currentColor"/></g></svg>'
  )


def test_entries_sort_by_number_and_marks_are_words():
  table = layout.Table(
    ['scheme', 'auc ↑', 'params'],
    [
      ['a', '0.71 ± 0.02 ▲', '27.5k'],
      ['b', '–', 'x 3'],
      ['smallest shown', '', ''],
    ],
  )
  made = sortable.of_table(table, {'a': 'better'})
  first, second = made.body
  assert first.entries[0] == ('0.71 ± 0.02', 'better', '▲', 0.71)
  assert first.entries[1].value == 27_500
  assert [entry.value for entry in second.entries] == [None, None]
  assert [line.name for line in made.foot] == ['smallest shown']
  assert made.verdicts == ['better']


def test_the_answer_stands_before_the_table_and_cells_have_headers(
  cells, frame
):
  text = page.html(cells, frame, {}, 'compare', '- column <age>')
  order = [
    *('Answer: ', 'hard is better', 'could not have shown', '<h2>Table'),
    *('<h2>Differences', '<h2>Learning curves', '<h2>Quality against cost'),
    *('<h2>Diagnostics', '<h2>Data', '<h2>Provenance'),
  ]
  places = [text.index(part) for part in order]
  assert places == sorted(places)
  main = text[text.index('id="main-table"') :]
  main = main[: main.index('</table>')]
  assert main.count('<th scope="col"') == 9
  assert main.count('<th scope="row">') == len(cells) + 1
  assert 'data-verdict="worse"' in main
  assert '▲</span><span class="unseen"> better</span>' in main
  assert '- column &lt;age&gt;' in text
  latex = re.search(r'<pre id="latex" hidden>(.*?)</pre>', text, re.DOTALL)[1]
  assert html.unescape(latex) == tables.latex(cells, frame)


def test_seeds_are_named_as_a_span_where_they_are_one(cells):
  assert dict(provenance.lines(cells))['seeds'] == '0 to 4 (seeds on one split)'
  assert provenance._spans([3, 5]) == '3, 5'


def test_of_very_many_rows_figures_draw_the_best_and_the_worst(
  cells, frame, monkeypatch
):
  assert len(legible.rows(cells, frame)) == len(cells)
  assert legible.caption(cells, frame) == ''
  monkeypatch.setattr(legible, 'MOST', 2)
  shown = [cell.label for cell in legible.rows(cells, frame)]
  assert shown == ['single', 'mmoe', 'hard']
  assert 'the other 1 are' in legible.caption(cells, frame)


def test_rows_of_all_cells_are_those_of_each(cells, frame):
  found = layout.of_cells(frame, cells)
  for cell in cells:
    own = layout.of_cell(frame, cell)
    assert found[cell.label].equals(own)
    assert list(own.index) == ['cd4_0', 'cd4_1', 'death_0', 'ALL']
