"""What `make test-fast` leaves out is there, and leaves out no folder."""

import ast

from tests import conftest

TESTS = conftest.SLOW.parent


def functions(file):
  """Names of the tests of one file."""
  body = ast.parse(file.read_text('utf-8')).body
  found = (n.name for n in body if isinstance(n, ast.FunctionDef))
  return {name for name in found if name.startswith('test_')}


def test_every_line_names_a_test_and_every_folder_keeps_some():
  every = {
    f'{file.relative_to(TESTS.parent)}::{name}'
    for file in TESTS.rglob('test_*.py')
    for name in functions(file)
  }
  slow = conftest.SLOW.read_text().split()
  assert slow == sorted({*slow})
  assert {*slow} <= every
  folders = {name.rpartition('/')[0] for name in every}
  assert {name.rpartition('/')[0] for name in every - {*slow}} == folders
