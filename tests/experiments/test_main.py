"""`mtl-jax` finds commands by name, and imports nothing for a slip."""

import pathlib
import runpy
import sys

import pytest

from experiments import main, typed
from tests.experiments import test_start


def test_every_command_is_listed_with_a_line(capsys):
  for line in main.usage().splitlines()[2:-4]:
    name, *words = line.split()
    assert name in main.COMMANDS
    assert len(words) > 3, line
  assert {'compare', 'interference', 'tune', 'report'} <= {*main.commands()}


@pytest.mark.parametrize(
  ('flags', 'said', 'code'),
  [
    (['comprae'], "error: no command 'comprae'; did you mean 'compare'", 2),
    (['--help'], '', 0),
    (['compare', '--config=actg175', '--workdir=w', '--schemes=hrd'],
     "did you mean 'hard'", 2),
    (['report'], 'error: ', 2),
  ],
)  # fmt: skip
def test_it_answers_without_jax(flags, said, code):
  *lines, last = test_start.start(
    test_start.START.format(script='experiments.main', flags=flags)
  )
  assert said in '\n'.join(lines)
  assert f'code {code}' in lines
  assert not {'jax', 'pandas'} & {*last.split()}


def test_the_command_is_told_as_it_was_typed(monkeypatch):
  ran = []

  def run(name, **_):
    ran.append((name, typed.line('experiments.compare')))

  monkeypatch.setattr(runpy, 'run_module', run)
  monkeypatch.setattr(typed, 'BEGIN', [])
  flags = ['compare', '--config=actg175', '--schemes=hard, mmoe']
  monkeypatch.setattr(sys, 'argv', ['/usr/bin/mtl-jax', *flags])
  assert main.main() == 0
  assert ran == [
    ('experiments.compare',
     "mtl-jax compare --config=actg175 '--schemes=hard, mmoe'")
  ]  # fmt: skip


def test_the_script_is_the_function_that_stands_there():
  root = pathlib.Path(main.__file__).parents[1]
  text = (root / 'pyproject.toml').read_text()
  assert 'mtl-jax = "experiments.main:main"' in text
