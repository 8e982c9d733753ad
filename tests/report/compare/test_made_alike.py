"""A table whose rows were not made alike says so in one line."""

import copy

import pytest

from mtl_jax.report.compare import made_alike, notes
from tests.report import fake

JOB = {
  'code': {
    'digests': {'core': 'c0', 'encoder': 'e0', 'scheme': 's0'},
    'commit': 40 * 'a',
    'clean': True,
  },
  'versions': {'python': '3.11.2', 'jax': '0.10.2'},
  'devices': {'kind': 'cpu', 'count': 2, 'processor': 'x86_64 A'},
  'precision': {'compute': 'float32'},
  'flags': {'XLA_FLAGS': ''},
}


@pytest.fixture(scope='module')
def cells(tmp_path_factory):
  folder = tmp_path_factory.mktemp('cells')
  made = [fake.cell(folder, s, 0) for s in ('single', 'hard', 'mmoe')]
  # The file of each scheme is another, which is no difference.
  jobs = [changed('code', 'digests', 'scheme', c.scheme) for c in made]
  return [c._replace(made=(j,)) for c, j in zip(made, jobs, strict=True)]


def changed(*path):
  job = copy.deepcopy(JOB)
  *names, last, value = path
  part = job
  for name in names:
    part = part[name]
  part[last] = value
  return job


def test_rows_that_were_made_alike_need_no_line(cells):
  assert made_alike.lines(cells) == []
  older = [cell._replace(made=()) for cell in cells]
  assert made_alike.lines(older) == []


def test_commits_of_the_same_code_are_not_named(cells):
  single, hard, _ = cells
  other = changed('code', 'clean', False)
  assert made_alike.lines([single, hard._replace(made=(other,))]) == []
  other['code'] |= {'digests': {'core': 'c1'}}
  (line,) = made_alike.lines([single, hard._replace(made=(other,))])
  assert 'commit aaaaaaaaaaaa in single, aaaaaaaaaaaa+ in hard' in line
  assert 'code of core c0 in single, c1 in hard' in line


@pytest.mark.parametrize(
  ('path', 'said'),
  [
    (('code', 'digests', 'core', 'c1'), 'code of core c1 in hard, c0 in the'),
    (('versions', 'jax', '0.10.1'), 'jax 0.10.1 in hard, 0.10.2 in the others'),
    (('devices', 'count', 8), 'device 8 cpu (x86_64 A) in hard, 2 cpu'),
    (('flags', 'XLA_FLAGS', '--a'), 'XLA_FLAGS --a in hard, none in the'),
  ],
)
def test_what_differs_is_named_with_its_rows(cells, path, said):
  single, hard, mmoe = cells
  (line,) = made_alike.lines(
    [single, hard._replace(made=(changed(*path),)), mmoe]
  )
  assert line.startswith('Not all rows were made alike: ')
  assert said in line


def test_it_is_a_note_of_the_table(cells):
  single, hard, mmoe = cells
  two = hard.made[0], changed('versions', 'jax', '0.9.0')
  found = notes.notes([single, hard._replace(made=two), mmoe])
  assert any('jax 0.10.2 and 0.9.0 in hard' in line for line in found)
  found = notes.notes([single, hard._replace(made=()), mmoe])
  assert any('not recorded of hard' in line for line in found)
