"""Runs the code blocks of docs/extend.md, from another folder."""

import pathlib
import re
import shlex
import subprocess
import sys

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.schemes import base
from tests import children, small

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


FILES = {
  'my_lab/scaled.py': 'scale_t',
  'my_lab/centred.py': 'running mean',
  'my_lab/price.py': '-> Kind',
  'my_lab/pixels.py': 'WIDTHS',
  'my_lab/lines.py': 'def log',
  'my_config.py': 'def get_config',
}


def files():
  """The page's Python files by path; each block is one of them."""
  shown = blocks('python')
  assert len(shown) == len(FILES)
  return {
    path: next(block for block in shown if mark in block)
    for path, mark in FILES.items()
  }


@pytest.fixture(scope='module')
def lab(tmp_path_factory):
  """A folder that is not the checkout, with the page's files in it."""
  folder = tmp_path_factory.mktemp('elsewhere')
  (folder / 'my_lab').mkdir()
  for path, text in files().items():
    (folder / path).write_text(text)
  return folder


def test_the_scheme_is_one_short_file():
  assert len(files()['my_lab/scaled.py'].splitlines()) < 60


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
  result = scores.of_run(task, np.log(y)[:, None], y, np.ones(2))
  assert result == pytest.approx({'mae': 0})
  assert not task.made.loss(np.log(y)[:, None], y).any()
  with pytest.raises(InputError, match='row 1 is 0; a price is above 0'):
    task.made.check(y - [0, np.e], np.ones(2, bool))
  assert len(files()['my_lab/price.py'].splitlines()) < 30


def test_the_log_writes_what_it_is_given(lab, monkeypatch):
  monkeypatch.syspath_prepend(lab)
  from mtl_jax.records import logs

  log = logs.make('my_lab.lines')
  log.start({'steps': 10}, lab)
  log.log(5, {'valid/a/auc': 0.5, 'run_0/valid/a/auc': 0.25})
  log.close()
  text = (lab / 'curves.txt').read_text()
  assert text == '5 valid/a/auc 0.5\n5 run_0/valid/a/auc 0.25\n'


def test_a_config_of_ones_own_sets_a_field_of_the_scheme(lab, monkeypatch):
  monkeypatch.syspath_prepend(lab)
  import my_config

  from mtl_jax.cells import build
  from mtl_jax.tasks import Task

  config = my_config.get_config()
  config.scheme = 'my_lab.scaled'
  system = build.system(config, (Task('a', 'binary'), Task('b', 'binary')))
  assert system.scheme.start == 0.1


def test_state_of_a_scheme_is_updated_in_training_alone(lab, monkeypatch):
  monkeypatch.syspath_prepend(lab)
  from my_lab import centred

  scheme = small.scheme('hard')
  scheme = centred.Scheme(scheme.stages, scheme.heads)
  x = small.inputs()
  variables = scheme.init(jax.random.key(0), x, False)
  assert not variables['centre']['mean'].any()
  _, new = scheme.apply(variables, x, True, mutable=['centre'])
  assert new['centre']['mean'].any()
  _, new = scheme.apply(variables, x, False, mutable=['centre'])
  assert not new['centre']['mean'].any()


def test_the_encoder_runs_as_towers_and_can_be_resized(lab, monkeypatch):
  monkeypatch.syspath_prepend(lab)
  import my_config
  from my_lab import pixels

  from mtl_jax.cells import build
  from mtl_jax.tasks import Task

  config = my_config.get_config()
  config.encoder, config.scheme = 'my_lab.pixels', 'single_small'
  tasks = (Task('a', 'binary'), Task('b', 'binary'))
  scheme = build.system(config, tasks).scheme
  assert [stage.args for stage in scheme.stages] == [(8,), (16,)]
  assert [stage.args for stage in scheme.resize(0.5)] == [(4,), (8,)]
  assert set(pixels.WIDTHS) == {'channels'}
  x = jnp.ones((2, 8, 8, 1))
  predictions, _ = scheme.init_with_output(jax.random.key(0), x, False)
  assert [p.shape for p in predictions] == [(2, 1), (2, 1)]


def test_a_tower_has_no_other_state_than_batch_stats():
  class Stateful(nn.Module):
    @nn.compact
    def __call__(self, x, train):
      return x + self.variable('other', 'state', jnp.zeros, ()).value

  class Scheme(nn.Module):
    @nn.compact
    def __call__(self, x):
      return base.stack(Stateful(), 2, x, False)

  with pytest.raises(flax.errors.ScopeCollectionNotFound):
    Scheme().init(jax.random.key(0), jnp.ones(3))
