"""A cell is another one when what its numbers come from was edited."""

import pathlib
import shutil

import pytest

from mtl_jax.cells import identity
from mtl_jax.cells.choices import Choice
from mtl_jax.errors import InputError

CODE = """
def f(x):
  '''Doubles.'''
  if x:
    y = 1
  return 2 * x  # Twice.
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
  """A copy of the package, whose files a test may edit."""
  root = tmp_path / 'mtl_jax'
  shutil.copytree(
    identity.ROOT, root, ignore=shutil.ignore_patterns('__pycache__')
  )
  monkeypatch.setattr(identity, 'ROOT', root)
  return root


def digest():
  identity.core.cache_clear()
  try:
    return identity.core()
  finally:
    identity.core.cache_clear()


def edit(file: pathlib.Path, text: str):
  file.write_text(file.read_text('utf-8') + text, 'utf-8')


def test_every_entry_of_the_core_exists():
  for name in (*identity.CORE, *identity.PROBES, *identity.LINEAR):
    assert (identity.ROOT / name).exists(), name


@pytest.mark.parametrize(
  'name',
  [
    *('train/losses.py', 'train/optimizers.py', 'layers/convolution/cpu.py'),
    *('schemes/base/towers.py', 'balancers/solvers/quadratic.py'),
    *('tasks/scores.py', 'data/base.py', 'cells/build.py'),
    'encoders/__init__.py',
  ],
)
def test_an_edit_of_what_trains_is_seen(package, name):
  before = digest()
  edit(package / name, '# A comment is none.\n')
  assert digest() == before
  edit(package / name, 'EDITED = True\n')
  assert digest() != before


@pytest.mark.parametrize(
  'name',
  [
    *('report/stats.py', 'launchers/local.py', 'run/progress.py'),
    *('records/locks.py', 'schemes/mmoe.py', 'data/text.py'),
  ],
)
def test_an_edit_of_what_does_not_is_not(package, name):
  before = digest()
  edit(package / name, 'EDITED = True\n')
  assert digest() == before


@pytest.mark.parametrize(
  ('old', 'new'),
  [
    ("'''Doubles.'''", '"""Returns two times x."""'),
    ('# Twice.', '# Two times.'),
    ('def f(x):\n', 'def f(x):\n\n'),
  ],
)
def test_comments_docstrings_and_empty_lines_are_no_code(old, new):
  assert old in CODE
  assert identity.code(CODE) == identity.code(CODE.replace(old, new))


@pytest.mark.parametrize(
  ('old', 'new'),
  [
    ('2 * x', '3 * x'),
    ('    y = 1', '    y = "1"'),
    ('  return', '    return'),  # into the block above
  ],
)
def test_all_else_is_code(old, new):
  assert old in CODE
  assert identity.code(CODE) != identity.code(CODE.replace(old, new))


def test_a_field_of_flax_modules_is_kept_from_schemes_alone():
  def make(width=3, resize=1):
    return width * resize

  def made(what):
    return Choice(what, 'a', make, {'resize': 2}, {}, 'config.x').made()

  assert made('encoder') == 6
  with pytest.raises(InputError, match="unknown key 'resize'; valid: width"):
    made('scheme')
