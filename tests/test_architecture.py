"""The map of the rooms is that of the code."""

import importlib.util
import re

import pytest

from tests.test_imports import ROOMS, ROOT

PAGE = (ROOT / 'docs' / 'architecture.md').read_text('utf-8')


@pytest.fixture(scope='module')
def rooms():
  file = ROOT / 'docs' / 'rooms.py'
  spec = importlib.util.spec_from_file_location('rooms', file)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def test_the_table_of_rooms_is_made_of_the_imports(rooms):
  again = 'run python docs/rooms.py'
  assert rooms.put(PAGE, rooms.table(rooms.imports())) == PAGE, again
  drawn = (ROOT / 'docs' / 'rooms.svg').read_text('utf-8')
  for room in {*rooms.imports()} - {'errors'}:
    assert f'<!-- {room} -->' in drawn, again
  assert {*rooms.imports()} == {*ROOMS, 'report'}


def test_every_room_says_what_it_is(rooms):
  for line in rooms.table(rooms.imports()).splitlines()[2:]:
    assert len(line.split('|')[2].strip()) > 20, line


def test_a_picture_has_what_no_longer_chain_implies(rooms):
  chain = {'a': {'b', 'c'}, 'b': {'c'}, 'c': set()}
  chain = {room: frozenset(below) for room, below in chain.items()}
  assert rooms.floors(chain) == [['c'], ['b'], ['a']]
  assert rooms.direct(chain) == {'a': {'b'}, 'b': {'c'}, 'c': set()}
  with pytest.raises(ValueError, match='cycle: a, b'):
    rooms.floors({'a': frozenset('b'), 'b': frozenset('a')})


def test_every_file_that_is_named_exists():
  for name in re.findall(r'`((?:mtl_jax|configs|benchmarks)/[\w/.]+)`', PAGE):
    assert (ROOT / name).exists(), name
