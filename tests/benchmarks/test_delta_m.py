"""Published Delta_m against its own rows, in both conventions."""

import pathlib
import sys

import pytest

from benchmarks import results
from benchmarks.delta_m import __main__, arithmetic, page, rows, tables
from experiments.made import answering
from mtl_jax.report import relative

FOLDER = pathlib.Path(__file__).parents[2] / 'docs' / 'results' / 'delta_m'
TABLES = {table.name: table for table in tables.load()}

# Delta_m and Delta_p of the printed cells by a separate implementation.
NYUV2 = {
  'LS': (5.59, 0.88), 'SI': (4.39, 1.64), 'RLW': (7.78, -2.16),
  'DWA': (3.57, 1.93), 'UW': (4.06, 0.91), 'MGDA': (1.38, -1.66),
  'PCGrad': (3.97, 1.11), 'GradDrop': (3.58, 2.07), 'CAGrad': (0.19, 4.33),
  'IMTL-G': (-0.60, 4.77), 'Nash-MTL': (-4.05, 7.65), 'MoCo': (0.17, 4.85),
  'FAMO': (-4.03, 6.69), 'Aligned': (-4.77, 8.16),
  'GradNorm': (7.37, -11.74), 'GradVac': (5.76, -0.49),
  'Cross-Stitch': (6.95, -0.44),
}  # fmt: skip
CITYSCAPES = {
  'LS': 22.62, 'SI': 14.07, 'RLW': 24.37, 'DWA': 21.43, 'UW': 5.88,
  'MGDA': 44.14, 'PCGrad': 18.21, 'GradDrop': 23.67, 'CAGrad': 11.58,
  'IMTL-G': 11.04, 'Nash-MTL': 6.72, 'MoCo': 10.00, 'FAMO': 8.13,
  'Cross-Stitch': 90.09,
}  # fmt: skip
QM9 = {
  'LS': 177.4, 'SI': 77.7, 'RLW': 203.6, 'DWA': 174.8, 'UW': 107.7,
  'MGDA': 120.4, 'PCGrad': 125.7, 'CAGrad': 112.6, 'IMTL-G': 77.0,
  'Nash-MTL': 61.8,
}  # fmt: skip
DISAGREE = {
  ('nyuv2', 'IMTL-G'), ('qm9', 'DWA'), ('qm9', 'UW'), ('office_home', 'CAGrad'),
}  # fmt: skip


def checks(name):
  table = TABLES[name]
  return {row.method: arithmetic.check(table, row) for row in table.rows}


def test_recomputed_columns_are_the_golden_ones():
  for name, golden, tolerance in (
    ('nyuv2', {k: v[0] for k, v in NYUV2.items()}, 0.0051),
    ('cityscapes', CITYSCAPES, 0.0051),
    ('qm9', QM9, 0.0510),
  ):
    found = checks(name)
    assert set(found) == {'STL', *golden}
    for method, value in golden.items():
      assert found[method].delta_m == pytest.approx(value, abs=tolerance)
  found = checks('nyuv2')
  for method, (_, delta_p) in NYUV2.items():
    assert found[method].delta_p == pytest.approx(delta_p, abs=0.0051)


def test_the_rows_that_disagree_are_those_known():
  found = {
    (name, method)
    for name in TABLES
    for method, check in checks(name).items()
    if check.verdict == 'disagrees'
  }
  assert found == DISAGREE
  means = {
    (table.name, row.method)
    for table, row, check in rows.named([*TABLES.values()])
    if check.mean_off is not None
  }
  assert means == {('office31', 'DWA'), ('office_home', 'CAGrad')}


def test_conventions_differ_by_sign_where_tasks_have_equally_many_metrics():
  assert {name for name, table in TABLES.items() if not table.even} == {
    *('nyuv2', 'nyuv2_deeplab')
  }
  for name, table in TABLES.items():
    sums = [
      c.delta_m + c.delta_p for m, c in checks(name).items() if m != 'STL'
    ]
    if table.even:
      assert sums == pytest.approx([0] * len(sums), abs=1e-9)
    else:
      assert min(map(abs, sums)) > 0.2


def test_delta_p_is_that_of_the_reports():
  table = TABLES['nyuv2']
  base = [[float(cell) for cell in table.base]]
  for row in table.rows:
    values = [[float(cell) for cell in row.cells]]
    own = relative.paired_delta_m(values, base, table.higher, table.groups)
    check = arithmetic.check(table, row)
    assert own.per_seed[0] == pytest.approx(check.delta_p)


def test_a_bound_is_what_the_worst_rounding_gives():
  # Cells 1.0 and 2.00 of base 2 and 4: half units .05 and .005.
  row = tables.Row('a', ('1.0', '2.00'), '-50.0', '', 'seen', '', '')
  table = TABLES['office31']._replace(
    base=('2', '4'), base_exact=True, higher=(True, True),
    groups=((0,), (1,)), metrics=('x', 'y'), rows=(row,),
  )  # fmt: skip
  check = arithmetic.check(table, row)
  assert check.bound == pytest.approx(100 * (0.05 / 2 + 0.005 / 4) / 2 + 0.05)
  assert check.difference == pytest.approx(0)
  worst = row._replace(cells=('1.05', '2.005'))
  moved = arithmetic.delta(table, worst, 'P') - check.delta_p
  assert moved == pytest.approx(check.bound - 0.05)
  # A rounded base widens it: 1.05 / 1.5 is .2 above 1 / 2.
  rounded = arithmetic.check(table._replace(base_exact=False), row)
  assert rounded.bound > check.bound
  assert arithmetic.repairs(table, row._replace(printed='-40.0')) == {
    'x': pytest.approx(1.4), 'y': pytest.approx(2.8)
  }  # fmt: skip


def test_the_page_is_made_of_the_published_rows(tmp_path):
  published = tables.load()
  page.write(tmp_path, published)
  results.write(tmp_path / 'delta_m.csv', rows.rows(published))
  for name in ('README.md', 'delta_m.csv'):
    assert (tmp_path / name).read_text() == (FOLDER / name).read_text()
  answer = answering.read((tmp_path / 'README.md').read_text(), 'In words')
  assert answer.startswith('63 of 67 printed values follow from the cells of')
  # Recalled figures are in no table.
  assert {r.mark for t in published for r in t.rows} == {'seen', 'second-hand'}
  assert 'FAMO' not in {r.method for r in TABLES['qm9'].rows}


@pytest.mark.parametrize(
  ('arguments', 'message'),
  [
    (['--outt=x'], 'unrecognized arguments: --outt=x'),
    (['more'], 'unrecognized arguments: more'),
    (['--out={}/file'], 'file: File exists; name a folder'),
  ],
)
def test_bad_input_ends_with_one_line(
  tmp_path, monkeypatch, capsys, arguments, message
):
  (tmp_path / 'file').touch()
  given = [argument.format(tmp_path) for argument in arguments]
  monkeypatch.setattr('sys.argv', ['delta_m', *given])
  with pytest.raises(SystemExit) as ended:
    sys.exit(__main__.main())
  error = capsys.readouterr().err
  assert ended.value.code == 2
  assert error.count('\n') == 1
  assert message in error


def test_a_table_whose_columns_do_not_fit_is_refused(tmp_path):
  (tmp_path / 'tables.toml').write_text(
    '[[table]]\nname = "x"\nlabel = "X"\ntitle = "X"\nconvention = "N"\n'
    'base = ["1"]\nbase_exact = true\nbase_source = ""\nhigher = [true]\n'
    'groups = [[0]]\n'
  )
  (tmp_path / 'x.csv').write_text(
    'method,a,b,printed,mark,source\nm,1,2,,s,t\n'
  )
  with pytest.raises(ValueError, match=r'x: base, higher and groups .* 2'):
    tables.load(tmp_path)
