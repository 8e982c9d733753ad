"""The number of runs that one program trains, and their order."""

import pytest

from mtl_jax.errors import InputError
from mtl_jax.plugins import parallel
from mtl_jax.resources import plans
from mtl_jax.resources.needed_memory import Need
from tests import small
from tests.run import test_table

quick = small.quick
NEED = Need(shared=100, data=8, state=1, step=49)  # map: 150 + 10 a run


def place(free=None, rows=2, platform='cpu', batch=1):
  return plans.Place(platform, rows, batch, free and free / plans.HEADROOM)


def choose(text, total=8, parameters=100, need=NEED, **where):
  return plans.choose(
    parallel.parse(text), total, parameters, need, place(**where)
  )


@pytest.mark.parametrize(
  ('text', 'found'),
  [
    ('auto', ('auto', 0)),
    ('map', ('map', 0)),
    ('vmap', ('vmap', 0)),
    ('8', ('auto', 8)),
    ('map:8', ('map', 8)),
    ('vmap:12', ('vmap', 12)),
  ],
)
def test_all_forms_are_parsed(text, found):
  assert parallel.parse(text) == found


@pytest.mark.parametrize(
  ('text', 'guess'),
  [
    ('vmpa', "'vmap'"), ('map8', "'map:8'"), ('vmap:', "'vmap:8'"), ('0', ''),
    ('-1', ''), ('', ''), ('8.5', ''), ('pmap:8', "'map:8'"), ('auto:', ''),
    ('map:0', ''), ('all', ''),
  ],
)  # fmt: skip
def test_any_other_is_refused(text, guess):
  with pytest.raises(InputError, match='config.parallel') as error:
    parallel.parse(text)
  assert guess in str(error.value)
  assert 'valid: 8, auto, map, map:8, vmap, vmap:8' in str(error.value)


def test_side_by_side_on_accelerators_and_for_tiny_networks():
  large = plans.SMALL_PARAMETERS + 1
  wide = NEED._replace(step=plans.SMALL_STEP + 1)
  assert choose('auto').side_by_side
  assert not choose('auto', parameters=large).side_by_side
  assert not choose('auto', need=wide).side_by_side
  assert choose('auto', parameters=large, platform='gpu').side_by_side
  assert choose('vmap', parameters=large).side_by_side
  assert not choose('map', platform='tpu').side_by_side


@pytest.mark.parametrize(
  ('free', 'runs'), [(None, 8), (190, 8), (189, 4), (170, 4), (169, 2)]
)
def test_the_runs_are_halved_until_they_fit(free, runs):
  """Each of two devices needs 100, 10 per run, and 50 for the current run."""
  plan = choose('map', free=free)
  assert (plan.runs, plan.fits) == (runs, True)


def test_side_by_side_takes_more_so_that_fewer_fit():
  assert choose('vmap', free=200).runs < choose('map', free=200).runs


def test_one_run_per_device_is_the_least():
  plan = choose('map', free=157)
  assert (plan.runs, plan.fits, plan.needed) == (2, False, 158)
  assert choose('map', total=1, free=157).runs == 1


def test_a_number_asked_for_is_used_even_if_it_does_not_fit():
  assert choose('4', free=120).runs == 4
  assert not choose('4', free=120).fits
  assert choose('40').runs == 8  # the cell has no more


def test_the_numbers_tried_fill_the_devices():
  for total in range(1, 30):
    for rows in (1, 2, 3, 8):
      sizes = plans._sizes(total, place(rows=rows))
      assert sizes[0] == total
      assert all(n % rows == 0 for n in sizes[1:])
      assert sizes == sorted(set(sizes), reverse=True)
      assert sizes[-1] <= rows


def test_describe():
  text = plans.describe(choose('map', total=8), 8, place())
  assert text.startswith(
    '8 runs in one program, one after the other on each of 2 devices (CPU); '
  )
  text = plans.describe(
    choose('vmap:4', total=9), 9, place(rows=1, platform='gpu')
  )
  assert '9 runs, 4 at a time in one program, side by side' in text
  assert 'on one device (GPU)' in text
  assert '2 x 4 devices' in plans.describe(choose('map'), 8, place(batch=4))


@pytest.mark.parametrize(
  ('size', 'text'),
  [(12, '12 bytes'), (12_345_678, '12.3 MB'), (9.999e8, '1 GB')],
)
def test_amounts(size, text):
  assert plans.amount(size) == text


def test_results_do_not_depend_on_the_plan(tmp_path):
  found = {}
  for text in ('map', 'vmap', 'vmap:2'):
    cell = test_table.make(parallel=text)
    test_table.train(cell, tmp_path / text)
    found[text] = test_table.numbers(tmp_path / text)
    assert cell.plan.side_by_side == (text != 'map')
  for text in ('vmap', 'vmap:2'):
    assert found[text] == pytest.approx(found['map'], rel=1e-4, abs=1e-6)
