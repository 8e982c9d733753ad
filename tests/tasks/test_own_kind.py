"""A user's kind is trained, and what cannot be computed is said."""

import numpy as np
import pytest

from configs import default
from mtl_jax import cells, records, run
from mtl_jax.cells import build
from mtl_jax.report import results as report_cells
from mtl_jax.report.compare import missing
from mtl_jax.run import linear, trees
from tests import small

quick = small.quick


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  config = default.get_config()
  config.dataset = 'tests.tasks.own'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals, config.batch_size = 3, 40, 2, 8
  config.hp.lr = (1e-2,)
  datas = build.data(config)
  # A test split of one class is refused when it is loaded; here it stands for
  # any metric without a value on one seed.
  price, first, *others = datas[1].test.labels
  test = datas[1].test._replace(labels=(price, first * 0, *others))
  datas[1] = datas[1]._replace(test=test)
  cell = cells.make(config, datas)
  return cell, run.train([cell], tmp_path_factory.mktemp('own'))[0]


def test_a_kind_by_its_dotted_path_is_trained(trained):
  cell, folder = trained
  found = report_cells.load(folder)
  assert found.tasks[0].kind == 'tests.tasks.own'
  assert found.tasks[0].metrics == (('ratio', False), ('broken', True))
  assert len(found.completed) == 3
  assert min(found.values('price', 'ratio').values()) > 1
  described = found.header['tasks'][0]
  assert described['fields'] == {'scale': 2.0}
  assert described['chance'] == {'ratio': 1.0, 'broken': None}
  assert 'tests.tasks.own' in cell.comparable['kinds']


def test_a_metric_that_raises_is_null_and_said_once(trained):
  _, folder = trained
  tests = [r for r in records.read(folder) if r['kind'] == 'test']
  assert [r['test']['price']['broken'] for r in tests] == [None] * 3
  notes = [r['text'] for r in records.read(folder) if r['kind'] == 'note']
  broken = [n for n in notes if 'broken' in n]
  assert len(broken) == 1
  assert "task 'price': metric broken raised RuntimeError: out of" in broken[0]


def test_the_table_says_on_how_many_seeds_a_figure_rests(trained):
  cell, folder = trained
  found = report_cells.load(folder)
  assert set(found.values('first', 'auc')) == {0, 2}
  said = missing.values([found])
  assert any(s.startswith('hard: first auc') and '2 of 3' in s for s in said)
  assert any(
    s.startswith('hard: price broken has a value on 0 of 3') for s in said
  )
  assert not any('ratio' in s or 'accuracy,' in s for s in said)


def test_every_kind_is_trained_beside_it(trained):
  """With what was found from labels, and to finite figures that fall."""
  cell, folder = trained
  outputs = {t.name: t.num_outputs for t in cell.system.tasks}
  assert outputs == {
    'price': 1, 'first': 1, 'pair': 2, 'visits': 1, 'grade': 3, 'class': 4,
    'end': 3,
  }  # fmt: skip
  evals = [r for r in records.read(folder) if r['kind'] == 'eval']
  for task in outputs:
    losses = [
      [e['train_loss'][task] for e in evals if e['step'] == step]
      for step in (20, 40)
    ]
    assert np.mean(losses[1]) < np.mean(losses[0])
  for line in (r for r in records.read(folder) if r['kind'] == 'test'):
    values = records.flat(line['test'])
    missing = {k for k, v in values.items() if v is None}
    assert missing <= {'price.broken', 'first.auc', 'first.average_precision'}


def test_linear_models_are_those_of_the_kinds(trained):
  cell, _ = trained
  _, on_test, _ = linear.fit(cell.datas[0])
  assert {t for t, values in on_test.items() if not values} == {
    'price', 'grade', 'end'
  }  # fmt: skip
  assert on_test['pair']['r2'] > 0.9
  assert on_test['visits']['poisson_deviance'] < 1


def test_boosted_trees_are_those_of_the_kinds(trained):
  cell, _ = trained
  _, on_test, _ = trees.fit(cell.datas[0])
  assert {t for t, values in on_test.items() if not values} == {'price', 'end'}
  assert len(trees.lacking(cell.system.tasks)) == 2
  assert on_test['first']['auc'] > 0.8
  assert on_test['pair']['r2'] > 0.3
  assert on_test['visits']['poisson_deviance'] < 2
  for name in ('grade', 'class'):
    assert on_test[name]['accuracy'] > 0.4


def test_losses_are_those_of_the_kind(trained):
  """Weighed by its field: the loss is twice the squared logarithm."""
  cell, folder = trained
  tests = [r for r in records.read(folder) if r['kind'] == 'test']
  for line in tests:
    price = line['test']['price']
    assert price['loss'] >= 2 * np.log(price['ratio']) ** 2
