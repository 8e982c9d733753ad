"""What docs/extend.md shows is what is run here, from another folder."""

import pathlib
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from tests import children

ROOT = pathlib.Path(__file__).parents[1]
EXTEND = (ROOT / 'docs' / 'extend.md').read_text(encoding='utf-8')


def blocks(language):
  return re.findall(rf'```{language}\n(.*?)```', EXTEND, re.DOTALL)


def run(command, folder):
  words = shlex.split(command.replace('\\\n', ' '))
  assert words[0] == 'python'
  return subprocess.run(
    [sys.executable, *words[1:]],
    cwd=folder,
    capture_output=True,
    text=True,
    env=children.environment(COLUMNS='120'),
    timeout=300,
    check=False,
  )


def in_order(found):
  """The scheme, the kind of task and the config."""
  marks = 'class Scheme', '-> Kind', 'def get_config'
  return [next(block for block in found if mark in block) for mark in marks]


@pytest.fixture(scope='module')
def lab(tmp_path_factory):
  """A folder that is not the checkout, with the page's files in it."""
  folder = tmp_path_factory.mktemp('elsewhere')
  (folder / 'my_lab').mkdir()
  scheme, kind, config = in_order(blocks('python'))
  (folder / 'my_lab' / 'scaled.py').write_text(scheme)
  (folder / 'my_lab' / 'price.py').write_text(kind)
  (folder / 'my_config.py').write_text(config)
  return folder


def test_the_scheme_is_one_short_file():
  assert len(blocks('python')[0].splitlines()) < 60


def test_the_command_prints_a_table_with_the_new_scheme(lab, actg175):
  (command,) = blocks('sh')
  done = run(command, lab)
  assert done.returncode == 0, done.stderr
  table = (lab / 'out/scaled/table.csv').read_text()
  assert 'my_lab.scaled' in done.stdout
  assert {'single', 'hard', 'my_lab.scaled', 'reference'} <= {
    line.split(',')[1] for line in table.splitlines()[1:]
  }


def test_the_kind_is_short_and_is_one(lab, monkeypatch):
  monkeypatch.syspath_prepend(lab)
  from mtl_jax.errors import InputError
  from mtl_jax.tasks import Task, scores

  task, y = Task('price', 'my_lab.price'), np.array([1.0, np.e])
  found = scores.of_run(task, np.log(y)[:, None], y, np.ones(2))
  assert found == pytest.approx({'mae': 0})
  assert not task.made.loss(np.log(y)[:, None], y).any()
  with pytest.raises(InputError, match='row 1 is 0; a price is above 0'):
    task.made.check(y - [0, np.e], np.ones(2, bool))
  assert len(in_order(blocks('python'))[1].splitlines()) < 30


def test_a_config_of_ones_own_sets_a_field_of_the_scheme(lab, monkeypatch):
  monkeypatch.syspath_prepend(lab)
  import my_config

  from mtl_jax.cells import build
  from mtl_jax.tasks import Task

  config = my_config.get_config()
  config.scheme = 'my_lab.scaled'
  system = build.system(config, (Task('a', 'binary'), Task('b', 'binary')))
  assert system.scheme.start == 0.1
