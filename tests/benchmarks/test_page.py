"""The page's tables and the figure are those of the files."""

import pathlib

from benchmarks import markdown
from benchmarks import results as rounds
from benchmarks.speed import page, plot

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / 'docs' / 'results'


def results(folder):
  row = rounds.row('mlp_equal', [0.02], [1.0], [0.5])
  rounds.write(folder / 'speed.csv', [row])
  base = {'workload': 'mlp_equal', 'way': '-', 'ratio_low': '40'}
  base |= {'ratio_high': '60', 'share_of_peak': ''}
  lines = [base | {'side': 'libmtl', 'ms': '1'}]
  rounds.write(folder / 'speed_detail.csv', lines)
  return folder


def test_only_what_stands_between_the_marks_is_replaced():
  text = 'a\n<!-- speed -->\nold\n<!-- end speed -->\nb'
  new = 'a\n<!-- speed -->\nnew \\1\n<!-- end speed -->\nb'
  assert markdown.put(text, 'speed', 'new \\1') == new


def test_a_line_of_the_page_has_the_ratio_and_the_goal(tmp_path):
  lines = page.speeds(rounds.read(results(tmp_path) / 'speed.csv'))
  expected = '| mlp_equal | 0.02 | 1 | 0.5 | 50 | 60 | 25 |'
  assert lines.splitlines()[-1] == expected


def test_the_figure_has_named_axes_and_every_workload(tmp_path):
  (axes,) = plot.draw(results(tmp_path)).axes
  assert axes.get_xscale() == 'log'
  assert axes.get_xlabel()
  assert [t.get_text() for t in axes.get_yticklabels()] == ['mlp_equal']


def test_the_page_shows_the_committed_figures():
  text = (ROOT / 'docs' / 'performance.md').read_text(encoding='utf-8')
  rows = rounds.read(RESULTS / 'speed.csv')
  shown = page.speeds(rows) if rows else ''
  assert shown in text
