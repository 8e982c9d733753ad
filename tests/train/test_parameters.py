"""A run's parameters as one matrix: nothing lost, and a row is a tower."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.train import matrix_layout as layouts
from mtl_jax.train import parameters
from tests import small

K = len(small.TASKS)
ONE_MODEL = ('hard', 'cross_stitch', 'mmoe')


def drawn(name, encoder='mlp'):
  return small.params(small.scheme(name, encoder), small.inputs(encoder))


@pytest.mark.parametrize('encoder', ['mlp', 'lstm', 'resnet'])
@pytest.mark.parametrize('name', ['single', *ONE_MODEL])
def test_a_tree_comes_back_to_the_bit(name, encoder):
  tree = drawn(name, encoder)
  packed = parameters.pack(tree, K if name == 'single' else 1)
  small.same(packed.tree, tree)
  numbers = sum(leaf.size for leaf in jax.tree.leaves(tree))
  assert packed.layout.size == numbers
  assert packed.layout == layouts.layout(packed.shapes, len(packed.matrix))


def test_heads_of_unlike_structure_are_zeros_in_the_rows_of_others():
  """As those of maps and of vectors in one set of separate towers."""
  tree = {f'head_{t}': {'Dense_0': jnp.ones((2, 1))} for t in (0, 2)}
  tree |= {
    'head_1': {'Conv_0': jnp.ones((1, 2, 3))},
    'towers': jnp.ones((3, 4)),
  }
  packed = parameters.pack(tree, 3)
  small.same(packed.tree, tree)
  assert packed.layout.size == 2 * 2 + 6 + 12
  np.testing.assert_array_equal(packed.matrix.sum(1), [2 + 4, 6 + 4, 2 + 4])


def test_runs_in_front_stay_in_front():
  trees = [drawn('single'), jax.tree.map(lambda x: 2 * x, drawn('single'))]
  packed = small.pile([parameters.pack(tree, K) for tree in trees])
  small.same(packed.tree, small.pile(trees))


def test_a_row_is_a_tower_with_its_head_and_padding_is_zero():
  tree = drawn('single')
  marked = {
    'towers': jax.tree.map(
      lambda x: (
        jnp.ones_like(x) * (jnp.arange(K) + 1).reshape(-1, *[1] * (x.ndim - 1))
      ),
      tree['towers'],
    ),
    **{
      f'head_{t}': jax.tree.map(lambda x: jnp.full_like(x, t + 1), own)  # noqa: B023
      for t, own in ((t, tree[f'head_{t}']) for t in range(K))
    },
  }
  matrix = np.asarray(parameters.pack(marked, K).matrix)
  for t, row in enumerate(matrix):
    assert set(row) <= {0, t + 1}
  # One head has three outputs and the others have one.
  assert (matrix == 0).sum() == 2 * 2 * (4 + 1)


def test_columns_have_the_value_of_their_parameter():
  tree = drawn('mmoe')
  packed = parameters.pack(tree, 1)
  found = packed.per_column(
    lambda name, is_kernel: 2.0 * is_kernel + name.startswith('head'),
    lambda part, value: jnp.zeros_like(part) + value,
  )
  spread = found.tree
  for path, leaf in jax.tree_util.tree_leaves_with_path(spread):
    kernel = str(path[-1].key).endswith('kernel')
    head = path[0].key.startswith('head')
    np.testing.assert_array_equal(leaf, 2 * kernel + head)


def test_one_value_for_all_columns_is_no_array():
  packed, seen = parameters.pack(drawn('hard'), 1), []
  packed.per_column(lambda name, is_kernel: 1.0, lambda _, v: seen.append(v))
  assert seen == [1.0]


@pytest.mark.parametrize(('name', 'groups'), [('single', K), ('mmoe', 1)])
def test_large_leaves_lie_by_themselves_and_change_nothing(
  monkeypatch, name, groups
):
  tree = drawn(name)
  whole = parameters.pack(tree, groups)
  monkeypatch.setattr(layouts, 'LARGE', 60)
  cut = parameters.pack(tree, groups)
  assert len(cut.large) >= 1
  assert cut.layout.size == whole.layout.size
  small.same(cut.tree, whole.tree)
  np.testing.assert_allclose(cut.norms, whole.norms, rtol=1e-6)
  assert layouts.layout_of(layouts.written(cut.layout)) == cut.layout
  found, expected = (
    packed.per_column(
      lambda name, is_kernel: 2.0 * is_kernel + name.startswith('head'),
      lambda part, value, other: value * part + other,
      packed,
    ).tree
    for packed in (cut, whole)
  )
  small.same(found, expected)
