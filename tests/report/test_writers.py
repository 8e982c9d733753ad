"""Markdown, LaTeX, console, pictures and the page."""

import io
import re
import subprocess
import sys

import pytest
from rich.console import Console

from mtl_jax import records
from mtl_jax.report import layout
from mtl_jax.report.compare import page, tables
from tests.report import fake


@pytest.fixture(scope='module')
def cells(tmp_path_factory):
  folder = tmp_path_factory.mktemp('cells')
  shifts = {'single': 0, 'soft_l2': 0.1, 'cross_stitch': -0.1, 'a|<b>': 0}
  changes = {'seeds': list(range(8)), 'tasks': fake.tasks(6, 2)}
  return [fake.cell(folder, s, x, **changes) for s, x in shifts.items()]


@pytest.fixture(scope='module')
def frame(cells):
  return tables.rows(cells)


@pytest.mark.parametrize(
  ('interval', 'text'),
  [
    ((0.7123, 0.6913, 0.7333), '0.712 ± 0.021'),
    ((0.7123, 0.6123, 0.8123), '0.71 ± 0.10'),
    ((1234.5, 1200.0, 1269.0), '1234 ± 34'),
    ((1e-7, 0.9e-7, 1.1e-7), '1e-07 ± 1e-08'),
    ((0.71234, float('nan'), float('nan')), '0.7123'),
    ((0.4421, 0.4421 - 1e-16, 0.4421 + 1e-16), '0.4421'),
    ((float('nan'),) * 3, '–'),
  ],
)
def test_digits_follow_the_interval(interval, text):
  assert layout.with_interval(*interval) == text


@pytest.mark.parametrize(
  ('value', 'text'),
  [
    (None, '–'),
    (3.2, '3.2'),
    (999.6, '1k'),
    (12345, '12.3k'),
    (4.5e6, '4.5M'),
    (2.35e9, '2.35G'),
    (0.0123, '0.0123'),
  ],
)
def test_human_units(value, text):
  assert layout.human(value) == text


def test_markdown_is_one_table(cells, frame):
  lines = tables.markdown(cells, frame).splitlines()
  start = next(i for i, line in enumerate(lines) if line.startswith('|'))
  table = lines[start : lines.index('', start)]
  # Header and rule above, the smallest differences below.
  assert len(table) == 3 + len(cells)
  widths = {len(re.findall(r'(?<!\\)\|', line)) for line in table}
  assert len(widths) == 1
  assert 'cd4_0 rmse ↓' in table[0]
  assert 'death_0 auc ↑' in table[0]
  by_name = {line.split()[1]: line for line in table}
  assert '▲' in by_name['soft_l2']
  assert '▼' in by_name['cross_stitch']
  assert '▲' not in by_name['single']


def test_latex_escapes_names(cells, frame):
  text = tables.latex(cells, frame)
  assert r'soft\_l2 & ' in text
  assert re.search(r'(?<!\\)_', text) is None
  assert re.search(r'(?<!\\)%', text) is None
  assert text.isascii()
  for name in ('tabular', 'table*'):
    opened = text.count(f'\\begin{{{name}}}')
    assert opened == text.count(f'\\end{{{name}}}') > 0


@pytest.mark.parametrize('width', [100, 140])
def test_the_console_keeps_its_width(cells, frame, width):
  file = io.StringIO()
  screen = Console(file=file, width=width, color_system=None)
  screen.print(tables.console(cells, frame, width))
  shown = file.getvalue()
  assert max(map(len, shown.splitlines())) <= width
  assert '…' not in shown
  assert shown.count('cross_stitch') > 1  # in blocks, each with the names
  for text in (shown, tables.plain(cells, frame, width)):
    assert max(map(len, text.splitlines())) <= width
    for line in layout.readable(cells, frame).body:
      assert all(entry in text for entry in line)


def test_off_a_terminal_the_table_is_plain(cells, frame):
  file = io.StringIO()
  tables.show(cells, frame, file)
  assert file.getvalue() == tables.plain(cells, frame) + '\n'
  raw = io.BytesIO()
  ascii_only = io.TextIOWrapper(raw, encoding='ascii')
  tables.show(cells, frame, ascii_only)
  ascii_only.flush()
  assert b'+-' in raw.getvalue()


@pytest.fixture(scope='module')
def workdir(cells, tmp_path_factory):
  folder = tmp_path_factory.mktemp('workdir')
  page.write(cells, folder, 'compare --x="<y>"')
  return folder


def test_all_files_are_written(workdir):
  names = {p.relative_to(workdir).as_posix() for p in workdir.rglob('*.*')}
  vector = ('curve_differences', 'quality_vs_parameters')
  expected = {f'figures/{name}.png' for name in ('differences', 'curves')}
  expected |= {f'figures/{n}.{kind}' for n in vector for kind in ('png', 'svg')}
  assert names == expected | {
    'table.md',
    'table.csv',
    'table.tex',
    'report.html',
  }


def test_the_page_needs_nothing_else(workdir):
  html = (workdir / 'report.html').read_text()
  # Curves; the others are elements of the page.
  assert html.count('src="data:image/png;base64,') == 1
  assert html.count('<svg role="img" aria-label="Δm against cost: ') == 1
  assert re.search(r'(src|href)="(?!data:|#)', html) is None
  assert '<script src' not in html
  assert '//' not in re.sub(r'base64,[^"]*', '', html)
  assert 'a|&lt;b&gt;' in html
  assert 'compare --x=&#34;&lt;y&gt;&#34;' in html


def page_with(folder, **changes) -> str:
  cells = [fake.cell(folder / 'cells', 'single', **changes)]
  return page.html(cells, tables.rows(cells), {})


def test_the_page_shows_the_card_of_the_data(tmp_path):
  card = {
    'name': 'fake',
    'source': 'nowhere',
    'licence': 'MIT',
    'citation': 'Nobody, 2020',
    'split_rule': '3:1:1 by <patient>',
    'counts': {'train': 100, 'train/cd4_0': 100, 'train/cd4_1': 80},
    'notes': 'cd4_1 is masked',
  }
  html = page_with(tmp_path, card=card)
  assert '<h2>Data</h2>' in html
  assert '<dt>split rule</dt><dd>3:1:1 by &lt;patient&gt;' in html
  assert '<dt>notes</dt><dd>cd4_1 is masked' in html
  assert '<dd>train 100; known labels: train/cd4_1 80<' in html


def test_the_page_without_a_card_has_no_data_section(tmp_path):
  assert '<h2>Data</h2>' not in page_with(tmp_path)
  assert '<h2>Data</h2>' not in page_with(tmp_path / 'empty', card=None)


@pytest.mark.parametrize(
  ('schemes', 'tasks'), [(1, 1), (2, 2), (12, 12), (40, 2)]
)
def test_pictures_of_any_size(tmp_path, schemes, tasks):
  names = ['single', 'reference', *(f'scheme_{i}' for i in range(38))]
  described = fake.tasks(tasks - 1, 1)
  cells = [
    fake.cell(tmp_path / 'cells', n, tasks=described) for n in names[:schemes]
  ]
  page.write(cells, tmp_path)
  sizes = [p.stat().st_size for p in tmp_path.glob('figures/*.png')]
  assert len(sizes) == 4
  assert min(sizes) > 1000


def test_rows_with_failures_can_be_drawn(tmp_path):
  head = fake.header('hard', seeds=[0])
  cells = [
    fake.cell(tmp_path / 'cells', 'single'),
    fake.write(tmp_path / 'cells/hard', head, fake.ended_badly(0, 0)),
  ]
  page.write(cells, tmp_path)
  assert 'failed at step 312' in (tmp_path / 'report.html').read_text()


def test_a_line_cut_by_a_crash_does_not_swallow_the_next(tmp_path):
  records.append(tmp_path, {'kind': 'a'})
  with open(tmp_path / 'records.jsonl', 'a') as file:
    file.write('{"kind": "cut of')
  records.append(tmp_path, {'kind': 'b'})
  assert [r['kind'] for r in records.read(tmp_path)] == ['a', 'b']


def test_the_report_does_not_import_jax():
  code = (
    'import sys; from mtl_jax.report.compare import page, tables; '
    'sys.exit(any(m in sys.modules for m in ("jax", "flax", "tensorflow")))'
  )
  assert subprocess.run([sys.executable, '-c', code]).returncode == 0
