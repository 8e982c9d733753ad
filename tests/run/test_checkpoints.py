"""A state comes back to the bit, and a cut-off save leaves the one before."""

import shutil

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtl_jax.records import digests
from mtl_jax.run.checkpoints import Checkpoints


@pytest.fixture
def folder(tmp_path):
  return tmp_path / 'checkpoints'


def state(seed):
  draw = np.random.default_rng(seed)
  params = {'w': jnp.array(draw.normal(size=(3, 2)), jnp.float32)}
  return params, optax.adam(1e-3).init(params), (), np.array([seed, 1.5])


def test_everything_comes_back_to_the_bit(folder):
  store = Checkpoints(folder)
  assert store.latest() is None
  store.save(3, state(7))
  found = store.restore(state(0))
  assert store.latest() == 3
  np.testing.assert_array_equal(found[0]['w'], state(7)[0]['w'])
  assert found[1][0].count.dtype == np.int32
  assert found[3].dtype == np.float64
  assert found[3].tolist() == [7, 1.5]
  store.close()


def test_only_the_newest_is_kept(folder):
  store = Checkpoints(folder)
  for number in (1, 2):
    store.save(number, state(number))
  store.close()
  assert [p.name for p in folder.iterdir() if p.name.isdigit()] == ['2']


def test_a_save_that_was_cut_off_is_passed_over(folder):
  store = Checkpoints(folder)
  store.save(1, state(1))
  store.close()
  (folder / '2.orbax-checkpoint-tmp').mkdir()
  store = Checkpoints(folder)
  assert store.latest() == 1
  np.testing.assert_array_equal(store.restore(state(0))[3], [1, 1.5])
  store.close()


def both(folder):
  """Two checkpoints, as a job leaves them that ends while 1 is removed."""
  store = Checkpoints(folder)
  store.save(1, state(1))
  shutil.copytree(folder, folder.with_name('first'))
  store.save(2, state(2))
  store.close()
  shutil.copytree(folder.with_name('first'), folder, dirs_exist_ok=True)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(folder):
  both(folder)
  path = max(
    (p for p in (folder / '2').rglob('*') if p.is_file()),
    key=lambda p: p.stat().st_size,
  )
  path.write_bytes(path.read_bytes()[:-1])
  said = []
  store = Checkpoints(folder, said.append)
  assert store.latest() == 1
  np.testing.assert_array_equal(store.restore(state(0))[3], [1, 1.5])
  store.save(2, state(2))
  assert store.latest() == 2
  store.close()
  (line,) = said
  assert str(path) in line


def test_a_checkpoint_counts_once_it_has_digests(folder):
  both(folder)
  digests.forget(folder / '2')
  store = Checkpoints(folder)
  assert store.latest() == 1
  store.close()


def test_checkpoints_of_an_earlier_version_have_no_digests(folder):
  store = Checkpoints(folder)
  store.save(1, state(1))
  store.close()
  digests.forget(folder / '1')
  store = Checkpoints(folder)
  assert store.latest() == 1
  store.close()


def test_digests_without_a_checkpoint_are_removed(folder):
  """A process may be killed while it removes both."""
  store = Checkpoints(folder)
  store.save(2, state(2))
  store.close()
  digests.beside(folder / '1').write_text('{}')
  assert Checkpoints(folder).latest() == 2
  assert not digests.beside(folder / '1').exists()


def test_checkpoints_of_another_width_are_removed(tmp_path):
  stores = [Checkpoints(tmp_path / f'matrix_of_{n}_runs') for n in (1, 2)]
  for store in stores:
    store.save(1, state(1))
    store.close()
  stores[1].remove_others()
  assert [path.name for path in tmp_path.iterdir()] == ['matrix_of_2_runs']
