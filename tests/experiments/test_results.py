"""Pages of results: which are of older code, and what making one changes."""

import json
import pathlib

import pytest

from experiments import results
from experiments.made import (
  answering,
  dependencies,
  listing,
  making,
  registry,
  status,
)
from mtl_jax.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / 'docs' / 'results'
WRITES = """
import pathlib, sys
from mtl_jax.report import shows
out = pathlib.Path(sys.argv[1].partition('=')[2])
out.mkdir(parents=True, exist_ok=True)
(out / 'table.md').write_text('new')
"""
FILES = {
  'Makefile': 'bench: setup\n\tpython -m experiments.toy\n',
  'experiments/toy.py': WRITES,
  'configs/one.py': 'dataset = "chosen"',
  'mtl_jax/cells/identity.py': "CORE = ('train',)\nLINEAR = TREES = ()\n"
  "LINEAR = ('run/linear.py',)\nTREES = (*LINEAR, 'run/trees.py')\n"
  "PROBES = ('run/probing.py',)\n",
  'mtl_jax/report/shows.py': 'from mtl_jax.train import steps',
  'mtl_jax/train/steps.py': 'rate = 1',
  'mtl_jax/schemes/hard.py': 'shared = 1',
  'mtl_jax/schemes/other.py': 'shared = 2',
  'docs/results/README.md': (
    f'# Results\n\n{listing.BEGIN}{listing.END}\nAfter.\n'
  ),
  'docs/results/toy/table.md': 'old',
  'docs/results/toy/README.md': 'by hand',
}
TOY = registry.Result(
  'toy', 'nothing',
  ('python -m experiments.toy --workdir={out}/toy --schemes=hard',),
  ('table.md',), page='table.md', seconds=5,
)  # fmt: skip


@pytest.fixture
def repository(tmp_path):
  for path, text in FILES.items():
    put(tmp_path, path, text)
  return tmp_path


def put(root, path, text):
  (root / path).parent.mkdir(parents=True, exist_ok=True)
  (root / path).write_text(text)
  dependencies._read.cache_clear()


def make(root, result=TOY):
  making.make(result, [], root / 'docs/results', root / 'out', root)


def state(root, result=TOY):
  return status.status(result, root / 'docs/results', root / 'out', root).state


def test_a_page_is_stale_when_its_code_changes_and_not_otherwise(repository):
  assert state(repository) == status.NO_RECORD
  make(repository)
  assert state(repository) == status.FRESH
  put(repository, 'mtl_jax/schemes/other.py', 'shared = 3')
  put(repository, 'mtl_jax/train/steps.py', '"""Steps."""\nrate = 1  # slow')
  assert state(repository) == status.FRESH
  put(repository, 'mtl_jax/report/shows.py', FILES['mtl_jax/report/shows.py'] +
      '\nmore = 1')  # fmt: skip
  assert state(repository) == status.REPORT
  put(repository, 'mtl_jax/schemes/hard.py', 'shared = 3')
  assert state(repository) == status.NUMBERS
  other = TOY._replace(commands=(f'{TOY.commands[0]} --config=configs/one.py',))
  assert state(repository, other) == status.COMMAND
  assert state(repository, TOY._replace(name='none')) == status.NOT_MADE


def test_making_replaces_the_files_listed_and_says_how(repository):
  make(repository)
  folder = repository / 'docs/results/toy'
  assert (folder / 'table.md').read_text() == 'new'
  assert (folder / 'README.md').read_text() == 'by hand'
  made = json.loads((folder / 'made.json').read_text())
  assert made['commands'] == [*TOY.commands]
  assert made['versions'].keys() == {*making.PACKAGES}
  assert made['seconds'] >= 0
  assert {p.name for p in folder.parent.iterdir()} == {'README.md', 'toy'}


def test_files_that_another_page_joins_are_laid_out_or_named(tmp_path):
  put(tmp_path, 'docs/toy/table.md', 'old')
  making.lay_out([TOY], tmp_path / 'docs', tmp_path / 'out')
  assert (tmp_path / 'out/toy/table.md').read_text() == 'old'
  other = TOY._replace(name='other')
  with pytest.raises(InputError, match=r'other lacks table\.md; make it first'):
    making.lay_out([other], tmp_path / 'docs', tmp_path / 'out')


@pytest.mark.parametrize('fault', ['command', 'file'])
def test_what_fails_leaves_the_page_as_it_was(repository, fault):
  result = TOY
  if fault == 'command':
    put(repository, 'experiments/toy.py', WRITES + 'sys.exit(3)')
  else:
    result = TOY._replace(files=('table.md', 'figure.png'))
  with pytest.raises(InputError, match='exit code 3|wrote no figure.png'):
    make(repository, result)
  folder = repository / 'docs/results/toy'
  assert {p.name: p.read_text() for p in folder.iterdir()} == {
    'table.md': 'old', 'README.md': 'by hand',
  }  # fmt: skip
  assert state(repository, result) == status.FAILED
  put(
    repository, 'experiments/toy.py', WRITES + '0'
  )  # another attempt may pass
  assert state(repository, result) == status.NO_RECORD


def test_time_is_that_of_training_also_where_only_the_report_is_new(repository):
  make(repository)
  record = repository / 'docs/results/toy/made.json'
  made = json.loads(record.read_text())
  record.write_text(json.dumps(made | {'seconds': 1e4}))
  make(repository)
  assert json.loads(record.read_text())['seconds'] == 1e4
  put(repository, 'mtl_jax/train/steps.py', 'rate = 2')
  make(repository)
  assert json.loads(record.read_text())['seconds'] < 1e4


def test_code_of_a_command_is_found_without_importing_it(repository):
  bench = TOY._replace(commands=('make bench',))
  shown = {'experiments/toy.py', 'mtl_jax/report/shows.py'}
  for result in (TOY, bench):
    numbers, report = dependencies.files(result, repository)
    assert report == shown
    assert 'mtl_jax/train/steps.py' in numbers
  every = (TOY.commands[0].replace('hard', 'all'),)
  numbers, _ = dependencies.files(TOY._replace(commands=every), repository)
  assert 'mtl_jax/schemes/other.py' in numbers


def test_what_any_file_of_an_experiment_names_is_code_of_its_command(
  repository,
):
  put(repository, 'experiments/many/__init__.py', '')
  put(repository, 'experiments/many/__main__.py', '')
  put(repository, 'experiments/many/given.py', 'MAIN = ("other",)')
  result = TOY._replace(commands=('python -m experiments.many',))
  numbers, _ = dependencies.files(result, repository)
  assert 'mtl_jax/schemes/other.py' in numbers
  assert 'mtl_jax/run/probing.py' not in numbers
  measures = 'from experiments.claims import interference'
  put(repository, 'mtl_jax/run/probing.py', '')
  probing = 'from mtl_jax.run import probing'
  put(repository, 'experiments/claims/interference.py', probing)
  put(repository, 'experiments/many/__main__.py', measures)
  numbers, _ = dependencies.files(result, repository)
  assert 'mtl_jax/run/probing.py' in numbers


def test_the_quick_ones_are_those_known_to_be(capsys):
  found = [
    status.Status(TOY._replace(name=str(i)), status.NUMBERS, seconds)
    for i, seconds in enumerate([5, 700, None])
  ]
  assert [r.name for r in results._quick(found, 600)] == ['0']
  assert len(capsys.readouterr().err.splitlines()) == 2
  assert len(results._quick(found, None)) == 3


def test_the_answers_of_the_readme_are_those_of_the_pages():
  listed = registry.load(DOCS)
  text = (DOCS / 'README.md').read_text('utf-8')
  assert listing.with_answers(listed, DOCS) == text
  # A page that has a question has a line, made or not.
  assert text.count('[![') <= len(listed)
  for result in listed:
    assert (result.question or result.what) in text
    if status.read(DOCS / result.record):
      there = [(DOCS / result.name / f).exists() for f in result.files]
      assert all(there) or not result.folder


PAGE = """# Title

- Answer (Δm of a alone): better: hard (+.4 %, see [b](b.md)). More text.
- Other. In words, by [table.md](table.md): hardly. Of two
  rows one changes.

| row | claim | size |
| :-- | --: | --: |
| a | **holds** | 1 |
| b | – | 2 |
| c | holds | 3 |
"""


@pytest.mark.parametrize(
  ('begin', 'said'),
  [
    ('Answer', 'Δm of a alone: better: hard (+.4 %, see b).'),
    ('In words', 'Hardly.'),
    ('Of two', 'Of two rows one changes.'),
    ('| b', 'b: size 2.'),
    ('count: claim', 'Claim: 2 holds.'),
    ('Nothing', ''),
    ('| d', ''),
    ('count: none', ''),
  ],
)
def test_an_answer_is_read_from_its_page(begin, said):
  assert answering.read(PAGE, begin) == said


def test_a_line_is_there_before_its_page_and_marked_where_that_is_old(
  repository,
):
  folder = repository / 'docs/results'
  asked = TOY._replace(question='Does it?', group='costs')
  absent = asked._replace(name='absent')
  text = listing.with_answers([asked, absent], folder)
  assert '## What does it cost?' in text
  assert '| Does it? | not yet made | – | `python -m' in text
  assert '| [Does it?](toy/table.md) | see the page (of earlier code) |' in text
  assert text.startswith('# Results')
  assert text.endswith('After.\n')
  (folder / 'README.md').write_text(text)
  assert listing.with_answers([asked, absent], folder) == text


def test_a_group_that_there_is_not_names_the_nearest(repository):
  folder = repository / 'docs/results'
  line = '[[result]]\nname = "a"\nwhat = "b"\ncommands = []\nfiles = []\n'
  (folder / 'results.toml').write_text(f'{line}group = "cost"')
  with pytest.raises(InputError, match="a has no group 'cost'.*'costs'"):
    registry.load(folder)


def test_every_folder_of_results_is_listed():
  names = {result.name for result in registry.load(DOCS)}
  # Of docs/reliability.md, which `make faults` makes.
  names |= {'faults'}
  assert {path.name for path in DOCS.iterdir() if path.is_dir()} <= names


def test_a_wrong_name_names_the_nearest():
  with pytest.raises(InputError, match="did you mean 'capacity'"):
    registry.choose(registry.load(DOCS), ['capcity'])
