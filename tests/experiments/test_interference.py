"""Interference inside a scheme from the command line."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import mtl_jax as mtl
from mtl_jax.interference import feature_similarity
from tests.experiments import test_compare

SCRIPT = {'script': 'experiments.interference'}
FILES = (
  *('interference.csv', 'matrices.csv', 'interference.md'),
  *('figures/interference.png', 'figures/conflict_over_training.png'),
  'figures/conflict_depth.png',
)


@pytest.fixture
def toy(tmp_path):
  # Three runs: a core of two computes two at once, and LAPACK a batch of two.
  config = test_compare.CONFIG.replace('2, 1200, 60', '3, 20, 4')
  (tmp_path / 'toy.py').write_text(config)
  return f'--config={tmp_path}/toy.py', f'--workdir={tmp_path}/w'


def kept(folder):
  return {p: p.read_bytes() for p in folder.glob('cells/*/records.jsonl')}


def test_a_scheme_is_looked_at_once(toy, tmp_path):
  first = test_compare.run(*toy, '--scheme=hard', **SCRIPT)
  assert first.returncode == 0, first.stderr
  folder = tmp_path / 'w'
  assert all((folder / name).stat().st_size for name in FILES)
  trained = kept(folder)
  assert len(trained) == 2

  frame = pd.read_csv(folder / 'interference.csv')
  assert [*frame.columns] == [
    'step', 'module', 'task_i', 'task_j', 'measure', 'seed', 'value'
  ]  # fmt: skip
  assert sorted(frame.step.unique()) == [0, 5, 10, 15, 20]
  assert set(frame.seed) == {0, 1, 2}
  page = (folder / 'interference.md').read_text()
  assert page.splitlines()[2].lstrip('- ') in first.stdout.replace('\n', ' ')
  assert 'on 4 training batches of 8 rows' in ' '.join(first.stdout.split())
  same_as_products(frame, pd.read_csv(folder / 'matrices.csv'))
  likeness = frame[frame.module == 'features']
  # All heads of `hard` read the same: only their towers alone are compared.
  assert set(likeness.measure) <= {'cka_single', 'rsa_single'}
  own = likeness[likeness.measure == 'cka_single'].set_index(
    ['seed', 'task_j', 'task_i']
  )['value']
  assert own[0, 'sum', 'sum'] == own[0, 'sum', 'first'] < 1

  # A call of Python finds the cells, and has the numbers of the files.
  jax.devices()
  result = mtl.interference(str(tmp_path / 'toy.py'), 'hard', workdir=folder)
  text = result.table.to_csv(index=False, lineterminator='\n')
  assert text == (folder / 'matrices.csv').read_text()
  assert '<td>sum, first</td>' in result._repr_html_()
  assert kept(folder) == trained

  # Its towers are there already, and so is the other cell.
  again = test_compare.run(*toy, '--scheme=hard', **SCRIPT)
  assert again.stdout == first.stdout
  alone = test_compare.run(*toy, '--scheme=single', **SCRIPT)
  assert alone.returncode == 0, alone.stderr
  assert 'by corresponding towers' in ' '.join(alone.stdout.split())
  frame = pd.read_csv(folder / 'interference.csv')
  assert 'cka' in set(frame.measure)
  assert kept(folder) == trained


def same_as_products(frame, matrices):
  """The pooled cosine, from the products in the file."""
  mine = frame[(frame.module == 'ALL') & (frame.measure == 'product')]
  found = []
  for _, own in mine.groupby('seed'):
    grams = own.pivot_table(
      index='task_i', columns='task_j', values='value', aggfunc='mean'
    )
    gram = grams.loc[['sum', 'first'], ['sum', 'first']].to_numpy()
    if (np.diag(gram) > 0).all():
      cosine = gram[0, 1] / np.sqrt(gram[0, 0] * gram[1, 1])
      found.append(np.clip(cosine, -1, 1))
  assert found
  rows = matrices[
    (matrices.measure == 'corrected_cosine') & (matrices.module == 'ALL')
  ]
  assert len(rows) == 2
  np.testing.assert_allclose(rows['mean'], np.mean(found), rtol=1e-6)
  assert set(rows['n_seeds']) == {len(found)}


def test_one_task_is_one_line_and_exit_code_2(toy, tmp_path):
  (tmp_path / 'toy.py').write_text(
    (tmp_path / 'toy.py')
    .read_text()
    .replace("'tests.toy'", "'synthetic'")
    .replace('  return', '  config.datasets.synthetic.tasks = 1\n  return')
  )
  done = test_compare.run(*toy, **SCRIPT)
  assert done.returncode == 2
  assert done.stdout == ''
  (line,) = done.stderr.splitlines()
  assert 'two or more' in line
  assert not (tmp_path / 'w').exists()


def test_a_mistake_is_one_line_and_exit_code_2(toy, tmp_path):
  done = test_compare.run(*toy, '--config.probe.batches=1', **SCRIPT)
  assert (done.returncode, done.stdout) == (2, '')
  (line,) = done.stderr.splitlines()
  assert 'config.probe.batches is 1' in line
  assert not (tmp_path / 'w').exists()


def test_likeness_is_of_every_task_with_every_other():
  draw = np.random.default_rng(0)
  x, y = draw.normal(size=(2, 3, 40, 4)).astype(np.float32)
  y[2] = 3 * x[0]
  x, y = jnp.asarray(x), jnp.asarray(y)
  found = feature_similarity.measure(x, y)
  for measure, function in feature_similarity.MEASURES.items():
    each = [[function(a, b) for b in y] for a in x]
    np.testing.assert_allclose(found[measure], each, rtol=1e-4, atol=1e-5)
    assert found[measure][0, 2] == pytest.approx(1, abs=1e-4)
