"""The frame: columns, selection, failures, pairing, correction."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from mtl_jax.errors import InputError
from mtl_jax.report.compare import tables
from mtl_jax.report.compare.above import above
from mtl_jax.report.compare.notes import notes
from tests.report import fake

ONE = [{'name': 'cd4', 'kind': 'regression', 'metrics': [['rmse', False]]}]
COLUMNS = (
  'dataset,scheme,balancer,task,metric,higher_is_better,n_seeds,mean,std,'
  'ci_low,ci_high,diff,diff_ci_low,diff_ci_high,p_value,p_holm,verdict,params,'
  'flops_per_step,steps_per_second,seconds,diff_std,margin,p_equivalent,'
  'p_equivalent_holm,detectable,worst_task,without_low_task,without_high_task,'
  'worst_change,harmed,harmed_shown,mean_rank,delta_m_chance,'
  'delta_m_chance_low,delta_m_chance_high,delta_m_without_low,'
  'delta_m_without_high,delta_m_model,delta_m_model_low,delta_m_model_high,'
  'predict_flops,peak_memory,steps_to_single,seconds_to_single,'
  'test_train_loss,draws'
)


def one(value: float, **more) -> dict:
  return {'cd4': {'rmse': value, 'loss': value**2, **more}}


def simple(folder, scheme: str, values, **changes):
  """A cell of one task whose test RMSE is `values`; None is a failed seed."""
  head = fake.header(scheme, tasks=ONE, seeds=list(range(len(values))))
  lines = [
    fake.ended_badly(i, i) if v is None else fake.ended_well(i, i, one(v))
    for i, v in enumerate(values)
  ]
  return fake.write(folder / scheme, head | changes, *lines, fake.cost())


def line_of(frame: pd.DataFrame, scheme: str, metric: str) -> pd.Series:
  found = frame[(frame['scheme'] == scheme) & (frame['metric'] == metric)]
  assert len(found) == 1
  return found.iloc[0]


def test_the_columns_and_the_rows(tmp_path):
  cells = [fake.cell(tmp_path, s) for s in ('hard', 'single')]
  frame = tables.rows(cells)
  tables.write_csv(frame, tmp_path / 'table.csv')
  first = (tmp_path / 'table.csv').read_text().splitlines()[0]
  assert first == COLUMNS
  assert ','.join(frame.columns) == COLUMNS
  assert len(frame) == 2 * (3 + 3 + 2 + 1)
  keys = frame[['scheme', 'balancer', 'task', 'metric']]
  assert not keys.duplicated().any()
  single = frame[frame['scheme'] == 'single']
  assert (single['verdict'] == '').all()
  empty = ['diff', 'diff_ci_low', 'diff_ci_high', 'p_value', 'p_holm']
  assert single[empty].isna().all(axis=None)


def test_differences_by_hand(tmp_path):
  base, values = [1.0, 1.2, 0.8, 1.1], [0.9, 1.0, 0.7, 1.0]
  cells = [simple(tmp_path, 'single', base), simple(tmp_path, 'hard', values)]
  frame = tables.rows(cells)
  row = line_of(frame, 'hard', 'rmse')
  assert row['diff'] == pytest.approx(-0.125)
  p = scipy_stats.ttest_rel(values, base).pvalue
  assert row['p_value'] == pytest.approx(p)
  delta = line_of(frame, 'hard', 'delta_m')
  # 100 * 0.125 / 1.025. With one task it is the same test; where Delta_m
  # differs its one task does, so that neither is corrected.
  assert delta['mean'] == delta['diff'] == pytest.approx(12.195122)
  assert delta['p_value'] == pytest.approx(p)
  assert row['p_holm'] == delta['p_holm'] == pytest.approx(p)
  assert row['verdict'] == delta['verdict'] == 'better'
  own = line_of(frame, 'single', 'delta_m')
  assert own['mean'] == 0
  assert np.isnan([own['std'], own['ci_low'], own['ci_high']]).all()


def test_delta_m_by_hand_over_two_tasks(tmp_path):
  base = {'a': {'rmse': 2.0}, 'b': {'auc': 0.8}}
  other = {'a': {'rmse': 1.5}, 'b': {'auc': 0.7}}
  described = [
    {'name': 'a', 'kind': 'regression', 'metrics': [['rmse', False]]},
    {'name': 'b', 'kind': 'binary', 'metrics': [['auc', True]]},
  ]
  cells = [
    fake.write(
      tmp_path / scheme,
      fake.header(scheme, tasks=described),
      *[fake.ended_well(i, i, values) for i in range(2)],
    )
    for scheme, values in (('single', base), ('hard', other))
  ]
  row = line_of(tables.rows(cells), 'hard', 'delta_m')
  assert row['mean'] == pytest.approx((25 - 12.5) / 2)


def test_the_split_decides_the_test(tmp_path):
  base, values = [1.0, 1.2, 0.8, 1.1], [0.9, 1.0, 0.7, 1.0]
  p_values = []
  for split in ('fixed', 'resplit', 'drawn'):
    cells = [
      simple(tmp_path / split, 'single', base, split=split),
      simple(tmp_path / split, 'hard', values, split=split),
    ]
    row = line_of(tables.rows(cells), 'hard', 'rmse')
    p_values.append(row['p_value'])
  # 25 test rows over 100 training rows: variance times 1 + 4 * 0.25 = 2.
  t = scipy_stats.ttest_rel(values, base).statistic / 2**0.5
  assert p_values[1] == pytest.approx(2 * scipy_stats.t.sf(abs(t), 3))
  assert p_values[0] < p_values[1]
  # Rows of one seed are none of another's: nothing overlaps.
  assert p_values[2] == p_values[0]


def test_a_setting_is_selected_on_validation(tmp_path):
  good, bad = {'lr': 0.1}, {'lr': 0.2}
  settings = [(good, 0.5, 2.0), (bad, 0.6, 1.0)]  # hp, score, test
  lines = [
    fake.ended_well(2 * s + i, s, one(test), score, hp)
    for s in range(3)
    for i, (hp, score, test) in enumerate(settings)
  ]
  head = fake.header('hard', tasks=ONE)
  cells = [
    simple(tmp_path, 'single', [1.0, 1.0, 1.0]),
    fake.write(tmp_path / 'hard', head, *lines),
  ]
  assert line_of(tables.rows(cells), 'hard', 'rmse')['mean'] == 2
  assert 'hard: chosen among 2 settings: lr 0.1' in ' '.join(notes(cells))


def with_hp(folder, scheme: str, steps=(200, 200), **hp):
  """A cell of two tasks whose runs keep the parameters of `steps`."""
  described = fake.tasks(1, 1)
  best = dict(zip(('cd4_0', 'death_0'), steps, strict=True))
  head = fake.header(scheme, tasks=described)
  lines = [
    line | {'hp': fake.HP | hp, 'best_step': best}
    for line in fake.draw(np.random.default_rng(0), head)
  ]
  return fake.write(folder / scheme, head, *lines)


def test_the_budget_names_what_the_schemes_share(tmp_path):
  cells = [
    with_hp(tmp_path, 'single', clip=0.0, penalty=0.01),
    with_hp(tmp_path, 'hard', clip=0.0, penalty=0.01),
    with_hp(tmp_path, 'soft_l2', clip=0.0, penalty=0.1),
  ]
  text = ' '.join(above(cells[:2]))
  assert 'steps 300, batch_size 8, lr 0.001, weight_decay 0, penalty' in text
  assert 'the rest in the notes' not in text
  assert not notes(cells[:2])
  text = ' '.join(above(cells[:3]))
  assert 'lr 0.001, weight_decay 0; the rest in the notes.' in text
  for idle in ('clip', 'task_weights', 'penalty'):
    assert idle not in text
  assert 'soft_l2: penalty 0.1' in notes(cells[:3])
  assert len(notes(cells[:3])) == 3


def test_runs_that_stopped_early_are_counted(tmp_path):
  head = fake.header('single')
  head['comparable'] = head['comparable'] | {'patience': 3}
  lines = fake.draw(np.random.default_rng(0), head)
  for line, step in zip(lines, (100, 120, 200), strict=False):
    line['stopped_step'] = step
  cells = [fake.write(tmp_path / 'single', head, *lines)]
  assert 'batch_size 8, patience 3' in ' '.join(above(cells))
  (note,) = notes(cells)
  assert note.startswith('Runs that stopped early, after 3 evaluations')
  assert note.endswith('single 3 of 5 (median step 120)')


def test_the_budget_names_a_reference_no_hp(tmp_path):
  head = fake.header('reference', balancer='', tasks=ONE)
  lines = [fake.ended_well(i, i, one(1.0), hp={}) for i in range(2)]
  cells = [
    simple(tmp_path, 'single', [1.0, 2.0]),
    fake.write(tmp_path / 'reference', head, *lines),
  ]
  assert 'lr 0.001, weight_decay 0. ' in ' '.join(above(cells))
  assert not notes(cells)


def test_weights_and_clipping_that_act_are_named(tmp_path):
  hp = {'clip': 1.0, 'task_weights': [0.5, 1.5]}
  text = ' '.join(above([with_hp(tmp_path, 'single', **hp)]))
  assert 'task_weights (0.5, 1.5), clip 1' in text


def test_a_selected_setting_is_named_once(tmp_path):
  head = fake.header('hard', tasks=ONE)
  lines = [
    fake.ended_well(i, 0, one(1.0), i, fake.HP | {'lr': 0.1 + i})
    for i in range(2)
  ]
  cells = [
    simple(tmp_path, 'single', [1.0]),
    fake.write(tmp_path / 'hard', head, *lines),
  ]
  said = notes(cells)
  assert said[0] == 'single: lr 0.001'
  assert said[1] == 'hard: chosen among 2 settings: lr 0.1'
  assert len(said) == 2


def test_schemes_that_keep_a_step_per_task_are_named(tmp_path):
  cells = [
    with_hp(tmp_path, 'single', steps=(100, 200)),
    with_hp(tmp_path, 'hard'),
  ]
  assert 'are separate (single); ' in ' '.join(above(cells))
  alone = with_hp(tmp_path / 'alone', 'single')
  assert 'are separate; ' in ' '.join(above([alone]))


def test_a_setting_that_fails_ranks_behind(tmp_path):
  good, failing = {'lr': 0.1}, {'lr': 0.2}
  lines = [fake.ended_well(i, i, one(1.0), 0.5, good) for i in range(3)]
  lines += [fake.ended_well(3 + i, i, one(1.0), 0.1, failing) for i in (0, 1)]
  lines += [fake.ended_badly(5, 2, failing)]
  cell = fake.write(tmp_path, fake.header(tasks=ONE), *lines)
  assert cell.setting[0].hp == good


def test_failed_seeds_are_dropped_by_pair(tmp_path):
  cells = [
    simple(tmp_path, 'single', [1.0, 2.0, None, 4.0]),
    simple(tmp_path, 'hard', [1.5, None, 3.0, 4.0]),
  ]
  row = line_of(tables.rows(cells), 'hard', 'rmse')
  assert row['n_seeds'] == 3
  assert row['diff'] == pytest.approx(0.25)  # seeds 0 and 3
  said = ' '.join(notes(cells))
  assert 'hard: seed 1 failed at step 312' in said
  assert 'hard: compared with single on 2 common seeds' in said
  markdown = tables.markdown(cells, tables.rows(cells))
  assert '| 1/4 |' in markdown


def test_a_scheme_that_always_fails_keeps_its_row(tmp_path):
  cells = [
    simple(tmp_path, 'single', [1.0, 2.0]),
    simple(tmp_path, 'hard', [None, None]),
  ]
  frame = tables.rows(cells)
  row = line_of(frame, 'hard', 'rmse')
  assert row['n_seeds'] == 0
  assert row['verdict'] == 'undecided'
  assert '| hard | – | – |' in tables.markdown(cells, frame)


def test_a_metric_without_a_value_drops_its_seed(tmp_path):
  cells = [
    simple(tmp_path, 'single', [1.0, 2.0, 3.0]),
    simple(tmp_path, 'hard', [1.0, float('nan'), 3.5]),
  ]
  row = line_of(tables.rows(cells), 'hard', 'rmse')
  assert row['n_seeds'] == 2
  assert row['diff'] == pytest.approx(0.25)


def test_repeated_records_count_once(tmp_path):
  head = fake.header(tasks=ONE)
  first = [fake.ended_well(0, 0, one(9.0)), fake.ended_well(0, 0, one(1.0))]
  evals = [
    {'kind': 'eval', 'run': 0, 'step': step, 'valid': one(value)}
    for step, value in ((100, 9.0), (200, 0.5), (100, 0.7))
  ]
  cell = fake.write(tmp_path, head, head, *evals, *first)
  assert cell.values('cd4', 'rmse') == {0: 1.0}
  curve = [(e.step, e.valid['cd4']['rmse']) for e in cell.runs[0].curve]
  assert curve == [(100, 0.7), (200, 0.5)]


def test_cells_of_two_questions_are_refused(tmp_path):
  other = {'dataset': {'fake': {}}, 'steps': 999, 'batch_size': 8}
  cells = [
    fake.cell(tmp_path, 'single'),
    fake.cell(tmp_path, 'hard', comparable=other),
  ]
  with pytest.raises(InputError) as error:
    tables.rows(cells)
  text = str(error.value)
  assert '\n' not in text
  for part in ('steps', '300', '999', "'single'", "'hard'"):
    assert part in text


def test_the_baseline_is_required(tmp_path):
  with pytest.raises(InputError, match='baseline'):
    tables.rows([fake.cell(tmp_path, 'hard')])
  failed = simple(tmp_path, 'single', [None, None])
  with pytest.raises(InputError, match='all its runs failed'):
    tables.rows([failed])
  with pytest.raises(InputError, match='baseline'):
    tables.rows([])


def test_cells_that_are_not_finished_or_doubled_are_refused(tmp_path):
  with pytest.raises(InputError, match='not complete'):
    tables.load(tmp_path)
  single = fake.cell(tmp_path, 'single')
  with pytest.raises(InputError, match='two cells have the same name'):
    tables.rows([single, single])


def test_the_order_of_cells_changes_no_number(tmp_path):
  names = ['mmoe', 'trees', 'reference', 'single', 'hard']
  cells = [fake.cell(tmp_path, n, 0.03 * i) for i, n in enumerate(names)]
  frame, turned = tables.rows(cells), tables.rows(cells[::-1])
  order = frame['scheme'].drop_duplicates().tolist()
  assert order == ['reference', 'trees', 'single', 'mmoe', 'hard']
  keys = ['scheme', 'task', 'metric']
  pd.testing.assert_frame_equal(
    frame.sort_values(keys, ignore_index=True),
    turned.sort_values(keys, ignore_index=True),
  )


def test_the_direction_of_a_verdict(tmp_path):
  seeds = list(range(10))
  cells = [
    fake.cell(tmp_path, 'single', seeds=seeds),
    fake.cell(tmp_path, 'hard', 0.1, seed=1, seeds=seeds),
    fake.cell(tmp_path, 'mmoe', -0.1, seed=2, seeds=seeds),
  ]
  frame = tables.rows(cells)
  # A shift of + raises every metric that is better higher, lowers others.
  assert set(frame[frame['scheme'] == 'hard']['verdict']) == {'better'}
  assert set(frame[frame['scheme'] == 'mmoe']['verdict']) == {'worse'}


def test_a_secondary_metric_waits_for_its_headline(tmp_path):
  cells = [fake.cell(tmp_path, s, 0.02) for s in ('single', 'hard', 'mmoe')]
  frame = tables.rows(cells).dropna(subset=['p_holm'])
  for _, group in frame.groupby(['scheme', 'task']):
    assert (group['p_holm'] >= group['p_holm'].iloc[0]).all()


def test_delta_m_near_zero_is_refused_with_a_note(tmp_path):
  cells = [
    simple(tmp_path, 'single', [1e-5, 1e-5]),
    simple(tmp_path, 'hard', [2e-5, 3e-5]),
  ]
  frame = tables.rows(cells)
  assert np.isnan(line_of(frame, 'hard', 'delta_m')['mean'])
  assert 'Δm is not given: the baseline of cd4 (rmse)' in notes(cells)[0]


def test_costs_that_are_not_known(tmp_path):
  unknown = dict.fromkeys(['params', 'flops_per_step', 'seconds'])
  lines = [fake.ended_well(i, i, one(1.0 + i), hp={}) for i in range(2)]
  head = fake.header('reference', tasks=ONE, balancer='')
  cost = {'kind': 'cost', **unknown}
  cells = [
    simple(tmp_path, 'single', [1.0, 2.0]),
    fake.write(tmp_path / 'reference', head, *lines, cost),
  ]
  frame = tables.rows(cells)
  assert frame[frame['scheme'] == 'reference']['params'].isna().all()
  assert '| – | – | – | – |' in tables.markdown(cells, frame)


def test_what_stands_above_the_table_is_read_at_a_glance(tmp_path):
  cells = [
    fake.cell(tmp_path, scheme, split='resplit')
    for scheme in ('single', 'hard', 'mmoe', 'ple')
  ]
  text = tables.plain(cells, tables.rows(cells))
  above_it, *_ = text.split('\n\n')
  assert len(above_it.splitlines()) <= 14
