"""The pure parts of the growth benchmark: points, curves, page."""

import pytest

from benchmarks import results
from benchmarks.growth import __main__ as growth
from benchmarks.growth import many_tasks, trainings
from benchmarks.growth import page as growth_page
from mtl_jax.cells import build


def row(**changes):
  given = {
    'axis': 'width', 'value': '64', 'scheme': 'hard', 'balancer': 'equal',
    'encoder': 'mlp', 'dataset': 'actg175', 'tasks': '5', 'runs': '8',
    'parallel': 'map', 'order': 'map', 'devices': '2', 'params': '5000',
    'step_bytes': '100000', 'ms_per_step_per_run': '0.02',
    'mb_predicted': '3', 'mb_measured': '2',
  }  # fmt: skip
  return {**given, **changes}


@pytest.mark.parametrize('axis', growth.AXES)
def test_every_point_is_a_config_that_holds(axis):
  found = growth.points(axis)
  assert len(set(found)) == len(found)
  for point in found:
    build.check(trainings.configure(point))
    assert point.axis == axis


def test_the_axes_span_what_is_asked():
  values = {a: {p.value for p in growth.points(a)} for a in growth.AXES}
  assert values['runs'] >= {1, 2, 4, 8, 16, 32, 64}
  assert values['tasks'] >= {2, 40}
  balancers = {p.balancer for p in growth.points('tasks')}
  # Of each kind: losses alone, with a state, projections, a small problem.
  assert balancers == {'equal', 'uncertainty', 'pcgrad', 'mgda'}


@pytest.mark.parametrize('count', [2, 40])
def test_the_drawn_data_have_so_many_tasks(count):
  data = many_tasks.load(count, split_seed=0)
  assert len(data.tasks) == len(data.train.labels) == count
  assert data.train.mask.shape == (many_tasks.ROWS, count)


def test_pairs_are_one_point_in_both_orders():
  rows = [row(), row(parallel='vmap'), row(value='8'), row(parallel='auto')]
  assert growth_page.pairs(rows) == [(rows[0], rows[1])]


def test_the_page_is_made_of_the_csv(tmp_path):
  fast = {'parallel': 'vmap', 'ms_per_step_per_run': '0.01'}
  other = {'axis': 'tasks', 'parallel': 'auto', 'balancer': 'pcgrad'}
  path, page = tmp_path / 'growth.csv', tmp_path / 'growth.md'
  results.write(path, [row(), row(**fast), row(**other)])
  growth_page.write(path, page)
  text = page.read_text()
  assert '| mlp | equal | 8 | 5,000 | 100,000 | 0.02 | 0.01 | 2.00 |' in text
  assert '| tasks | pcgrad |' in text
  assert path.with_suffix('.png').stat().st_size > 10_000
