"""Too little memory: one line before anything is trained or written."""

import re

import pytest

from mtl_jax import cells, run
from mtl_jax.cells import fits
from mtl_jax.errors import InputError
from mtl_jax.resources import free_memory, plans
from tests import small
from tests.resources import test_needed_memory
from tests.run import test_table

quick = small.quick


def give(monkeypatch, free):
  monkeypatch.setattr(
    free_memory, 'free_bytes', lambda sharing: int(free / sharing)
  )


def message(cell):
  with pytest.raises(InputError) as error:
    fits.check(cell)
  assert '\n' not in str(error.value)
  return str(error.value)


def needed(**changes):
  return test_needed_memory.cell(**changes).plan.needed


def test_what_fits_is_let_through(monkeypatch):
  give(monkeypatch, 1e12)
  fits.check(test_needed_memory.cell())


WIDE = {'batch_size': 512, 'eval_batch_size': 512}


@pytest.mark.parametrize(
  ('changes', 'would_fit'),
  [
    ({'parallel': 'vmap:4'}, {'parallel': 'vmap:1'}),
    (WIDE, {'eval_batch_size': 32, 'batch_size': 128}),
    (
      {**WIDE, 'parallel': 'vmap', 'balancer': 'pcgrad'},
      {'eval_batch_size': 32, 'batch_size': 16, 'balancer': 'pcgrad'},
    ),
  ],
)
def test_the_setting_that_is_named_fits(changes, would_fit, monkeypatch):
  """Memory for a little more than what one run of another setting takes."""
  enough = needed(**{'parallel': 'map:1', **would_fit})
  give(monkeypatch, 1.02 * enough / plans.HEADROOM)
  cell = test_needed_memory.cell(**changes)
  text = message(cell)
  named = dict(re.findall(r'--config\.(\w+)=("[^"]*"|\S+)', text))
  assert named, text
  config = cell.config.copy_and_resolve_references()
  for key, value in named.items():
    config[key] = (1, 1) if key == 'mesh' else type(config[key])(value)
  assert cells.make(config, cell.datas).plan.fits


def test_results_are_left_as_they_are_where_that_is_enough(monkeypatch):
  give(monkeypatch, needed(parallel='map:4') * 1.3)
  text = message(test_needed_memory.cell(parallel='vmap:4', batch_size=256))
  assert '--config.batch_size' not in text


def test_where_nothing_fits_the_line_says_so(monkeypatch):
  give(monkeypatch, 1000)
  text = message(test_needed_memory.cell())
  assert 'take a smaller network' in text
  assert 'one run on each device would take' in text


def test_nothing_is_written_and_a_finished_cell_is_not_looked_at(
  monkeypatch, tmp_path
):
  cell = test_table.make()
  folder = tmp_path / 'cells' / cell.hash
  test_table.train(cell, folder)
  give(monkeypatch, 1000)
  run.check([test_table.make()], tmp_path)
  with pytest.raises(InputError, match='free'):
    run.check([test_table.make(seeds=2)], tmp_path)
  assert [f.name for f in (tmp_path / 'cells').iterdir()] == [cell.hash]
