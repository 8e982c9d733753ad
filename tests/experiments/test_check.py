"""The command that says whether a workdir is whole, as it is typed."""

import pathlib
import sys

import pytest

from experiments import typed as command_line
from experiments.check import __main__ as check
from experiments.check import answer
from mtl_jax.records import digests
from tests.experiments import test_start
from tests.records.test_incomplete import workdir  # noqa: F401 - a fixture


def typed(monkeypatch, capsys, *words):
  """The exit code, and what was printed."""
  monkeypatch.setattr(sys, 'argv', ['check', *map(str, words)])
  code = command_line.run(check.main)
  return code, ''.join(capsys.readouterr())


def test_a_whole_workdir_is_one_line(workdir, monkeypatch, capsys):  # noqa: F811
  code, text = typed(monkeypatch, capsys, workdir)
  assert code == 0
  assert text == f'{workdir} is whole: nothing is wrong with its 2 cells\n'
  assert typed(monkeypatch, capsys, workdir / 'cells' / 'a')[0] == 0


def test_the_answer_stands_above_a_line_for_each_problem(
  workdir,  # noqa: F811
  monkeypatch,
  capsys,
):
  for name in ('a', 'b'):
    (workdir / 'cells' / name / 'model.json').unlink()
  code, text = typed(monkeypatch, capsys, workdir)
  assert code == 1
  first, empty, header, *lines = text.splitlines()
  assert first == f'{workdir}: 2 problems in 2 cells'
  assert empty == ''
  assert header.split() == ['where', 'what', 'remedy']
  assert [line.split()[0] for line in lines] == [
    'cells/a/model.json',
    'cells/b/model.json',
  ]


def test_a_folder_of_workdirs_is_checked(tmp_path):
  for name in ('a', 'b/c'):
    (tmp_path / name / 'cells' / 'x').mkdir(parents=True)
  assert check.workdirs(tmp_path) == [tmp_path / 'a', tmp_path / 'b' / 'c']


def test_damage_is_a_problem(workdir, monkeypatch):  # noqa: F811
  problem = digests.Problem(workdir / 'table.json', 'cut off', 'again')
  monkeypatch.setattr(digests, 'of_workdir', lambda folder: [problem])
  text = answer.text(answer.of(workdir))
  assert 'table.json   cut off   again' in text


@pytest.mark.parametrize(
  ('words', 'said'),
  [
    ((), 'name one or several workdirs'),
    (('none',), 'none: no such folder'),
    (('docs',), 'docs has no cells: it is no workdir'),
    (('--x=1',), "Unknown command line flag 'x'"),
  ],
)
def test_a_slip_is_one_line(monkeypatch, capsys, words, said):
  monkeypatch.chdir(pathlib.Path(__file__).parents[2])
  code, text = typed(monkeypatch, capsys, *words)
  assert code == 2
  assert text.startswith('error: ')
  assert said in text


def test_it_needs_nothing_heavy(workdir):  # noqa: F811
  (*_, code), modules = test_start.begun('experiments.check', str(workdir))
  assert code == 'code 0'
  assert not modules & {*test_start.HEAVY, 'jax', 'numpy', 'flax', 'optax'}
