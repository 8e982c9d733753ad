"""Settings are chosen on validation, inside each resplit, by each tower."""

import itertools

import pytest

from mtl_jax.report.compare import hyperparameters
from mtl_jax.report.results import select
from mtl_jax.report.selected import separate
from tests.report import fake

LOW, HIGH = {'lr': 0.1}, {'lr': 0.2}
TASKS = fake.tasks(1, 1)
NAMES = [task['name'] for task in TASKS]


def lines(scores, hps=(LOW, HIGH)):
  """Records of runs; `scores[setting][seed]` by task, or None: it failed."""
  made = []
  for s, (hp, own) in enumerate(zip(hps, scores, strict=True)):
    for seed, parts in enumerate(own):
      number = s * len(own) + seed
      if parts is None:
        made.append(fake.ended_badly(number, seed, hp))
        continue
      value = {m: float(s) for t in TASKS for m, _ in t['metrics']}
      test = dict.fromkeys(NAMES, value)
      line = fake.ended_well(number, seed, test, sum(parts) / 2, hp)
      line['best_step'] = dict.fromkeys(NAMES, 100 * (s + 1))
      made.append(line | {'scores': dict(zip(NAMES, parts, strict=True))})
  return made


def cell(folder, table, split='resplit', **changes):
  head = fake.header('hard', tasks=TASKS, split=split)
  return fake.write(folder, head, *(m | changes for m in lines(table)))


def joint(*scores):
  return [None if s is None else (s, s) for s in scores]


def test_each_resplit_chooses_by_its_own_score(tmp_path):
  scores = joint(0.1, 0.9, 0.1), joint(0.3, 0.2, 0.3)
  own = cell(tmp_path / 'a', scores).setting
  assert [run.hp for run in own] == [LOW, HIGH, LOW]
  assert [run.seed for run in own] == [0, 1, 2]
  for split in ('fixed', 'drawn'):
    by_mean = cell(tmp_path / split, scores, split).setting
    assert [run.hp for run in by_mean] == [HIGH] * 3


def test_a_failed_run_is_not_eligible(tmp_path):
  scores = joint(None, None, 0.1), joint(0.5, None, 0.5)
  made = cell(tmp_path, scores)
  assert [run.hp for run in made.setting] == [HIGH, LOW, LOW]
  assert [run.seed for run in made.completed] == [0, 2]


def test_separate_towers_choose_a_setting_each(tmp_path):
  scores = [(0.1, 0.9), (0.1, 0.3)], [(0.2, 0.4), (0.2, 0.2)]
  made = cell(tmp_path / 'a', scores)
  first, second = made.setting
  assert [first.hp_of[name] for name in NAMES] == [LOW, HIGH]
  assert first.hp == {}
  assert first.score == pytest.approx((0.1 + 0.4) / 2)
  # Of each task the test results, step and score of its own run.
  assert [first.test[name].popitem()[1] for name in NAMES] == [0, 1]
  assert list(first.best_step.values()) == [100, 200]
  assert made.chosen == made.tried == 2
  said = 'chosen by each task in each resplit among 2 settings; 2 differ'
  assert said in hyperparameters.choice(made)
  assert second.scores == dict(zip(NAMES, (0.1, 0.2), strict=True))


def test_a_seed_that_fails_at_the_setting_of_one_task_failed(tmp_path):
  """On one split each task may choose a setting that failed elsewhere."""
  scores = [None, (0.1, 0.9)], [(0.2, 0.4), None]
  made = cell(tmp_path, scores, 'fixed')
  assert [run.seed for run in made.setting] == [0, 1]
  assert made.completed == ()


def test_towers_choose_by_their_means_on_one_split(tmp_path):
  scores = [(0.1, 0.9), (0.4, 0.3)], [(0.2, 0.4), (0.2, 0.2)]
  (first, second) = cell(tmp_path, scores, 'fixed').setting
  assert first.hp == second.hp == HIGH  # .25 against .2, .6 against .3


def test_a_joint_model_with_a_checkpoint_per_task_chooses_once(tmp_path):
  scores = [(0.1, 0.9)], [(0.2, 0.4)]
  one_model = {'test_model': {}, 'valid_model': {}}
  made = cell(tmp_path, scores, **one_model)
  assert not separate(made.runs)
  assert made.setting[0].hp == HIGH


def test_records_without_scores_choose_by_the_mean_of_the_model(tmp_path):
  made = cell(tmp_path, ([(0.1, 0.9)], [(0.2, 0.4)]), scores={})
  assert made.setting[0].hp == HIGH


def test_the_order_of_records_changes_no_choice(tmp_path):
  scores = [(0.1, 0.9), (0.4, 0.3)], [(0.2, 0.4), (0.2, 0.2)]
  runs = cell(tmp_path, scores).runs
  chosen = {
    tuple(tuple(run.scores.items()) for run in select(turned, 'resplit'))
    for turned in itertools.permutations(runs)
  }
  assert len(chosen) == 1


def test_what_was_chosen_most_often_is_named(tmp_path):
  scores = joint(0.1, 0.9, 0.1), joint(0.3, 0.2, 0.3)
  assert hyperparameters.choice(cell(tmp_path, scores)) == (
    'chosen in each resplit among 2 settings; 2 differ, most often lr 0.1 '
    '(2 of 3)'
  )
