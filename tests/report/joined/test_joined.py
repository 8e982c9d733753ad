"""Tables of several data sets are joined, or refused in one line."""

import numpy as np
import pandas as pd
import pytest

from mtl_jax.errors import InputError
from mtl_jax.report.agreement import ordered
from mtl_jax.report.compare import shown
from mtl_jax.report.compare.rows import COLUMNS, rows
from mtl_jax.report.joined import findings, join, long_table, page
from mtl_jax.report.results import REFERENCES
from tests.report import fake

SETS = ('patients', 'texts', 'digits')


def workdir(folder, schemes=('single', 'hard', 'mmoe'), **changes):
  """A workdir of synthetic records; `hard` is worse than `single`."""
  for scheme in schemes:
    balancer = '' if scheme in REFERENCES else 'equal'
    shift = -0.05 if scheme == 'hard' else 0.0
    name = {'dataset': folder.name, 'balancer': balancer} | changes
    fake.cell(folder / 'cells', scheme, shift, len(folder.name), **name)
  return folder


@pytest.fixture(scope='module')
def three(tmp_path_factory):
  folder = tmp_path_factory.mktemp('out')
  with_more = ('single', 'hard', 'mmoe', 'reference', 'mtan')
  return [
    workdir(folder / SETS[0], with_more, split='resplit'),
    workdir(folder / SETS[1], with_more[:4]),
    workdir(folder / SETS[2], with_more),
  ]


@pytest.fixture(scope='module')
def found(three):
  return findings.find(join.load(three))


def test_rows_are_those_of_every_table(three):
  joined = join.load(three)
  assert joined.labels == ('reference', 'hard', 'mmoe')
  assert joined.left_out == {'mtan': 'not in texts'}


def test_numbers_of_a_data_set_are_those_of_its_table(three, found):
  for path in three:
    table = rows(shown.load(path))
    table = table[table['task'] == 'ALL'].set_index('scheme')
    own = found.deltas[found.deltas['dataset'] == path.name].set_index('row')
    for label in found.joined.labels:
      for name in ('mean', 'ci_low', 'ci_high', 'p_holm', 'verdict'):
        assert own.loc[label, name] == table.loc[label, name]


def test_paired_scores_differ_by_delta_m(three, found):
  """So that all parts of the report speak of one quantity."""
  for own in found.joined.sets:
    pair = findings.pair(own, own.cell('hard'))
    mean = found.deltas.set_index(['dataset', 'row']).loc[(own.name, 'hard')]
    assert np.mean(pair.own - pair.base) == pytest.approx(mean['mean'])
    assert pair.base.mean() == pytest.approx(0, abs=1e-9)
    assert pair.overlap == (0.25 if own.name == 'patients' else 0.0)


def test_what_harms_everywhere_is_found_over_data_sets_but_not_by_ranks(found):
  assert found.verdict('hard') == 'worse'
  assert found.verdict('mmoe') != 'worse'
  assert found.improvements['hard']['P(X > Y), same split'].high < 0.5
  assert not found.ranking.decisive
  assert found.ranking.labels == ('single', 'hard', 'mmoe')
  assert set(found.ranking.ranked[:, 1]) == {3}


def test_linear_models_and_trees_are_not_ranked(tmp_path):
  names = ('single', 'hard', 'reference', 'trees')
  sets = [workdir(tmp_path / name, names) for name in SETS[:2]]
  own = findings.find(join.load(sets))
  assert own.joined.labels == ('reference', 'trees', 'hard')
  assert own.ranking.labels == ('single', 'hard')


def test_the_margin_is_that_of_each_data_set_too(tmp_path):
  sets = [workdir(tmp_path / name) for name in SETS[:2]]
  joined = join.load(sets)
  verdicts = [
    set(findings.find(joined, margin).deltas['verdict'])
    for margin in (1.0, 50.0)
  ]
  assert 'equivalent' not in verdicts[0]
  assert 'equivalent' in verdicts[1]


def test_equal_rows_are_equivalent(tmp_path):
  """Runs that differ by rounding at most are within every margin."""
  for name in SETS:
    folder = tmp_path / name / 'cells'
    for scheme in ('single', 'hard'):
      head = fake.header(scheme, dataset=name)
      fake.write(
        folder / scheme, head, *fake.draw(np.random.default_rng(0), head)
      )
  found = findings.find(join.load([tmp_path / name for name in SETS]))
  assert found.verdict('hard') == 'equivalent'
  assert found.improvements['hard']['P(X > Y), same split'].value == 0.5


def test_the_page_begins_each_part_with_its_answer(three, tmp_path):
  page.write(join.load(three), tmp_path, 'python -m experiments.report')
  text = (tmp_path / 'joined.md').read_text()
  assert 'Left out: mtan (not in texts).' in text
  assert 'texts, digits: seeds on one split' in text
  for answer in (
    '\n\nOf 9 comparisons with single',
    '\n\nOver 3 data sets, worse than single: hard (',
    '\n\n3 data sets are too few for any verdict from signed ranks',
    ' is the most likely to beat single on the same split',
  ):
    assert answer in text
  for name in ('delta_m', 'critical_difference'):
    assert (tmp_path / 'figures' / f'{name}.png').stat().st_size > 1e4
    assert f'(figures/{name}.png)' in text
  html = (tmp_path / 'report.html').read_text()
  assert html.count('data:image/png;base64') == 2
  frame = pd.read_csv(tmp_path / 'joined.csv', keep_default_na=False)
  assert list(frame.columns) == list(long_table.COLUMNS)
  assert set(frame['part']) == {'delta_m', 'effect', 'ranks', 'improvement'}


def test_a_table_is_read_as_it_was_shown(tmp_path):
  """Also where its rows are not those of its cells, as after tuning."""
  folder = workdir(tmp_path / 'a', ('single', 'hard', 'mmoe', 'reference'))
  single, tuned, *_ = ordered(shown.load(folder))[1:]
  tuned = tuned._replace(
    header={**tuned.header, 'scheme': 'hard tuned', 'hash': 'one two'},
    setting=tuned.setting[1:],
  )
  shown.write([single, tuned], folder)
  columns = ['scheme', 'task', 'metric', 'n_seeds', *COLUMNS[7:16]]
  pd.testing.assert_frame_equal(
    rows(shown.load(folder))[columns], rows([single, tuned])[columns]
  )
  (folder / shown.FILE).write_text('{}')
  assert 'cannot be read' in refused(folder, tmp_path)


def refused(*workdirs):
  with pytest.raises(InputError) as error:
    join.load(workdirs)
  assert '\n' not in str(error.value)
  return str(error.value)


def test_what_is_no_table_is_refused(three, tmp_path):
  first = three[0]
  assert 'only' in refused(first)
  assert 'twice' in refused(first, f'{first.parent}/./{first.name}')
  assert 'no such folder' in refused(first, tmp_path / 'none')
  assert 'no cells' in refused(first, tmp_path)
  cut = workdir(tmp_path / 'cut')
  lines = (cut / 'cells' / 'hard' / 'records.jsonl').read_text().splitlines()
  (cut / 'cells' / 'hard' / 'records.jsonl').write_text('\n'.join(lines[:-1]))
  assert 'hard: the records are not complete' in refused(first, cut)
  (cut / 'cells' / 'hard' / 'records.jsonl').write_text('{]\n{}')
  assert 'records.jsonl is damaged (line 1' in refused(first, cut)


def test_tables_that_do_not_fit_are_refused(three, tmp_path):
  first = three[0]
  bare = workdir(tmp_path / 'bare', ('hard', 'mmoe'))
  assert "bare: the baseline, scheme 'single'" in refused(first, bare)
  other = workdir(tmp_path / 'other', ('single', 'film'))
  assert 'no scheme but single' in refused(three[1], other)
  one = workdir(tmp_path / 'one', seeds=[0])
  assert 'one: single has 1 seeds' in refused(first, one)


def test_a_data_set_counts_once(three, tmp_path):
  name = {'dataset': SETS[0], 'split': 'resplit'}
  again = workdir(tmp_path / 'wide', encoder='resnet', **name)
  assert 'both of patients, which counts once' in refused(three[0], again)
  tasks = fake.tasks()
  tasks[1]['metrics'] = [['r2', True], ['rmse', False]]
  r2 = workdir(tmp_path / 'r2', tasks=tasks, **name)
  line = refused(three[0], r2)
  assert 'different metrics: task cd4_1 has rmse in one and r2' in line


def test_rows_drawn_anew_are_other_data(tmp_path):
  def world(name, related):
    comparable = {'dataset': {'synthetic': {'related': related}}, 'steps': 9}
    return workdir(
      tmp_path / name, dataset='synthetic', split='drawn', comparable=comparable
    )

  near, far, twin = world('near', 0.9), world('far', 0.1), world('twin', 0.1)
  names = [own.name for own in join.load([near, far]).sets]
  assert names == ['synthetic (near)', 'synthetic (far)']
  assert 'counts once' in refused(far, twin)
