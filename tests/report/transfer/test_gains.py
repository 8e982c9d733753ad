"""Gains from hand-made records: signs, tests, tables, groupings, pictures."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct, t

from mtl_jax.errors import InputError
from mtl_jax.report import power, stats
from mtl_jax.report.transfer import (
  affinities,
  choosing,
  from_pairs,
  gain_tables,
  gains,
  grouping,
  groups,
  heatmap,
  negative,
  page,
)
from tests.report import fake

NAMES = ('cd4_0', 'cd4_1', 'death_0')
SEEDS = range(5)
# What the row's task does for the column's, in % of single.
PULL = np.array([[0, 4, -6], [2, 0, 10], [-8, 1, 0]], float)


def value(name, seed, gain=0.0):
  """A headline that is `gain` % better than single's mean over seeds."""
  single = 0.8 + 0.01 * (seed - 2) * (1 + NAMES.index(name))
  sign = 1 if name.startswith('death') else -1
  return single + sign * 0.8 * gain / 100


def line(seed, members, number, run, noise=0.0, placeholders=None):
  gains = pulled(members) + noise
  metric = {n: 'auc' if n.startswith('death') else 'rmse' for n in members}
  found = {
    placeholder: {metric[name]: value(name, seed, gain)}
    for placeholder, name, gain in zip(
      placeholders or members, members, gains, strict=True
    )
  }
  hp = fake.HP if number is None else {**fake.HP, 'group': number}
  return fake.ended_well(run, seed, found, hp=hp)


def pulled(members):
  """The mean pull of the others: what groups of three gain follows pairs."""
  own = [NAMES.index(name) for name in members]
  return PULL[np.ix_(own, own)].sum(0) / (len(own) - 1)


def cell_of(folder, members, noise=0.0):
  """A cell of groups of one shape, as in a workdir."""
  kinds = {t['name']: t for t in fake.tasks()}
  placeholders = [f'slot_{i}' for i in range(len(members[0]))]
  tasks = [
    {**kinds[name], 'name': placeholder}
    for name, placeholder in zip(members[0], placeholders, strict=True)
  ]
  draw = np.random.default_rng(0)
  head = fake.header('hard', tasks=tasks, groups=[list(m) for m in members])
  lines = [
    line(s, m, n, 5 * n + s, noise * draw.normal(size=len(m)), placeholders)
    for n, m in enumerate(members)
    for s in SEEDS
  ]
  fake.write(folder / '-'.join(members[0]), head, *lines)
  return groups.load(folder / '-'.join(members[0]))


@pytest.fixture
def made(tmp_path):
  return build(tmp_path)


def build(folder, order=(0, 1, 2), noise=0.0, split='fixed'):
  names = [NAMES[i] for i in order]
  pairs = [*itertools.combinations(names, 2)]
  found = [
    group
    for own in (*([p] for p in pairs), [tuple(names)])
    for group in cell_of(folder, own, noise)
  ]
  return gains.make(alone(folder / 'single', order, split=split), found)


def alone(folder, order=(0, 1, 2), gain=lambda name, seed: 0.0, split='fixed'):
  """Single is the baseline, whose lines carry no pull."""
  names = [NAMES[i] for i in order]
  head = fake.header('single', tasks=[fake.tasks()[i] for i in order])
  lines = [
    fake.ended_well(
      i,
      s,
      {
        n: {'auc' if n[0] == 'd' else 'rmse': value(n, s, gain(n, s))}
        for n in names
      },
    )
    for i, s in enumerate(SEEDS)
  ]
  return fake.write(folder, head | {'split': split}, *lines)


def test_gains_are_those_that_the_records_were_made_with(made):
  found = gain_tables.matrix(made)
  off = ~np.eye(3, dtype=bool)
  np.testing.assert_allclose(found[off], PULL[off], atol=1e-9)
  assert np.isnan(np.diag(found)).all()


def test_tasks_of_groups_have_their_own_names(tmp_path):
  members = [('cd4_0', 'death_0'), ('cd4_1', 'death_0')]
  first, second = cell_of(tmp_path, members)
  assert (first.members, second.members) == tuple(members)
  assert second.name == 'cd4_1 + death_0'
  values = second.values('test', 'cd4_1', 'rmse')
  assert values == {s: pytest.approx(value('cd4_1', s, 1)) for s in SEEDS}


def test_a_failure_of_a_group_names_the_task(tmp_path):
  described = [{**fake.tasks()[0], 'name': 'slot_0'}]
  head = fake.header('hard', tasks=described, groups=[['cd4_1']])
  failed = fake.ended_badly(0, 0, {**fake.HP, 'group': 0})
  failed['why'] = 'the loss of slot_0 became NaN, not that of slot_01'
  fake.write(tmp_path, head, failed)
  (group,) = groups.load(tmp_path)
  assert (
    group.runs[0].why == 'the loss of cd4_1 became NaN, not that of slot_01'
  )


def test_the_order_of_tasks_orders_the_matrix_and_nothing_else(tmp_path):
  first = build(tmp_path / 'a')
  order = (2, 0, 1)
  second = build(tmp_path / 'b', order)
  for column in ('gain', 'verdict'):
    a, b = (gain_tables.matrix(t, column) for t in (first, second))
    a = a[np.ix_(order, order)]
    off = ~np.eye(3, dtype=bool)
    assert (
      [*a[off]] == pytest.approx([*b[off]])
      if column == 'gain'
      else ([*a[off]] == [*b[off]])
    )
  for budget in (1, 2, 3):
    best = [
      choosing.groupings(t, {}).query(f'budget == {budget}')
      for t in (first, second)
    ]
    np.testing.assert_allclose(best[0].gain, best[1].gain)


def test_tests_are_paired_and_corrected_over_all_lines(tmp_path):
  made = build(tmp_path, noise=3.0)
  frame = made.frame
  assert len(frame) == 3 * 2 + 3
  np.testing.assert_allclose(frame.p_holm, stats.holm([*frame.p_value]))
  row = frame.iloc[0]
  lines = made.long.query(
    f'split == "test" and group == {row.group!r} and task == {row.task!r}'
  )
  test = stats.one_sample(lines.gain, 100.0)
  assert (row.gain, row.ci_low, row.p_value) == (
    test.mean, test.low, test.p_value,
  )  # fmt: skip
  # At the level of the first of nine tests, five seeds and 80 % power, from
  # scipy's noncentral t.
  std = power.typical(lines.gain.std(), 5)
  shown = nct.sf(t.ppf(1 - 0.05 / 9 / 2, 4), 4, row.detectable / std * 5**0.5)
  assert shown == pytest.approx(0.8, abs=1e-3)
  shown = frame.p_holm < 0.05
  assert ((frame.verdict == stats.UNDECIDED) == ~shown).all()


def test_a_baseline_near_zero_has_no_gain(tmp_path):
  base = build(tmp_path).base
  run = base.setting[0]
  tiny = run._replace(test={**run.test, 'cd4_0': {'rmse': 1e-5}})
  base = base._replace(setting=(tiny,), runs=(tiny,))
  found = gains.make(base, cell_of(tmp_path / 'x', [NAMES[:2]]))
  first, second = found.frame.to_dict('records')
  assert 'nearer to zero' in first['reason']
  assert np.isnan(first['gain'])
  assert second['reason'] == ''
  harmed = negative.by_task(found, base)
  sheets = page.pages(found, {}, choosing.groupings(found, {}), harmed)
  notes = ''.join(sheets[-1].notes)
  assert 'not all seeds are known: cd4_0 + cd4_1' in notes


def test_negative_transfer_is_a_loss_beyond_two_trainings_of_single(
  made, tmp_path
):
  # The second training of single differs by 3, 3, 3, 3 and 5 %.
  differ = {0: 3, 1: -3, 2: 3, 3: -3, 4: -5}
  second = alone(tmp_path / 'again', gain=lambda name, seed: differ[seed])
  frame = negative.by_task(made, second).set_index(['task', 'size'])
  spread = np.sqrt((4 * 9 + 25) / 5)
  np.testing.assert_allclose(frame.differ, spread)
  pair, every = frame.loc['cd4_0', 2], frame.loc['cd4_0', 3]
  # In its pairs cd4_0 gains 2 and -8; one training in five differs by more
  # than the spread, and half of those are losses.
  assert pair['worse'] == pytest.approx(0.5)
  assert pair['chance'] == pytest.approx(0.1)
  assert pair['lost'] == pytest.approx((0 + 8) / 2)
  assert pair['excess'] == pytest.approx(4 - (4 * 3 + 5) / 5 / 2)
  assert pair['shown']
  assert every['worse'] == 0  # a loss of 3 %
  harmed = page.pages(
    made, {}, choosing.groupings(made, {}), frame.reset_index()
  )
  cells = harmed[2].table.body[0]
  assert cells[:6] == ['cd4_0, 2', '2', '-3.00', '3.49 %', '50%', '10%']


def test_second_trainings_suffer_no_negative_transfer():
  """A group that is nothing but another training is rarely shown to harm."""
  draw, shown, excess = np.random.default_rng(0), 0, []
  for _ in range(300):
    first, changes = draw.normal(size=(2, 10)) * 3
    own = negative.Twins(
      pd.Series(changes), float(np.sqrt((changes**2).mean()))
    )
    part = pd.DataFrame({'gain': first, 'seed': range(10), 'group': 'a'})
    row = negative.row_of(part, own, overlap=None)
    excess.append(row['excess'])
    shown += row['p_value'] < 0.05 and row['excess'] > 0
  assert abs(np.mean(excess)) < 0.1
  assert shown / 300 <= 0.025


def test_larger_groups_that_follow_their_pairs_are_predicted(made):
  found = from_pairs.agreement(made, {})
  larger = found[found['gains of'] == 'larger groups'].set_index('from')
  for source in ('pairs on test', 'pairs on validation'):
    assert larger.loc[source, 'correlation'] == pytest.approx(1)
    assert larger.loc[source, 'error'] == pytest.approx(0, abs=1e-9)


def test_choosers_that_know_choose_as_the_oracle_and_others_regret(made):
  good, bad = ({'tag': np.stack(len(SEEDS) * [x])} for x in (PULL, -PULL))
  frame = choosing.groupings(made, good)
  two = frame[frame.budget == 2].set_index('chosen_by')
  for name in ('oracle', 'validation', 'pairs', 'tag'):
    assert two.regret[name] == pytest.approx(0)
  # Tasks 0 and 1 together, and task 2 with task 1.
  assert two.gain['oracle'] == pytest.approx((2 + 4 + 10) / 3)
  assert two.networks['oracle'] == 'cd4_0 + cd4_1, (cd4_1) + death_0'
  assert two.regret['random'] > 0
  worse = choosing.groupings(made, bad)
  assert worse[worse.chosen_by == 'tag'].regret.max() > 1
  assert (worse.regret > -1e-9).all()


def test_a_grouping_is_chosen_by_its_own_resplit_alone(made):
  """Each resplit has another validation, which says another thing."""
  long = made.long.copy()
  # In seed 0 validation has every gain turned.
  turned = (long.split == 'valid') & (long.seed == 0)
  long.loc[turned, 'gain'] *= -1
  found = choosing.groupings(made._replace(long=long), {})
  two = found[found.budget == 2].set_index('chosen_by')
  best = (2 + 4 + 10) / 3
  worst = {g: -x[:, 0] for g, x in made.whole('test').items()}
  picked = grouping.best(worst, 3, 2)
  test = {g: x[:, 0] for g, x in made.whole('test').items()}
  lost = grouping.realised(picked, test).mean()
  assert two.gain['validation'] == pytest.approx((4 * best + lost) / 5)
  assert two.often['validation'] == pytest.approx(0.8)
  assert two.gain['oracle'] == pytest.approx(best)


def test_choosing_among_equals_brings_nothing(made):
  """Rows are of validation in one resplit and of test in another.

  No group gains anything. Chosen by the mean over resplits, a grouping seems
  to; chosen in each of them, none does.
  """
  draw, inside, pooled = np.random.default_rng(1), [], []
  count = len(made.frame)  # a gain per group and task
  for _ in range(40):
    rows = draw.normal(size=(count, 20))
    orders = [draw.permutation(20) for _ in SEEDS]
    means = {
      'valid': np.stack([rows[:, o[:10]].mean(1) for o in orders], -1),
      'test': np.stack([rows[:, o[10:20]].mean(1) for o in orders], -1),
    }
    long = made.long.sort_values(['split', 'group', 'task', 'seed'])
    long['gain'] = np.concatenate([means[s].ravel() for s in ('test', 'valid')])
    drawn = made._replace(long=long)
    found = choosing.groupings(drawn, {})
    two = found[found.budget == 2].set_index('chosen_by')
    inside.append(two.gain['validation'])
    test, valid = from_pairs.known(drawn)
    one = grouping.best({g: x.mean(1) for g, x in valid.items()}, 3, 2)
    pooled.append(grouping.realised(one, test).mean())
  error = np.std(inside) / len(inside) ** 0.5
  assert abs(np.mean(inside)) < 3 * error
  assert np.mean(pooled) > 5 * error


def test_affinities_are_means_over_steps_by_seed(tmp_path):
  path = tmp_path / 'interference.csv'
  rows = [
    (step, module, i, j, 'tag', seed, 10 * a + b + step + seed)
    for step, seed in itertools.product((0, 2), (0, 4))
    for (a, i), (b, j) in itertools.permutations(enumerate(NAMES), 2)
    for module in ('ALL', 'Layer_0')[: 2 - (step > 0)]
  ]
  columns = ['step', 'module', 'task_i', 'task_j', 'measure', 'seed', 'value']
  frame = pd.DataFrame(rows, columns=columns)
  half = frame[(frame.task_i < frame.task_j)].assign(measure='cosine')
  pd.concat([frame, half]).to_csv(path, index=False)
  found = affinities.read(path, NAMES, (4, 0))
  assert found['tag'][:, 0, 2].tolist() == [2 + 1 + 4, 2 + 1]
  assert found['tag'][1, 2, 0] == 20 + 1
  assert found['cosine'][1, 2, 0] == found['cosine'][1, 0, 2] == 2 + 1
  with pytest.raises(InputError, match="'cd4_0' and 'age'"):
    affinities.read(path, ('cd4_0', 'age'), (0,))
  with pytest.raises(InputError, match='tag of seed 3 is missing'):
    affinities.read(path, NAMES, (0, 3))
  frame.drop(columns='measure').to_csv(path, index=False)
  with pytest.raises(InputError, match="no column 'measure'"):
    affinities.read(path, NAMES, (0,))
  with pytest.raises(InputError, match='nowhere'):
    affinities.read(tmp_path / 'nowhere.csv', NAMES, (0,))


def test_the_picture_shows_what_the_table_shows(made):
  names, entries = heatmap.entries(made)
  assert names == [*NAMES, 'all 3']
  (axes, _) = heatmap.draw(made).axes
  drawn = [text.get_text().replace('\n', ' ') for text in axes.texts]
  assert drawn == [e for row in entries for e in row if e != '–']
  assert len(drawn) == 9
