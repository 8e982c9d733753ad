"""Interference inside one scheme, from the command line."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from experiments import interference
from tests.experiments import test_compare

CONFIG = test_compare.CONFIG.replace('1200, 60', '20, 2')


@pytest.fixture
def toy(tmp_path):
  (tmp_path / 'toy.py').write_text(CONFIG)
  return f'--config={tmp_path}/toy.py', f'--workdir={tmp_path}/w'


def run(*flags):
  return test_compare.run(*flags, script='experiments.interference')


def test_it_is_measured_once_and_told(toy, tmp_path):
  done = run(*toy, '--scheme=cross_stitch')
  assert done.returncode == 0, done.stderr
  folder = tmp_path / 'w'
  frame = pd.read_csv(folder / 'interference.csv')
  assert [*frame] == [
    *('step', 'module', 'task_i', 'task_j', 'measure', 'seed', 'value')
  ]
  assert set(frame.step) == {0, 10, 20}
  assert {'tag', 'conflict', 'curvature', 'cka', 'cka_single'} < {
    *frame.measure
  }
  # What the page tells of likenesses is there of every task with its own.
  single = frame[frame.measure == 'cka_single']
  assert (single.task_i == single.task_j).sum() == 2 * single.seed.nunique()
  assert single.value.between(0, 1).all()
  page = (folder / 'interference.md').read_text()
  assert 'cross_stitch' in page
  assert page.splitlines()[2].lstrip('- ') in done.stdout.replace('\n', ' ')
  for name in ('interference', 'conflict_over_training', 'conflict_depth'):
    assert (folder / 'figures' / f'{name}.png').stat().st_size > 5000
  kept = {p: p.read_bytes() for p in folder.glob('cells/*/records.jsonl')}
  assert len(kept) == 2
  again = run(*toy, '--scheme=cross_stitch')
  assert again.stdout == done.stdout
  assert {p: p.read_bytes() for p in kept} == kept


def test_a_mistake_is_one_line_and_exit_code_2(toy, tmp_path):
  done = run(*toy, '--config.probe.batches=1')
  assert (done.returncode, done.stdout) == (2, '')
  (line,) = done.stderr.splitlines()
  assert 'config.probe.batches is 1' in line
  assert not (tmp_path / 'w').exists()


def test_likeness_is_of_every_task_with_every_other():
  draw = np.random.default_rng(0)
  x, y = draw.normal(size=(2, 3, 40, 4)).astype(np.float32)
  y[2] = 3 * x[0]
  x, y = jnp.asarray(x), jnp.asarray(y)
  found = interference.likenesses(x, y)
  for measure, likeness in interference.LIKENESS.items():
    each = [[likeness(a, b) for b in y] for a in x]
    np.testing.assert_allclose(found[measure], each, rtol=1e-4, atol=1e-5)
    assert found[measure][0, 2] == pytest.approx(1, abs=1e-4)
