"""What is drawn once is drawn again only where it would differ."""

import pytest

from mtl_jax.report import unchanged
from tests.report import fake


@pytest.fixture
def cell(tmp_path):
  return fake.cell(tmp_path / 'cells', 'single', 0)


@pytest.fixture
def draw(tmp_path):
  """Draws into a workdir; `draw.count` is how often."""

  def write():
    write.count += 1
    (tmp_path / 'figures').mkdir(exist_ok=True)
    (tmp_path / 'figures' / 'curves.png').write_bytes(b'picture')
    (tmp_path / 'report.html').write_text('page')

  write.count = 0
  return write


def test_equal_cells_and_command_are_drawn_once(cell, draw, tmp_path):
  for _ in range(3):
    unchanged.unless_same(draw, [cell], tmp_path, 'compare')
  assert draw.count == 1


def test_another_number_or_command_is_drawn(cell, draw, tmp_path):
  unchanged.unless_same(draw, [cell], tmp_path, 'compare')
  unchanged.unless_same(draw, [cell], tmp_path, 'compare --steps=2')
  first, *runs = cell.setting
  other = cell._replace(setting=(first._replace(score=7.0), *runs))
  unchanged.unless_same(draw, [other], tmp_path, 'compare --steps=2')
  assert draw.count == 3


def test_a_file_that_is_gone_or_not_ours_is_drawn(cell, draw, tmp_path):
  unchanged.unless_same(draw, [cell], tmp_path, 'compare')
  (tmp_path / 'report.html').unlink()
  unchanged.unless_same(draw, [cell], tmp_path, 'compare')
  (tmp_path / 'figures' / 'curves.png').write_bytes(b'cut')
  unchanged.unless_same(draw, [cell], tmp_path, 'compare')
  (tmp_path / 'figures' / unchanged.RECORD).write_text('{"sho')
  unchanged.unless_same(draw, [cell], tmp_path, 'compare')
  assert draw.count == 4
