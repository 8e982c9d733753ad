"""Schemes x balancers under optimizers and sizes, from the command line."""

import pandas as pd
import pytest
from ml_collections import ConfigDict

from experiments import factorial, levels
from mtl_jax.errors import InputError
from tests.experiments import test_compare, test_grid

CONFIG = test_compare.CONFIG.replace('1200, 60', '20, 2')
VARIANTS = [
  '--optimizer=adam hp.lr=(.01,.03)', '--optimizer=sgd hp.lr=(.1,.3)',
]  # fmt: skip


@pytest.fixture
def toy(tmp_path):
  (tmp_path / 'toy.py').write_text(CONFIG)
  return f'--config={tmp_path}/toy.py', f'--workdir={tmp_path}/w'


def run(*flags):
  return test_compare.run(*flags, script='experiments.factorial')


def test_variants_have_folders_and_baselines_of_their_own(toy, tmp_path):
  done = run(*toy, '--schemes=hard', '--balancers=equal', *VARIANTS)
  assert done.returncode == 0, done.stderr
  assert done.stderr.count('only the grids are made') == 1
  frame = pd.read_csv(tmp_path / 'w/factorial.csv', keep_default_na=False)
  assert frame.optimizer.tolist() == ['adam', 'sgd']
  assert {*frame['size']} == {'config'}
  assert {*frame.scheme} == {'hard'}
  for name in ('adam-config', 'sgd-config'):
    own = tmp_path / 'w' / name
    assert len(test_grid.records(own)) == 2  # With `single`.
    for file in ('grid.md', 'table.md', 'config.json'):
      assert (own / file).exists()
  text = (tmp_path / 'w/factorial.md').read_text()
  assert 'Not answered: it takes two schemes' in text
  assert text.count('| hard |') == 2
  assert (tmp_path / 'w/figures/factorial.png').exists()


@pytest.mark.parametrize(
  ('flags', 'parts'),
  [
    (['--optimizer=sgd hp.lr=(.1,.3)', '--optimizer=adam'],
     ['sgd config 2, adam config 1', 'as many']),
    (['--optimizer=sdg'], ["did you mean 'sgd'"]),
    (['--size=a encoders.mlp.width=(8,)'], ["did you mean 'widths'"]),
    (['--size=a encoders.mlp.widths=3'],
     ['encoders.mlp.widths=3', 'a tuple, as (3,)']),
    (['--optimizer=sgd', '--optimizer=adam steps=9'],
     ['steps=9', 'set --config.steps']),
    (['--balancers=pcgrda'], ["did you mean 'pcgrad'"]),
  ],
)  # fmt: skip
def test_a_mistake_is_one_line_before_anything_is_written(
  toy, tmp_path, flags, parts
):
  done = run(*toy, '--schemes=hard', *flags)
  assert done.returncode == 2
  (line,) = done.stderr.splitlines()
  for part in parts:
    assert part in line
  assert not (tmp_path / 'w').exists()


def test_a_level_is_a_name_with_settings():
  found = levels.parse('size', ['own', 'big a.b=(1,2) schedule=step c=3'])
  assert found == [
    ('own', {}), ('big', {'a.b': (1, 2), 'schedule': 'step', 'c': 3}),
  ]  # fmt: skip
  for text in ('', '../up', 'big a.b', 'big a=(1', 'big a=[x y]'):
    with pytest.raises(InputError, match='--size='):
      levels.parse('size', [text])
  with pytest.raises(InputError, match='twice'):
    levels.parse('size', ['a', 'a b=1'])


def test_settings_are_counted_as_they_are_tried():
  hp = {'lr': (1, 2, 3), 'clip': (0, 1, 2), 'penalty': ()}
  for paired, count in ((False, 9), (True, 3)):
    assert factorial.tried(ConfigDict({'hp': hp, 'paired': paired})) == count
