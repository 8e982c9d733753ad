"""Values that schemes log: read, averaged, drawn and captioned."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mtl_jax.report.compare import page, readings
from mtl_jax.report.results import Reading
from tests.report import fake

STEPS = (100, 200)
TASKS = ['cd4_0', 'cd4_1', 'death_0']


def logging_cell(
  folder, logged, scheme='mmoe', tasks=None, failed=(), **changes
):
  """A cell whose run i logs `logged(i, step)` at each step."""
  head = fake.header(scheme, tasks=tasks or fake.tasks(2, 1), **changes)
  rng = np.random.default_rng(0)
  lines = [
    line | {'readings': logged(line['run'], line['step'])}
    for line in fake.curves(rng, head, STEPS)
  ]
  ends = fake.draw(rng, head)
  for i in failed:
    ends[i] = fake.ended_badly(i, i)
  return fake.write(folder / scheme, head, *lines, *ends)


def gates(run, step):
  """Gates of 3 tasks over 2 experts that differ in every run and step."""
  numbers = np.random.default_rng([run, step]).random((3, 2))
  return {
    'gate (task, expert)': numbers.tolist(),
    'entropy (task)': numbers[:, 0].tolist(),
    'loss': float(numbers[0, 0]),
  }


def panels(figure):
  """The panels of each row, from top to bottom."""
  return [part.axes for part in figure.subfigs]


def drawn(axes):
  """The lines of a panel, `[lines, steps]`."""
  return np.array([line.get_ydata() for line in axes.get_lines()])


@pytest.mark.parametrize(
  ('key', 'values', 'expected'),
  [
    ('gate (task, expert)', [[1, 2]], ('gate', ('task', 'expert'))),
    ('use (expert)', [1], ('use', ('expert',))),
    ('stitch of stage 0 (a, b)', [[1]], ('stitch of stage 0', ('a', 'b'))),
    ('discriminator loss', 0.5, ('discriminator loss', ())),
    ('loss (nats)', 0.5, ('loss (nats)', ())),
    ('bare', [1, 2], ('bare', ('entry',))),
  ],
)
def test_a_key_names_a_reading_and_its_axes(tmp_path, key, values, expected):
  cell = logging_cell(tmp_path, lambda *_: {key: values})
  (reading,) = readings.logged(cell)
  assert reading == Reading(*expected)
  values_read = cell.runs[0].curve[0].readings[reading]
  np.testing.assert_array_equal(values_read, values)


def test_lines_are_means_over_the_runs_and_bands_their_intervals(tmp_path):
  cell = logging_cell(tmp_path, gates, failed=[1])
  runs = [0, 2, 3, 4]  # without the one that failed
  logged = np.array(
    [[gates(i, s)['gate (task, expert)'] for s in STEPS] for i in runs]
  )  # [runs, steps, tasks, experts]
  entropy, gate, loss = panels(readings.draw(cell))
  assert [axes.get_title() for axes in gate] == TASKS
  for t, axes in enumerate(gate):
    np.testing.assert_allclose(drawn(axes), logged.mean(0)[:, t].T)
    half = scipy_stats.sem(logged[:, :, t]) * scipy_stats.t.ppf(0.975, 3)
    for e, band in enumerate(axes.collections):
      ends = band.get_paths()[0].get_extents().intervaly
      middle, width = logged.mean(0)[:, t, e], half[:, e]
      low, high = (middle - width).min(), (middle + width).max()
      np.testing.assert_allclose(ends, (low, high))
  np.testing.assert_allclose(drawn(entropy[0]), logged.mean(0)[:, :, 0].T)
  np.testing.assert_allclose(drawn(loss[0]), logged.mean(0)[None, :, 0, 0])
  steps = {tuple(line.get_xdata()) for line in gate[0].get_lines()}
  assert steps == {STEPS}


def test_values_that_were_not_finite_are_left_out(tmp_path):
  def logged(run, step):
    return {'loss': float('nan') if run == 1 else float(run)}

  (row,) = panels(readings.draw(logging_cell(tmp_path, logged)))
  np.testing.assert_allclose(drawn(row[0]), (0 + 2 + 3 + 4) / 4)


def test_panels_are_labelled(tmp_path):
  figure = readings.draw(logging_cell(tmp_path, gates))
  rows = panels(figure)
  names = [row[0].get_ylabel() for row in rows]
  assert names == ['entropy', 'gate', 'loss']
  assert {a.get_xlabel() for row in rows for a in row} == {'training step'}
  legends = [row[-1].get_legend() for row in rows]
  assert [t.get_text() for t in legends[0].get_texts()] == TASKS
  experts = [t.get_text() for t in legends[1].get_texts()]
  assert experts == ['expert 0', 'expert 1']
  assert legends[2] is None


def test_lines_of_a_panel_differ_in_more_than_colour(tmp_path):
  cell = logging_cell(tmp_path, lambda *_: {'use (expert)': [0.1] * 12})
  ((axes,),) = panels(readings.draw(cell))
  styles = [
    (line.get_marker(), line.get_linestyle()) for line in axes.get_lines()
  ]
  assert len(set(styles)) == len(styles) == 12


@pytest.mark.parametrize(
  ('axis', 'size', 'names'),
  [
    ('task', 3, TASKS),
    ('task', 1, ['all tasks']),
    ('task', 2, ['task 0', 'task 1']),
    ('tower', 2, ['tower 0', 'tower 1']),
    ('tower', 3, [f'tower {i} ({task})' for i, task in enumerate(TASKS)]),
    ('expert', 3, ['expert 0', 'expert 1', 'expert 2']),
  ],
)
def test_entries_are_named_by_their_axis(tmp_path, axis, size, names):
  tasks = fake.cell(tmp_path, 'mmoe').tasks
  assert readings.entries(axis, size, tasks) == names


def test_what_is_left_out_is_said(tmp_path):
  def logged(run, step):
    many = {f'mask of stage {i}': 0.5 for i in range(20)}
    return many | {'a gate (task, expert)': np.zeros((14, 15)).tolist()}

  cell = logging_cell(tmp_path, logged, tasks=fake.tasks(13, 1), seeds=[0, 1])
  figure = readings.draw(cell)
  assert '... and 9 more' in figure.get_suptitle()
  first, *others = panels(figure)
  assert len(first) == 6
  assert '... and 8 more' in first[-1].get_title()
  assert len(first[0].get_lines()) == 12
  said = [text.get_text() for text in first[-1].get_legend().get_texts()]
  assert said[-1] == '... and 3 more'
  names = [row[0].get_ylabel() for row in others]
  assert names == [f'mask of stage {i}' for i in range(11)]  # 2 before 10


def test_each_scheme_that_logged_something_has_a_figure(tmp_path):
  cells = [
    fake.cell(tmp_path / 'cells', 'single'),
    logging_cell(tmp_path / 'cells', gates, 'my_lab.mine'),
    logging_cell(tmp_path / 'cells', gates, balancer='pcgrad'),
  ]
  page.write(cells, tmp_path)
  names = {path.name for path in tmp_path.glob('figures/readings_*')}
  expected = {'readings_my_lab.mine.png', 'readings_mmoe+pcgrad.png'}
  assert names == expected
  assert not list(tmp_path.glob('figures/.*'))  # each a whole file
  html = (tmp_path / 'report.html').read_text()
  assert html.count('src="data:image/png;base64,') == 1 + 2
  assert '<figcaption>my_lab.mine: what the scheme logged in training' in html
  assert '<figcaption>mmoe + pcgrad: what the scheme logged in training' in html


def test_a_cell_whose_runs_all_failed_has_no_figure(tmp_path):
  everyone = range(5)
  cell = logging_cell(tmp_path / 'cells', gates, failed=everyone)
  page.write([fake.cell(tmp_path / 'cells', 'single'), cell], tmp_path)
  assert not readings.logged(cell)
  assert not list(tmp_path.glob('figures/readings_*'))


def test_one_run_has_lines_without_a_band(tmp_path):
  cell = logging_cell(tmp_path, gates, seeds=[0])
  _, gate, _ = panels(readings.draw(cell))
  expected = [gates(0, s)['gate (task, expert)'][2] for s in STEPS]
  np.testing.assert_allclose(drawn(gate[2]), np.transpose(expected))
