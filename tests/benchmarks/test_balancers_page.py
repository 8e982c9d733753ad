"""docs/balancers.md: every balancer is on it, as the code has it now."""

import pathlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import results
from benchmarks.balancers import facts, page, passes, resumed
from mtl_jax.train import balancing
from tests import small

quick = small.quick

DOCS = pathlib.Path(__file__).parents[2] / 'docs'
TEXT = (DOCS / 'balancers.md').read_text(encoding='utf-8')
AGAIN = 'run python -m benchmarks.balancers.page'
every = pytest.mark.parametrize('name', small.BALANCERS)


@every
def test_a_balancer_is_in_the_table_and_in_the_list(name):
  assert f'\n| `{name}` |' in TEXT, f'no row of {name}: {AGAIN}'
  assert f'\n- `{name}`: ' in TEXT, f'no line on {name}: {AGAIN}'


def test_the_page_is_made_of_the_code_and_the_results():
  for name, content in page.contents(DOCS / 'results').items():
    block = TEXT.split(f'<!-- {name} -->')[1].split(f'<!-- end {name} -->')[0]
    assert block == f'\n\n{content}\n\n', f'{name} is out of date: {AGAIN}'


@every
def test_the_printed_state_is_as_large_as_it_is(name):
  balancer, tasks = facts.find(name).balancer, 6
  shared = {'shared': jnp.zeros(11)}
  given = (tasks, shared) if balancer.needs_grads else (tasks,)
  size = sum(np.size(leaf) for leaf in jax.tree.leaves(balancer.init(*given)))
  terms = facts.state(balancer).replace('–', '0').split(' + ')
  units = {'KP': 66, 'K²': 36, 'K': 6, '': 1}
  printed = 0
  for term in terms:
    count, unit = re.fullmatch(r'(\d*)(\D*)', term).groups()
    printed += int(count or 1) * units[unit]
  assert printed == size


@pytest.mark.parametrize(
  ('name', 'text'),
  [
    ('gls', 'Chennupati, Sistu, Yogamani, Rawashdeh, CVPR workshops 2019'),
    ('fairgrad', 'Ban and Ji, ICML 2024, arXiv:2402.15638'),
    ('equal', 'Kurin et al., NeurIPS 2022, arXiv:2201.04122'),
    ('log_loss', '–'),
  ],
)
def test_a_source_ends_with_its_number_or_year(name, text):
  assert facts.source(facts.find(name)) == text


def test_the_input_of_a_balancer():
  names = ('dwa', 'famo', 'mgda', 'modo', 'moco')
  balancers = [facts.find(name).balancer for name in names]
  assert [facts.update_input(one) for one in balancers] == [
    'losses',
    'losses, twice',
    'Gram',
    'Gram, 3 batches',
    'gradients',
  ]


def cost(**changes):
  given = {
    'tasks': '5', 'balancer': 'mgda', 'rounds': '3', 'us': '30',
    'equal_us': '10', 'ratio': '3.14159', 'ratio_low': '2', 'ratio_high': '4',
    'params': '5765', 'runs': '8', 'devices': '2', 'device': 'cpu',
    'versions': 'jax 1',
  }  # fmt: skip
  return {**given, **changes}


def test_costs_have_a_column_per_number_of_tasks():
  described = [facts.find(name) for name in ('equal', 'mgda')]
  rows = [cost(), cost(tasks='40', ratio='7'), cost(tasks='5', balancer='dwa')]
  head, _, equal, mgda = page.needs(described, rows).splitlines()
  assert head.endswith('| state | K = 5 | K = 40 |')
  assert equal.endswith('| – | – | – |')
  assert mgda.endswith('| – | 3.14 | 7 |')
  assert '10 µs with 5, 10 µs with 40 tasks' in page.measured(rows)


def test_what_was_measured_is_not_measured_again(tmp_path, capsys):
  cases = [passes.Case('net', 'mlp', {}, k, rounds=2) for k in (2, 5)]
  path, asked = tmp_path / 'costs.csv', []

  def measure(case):
    asked.append(case.tasks)
    return {'ratio': '1', 'ratio_low': '1', 'ratio_high': '1'}

  def run(points):
    resumed.run(path, points, measure, passes.SAME, lambda r: int(r['tasks']))

  run(cases[1:])
  run(cases)
  assert asked == [5, 2]
  run([cases[0]._replace(rounds=3)])
  assert asked == [5, 2, 2]
  written = [(row['tasks'], row['rounds']) for row in results.read(path)]
  assert written == [('2', '3'), ('5', '2')]


def test_both_ways_learn_the_same_and_leave_the_constant():
  case, before = (
    passes.Case('net', 'mlp', {'widths': (4,)}, 3, 8),
    balancing.KEPT,
  )
  stored, twice = (passes.Steps(case, bound) for bound in passes.WAYS.values())
  assert before == balancing.KEPT
  assert stored.run.as_text() != twice.run.as_text()
  for steps in (stored, twice):
    steps.train(3)
  ends = [jax.tree.leaves(steps.state.params) for steps in (stored, twice)]
  for one, other in zip(*ends, strict=True):
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
