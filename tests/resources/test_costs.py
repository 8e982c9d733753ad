"""Operations counted in a jaxpr equal closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from mtl_jax.resources import costs
from tests import small

quick = small.quick


def test_parameters_counts_elements():
  assert costs.parameters({'a': jnp.ones((3, 4)), 'b': [jnp.ones(())]}) == 13


def test_matrix_product():
  a, b = jnp.ones((3, 4)), jnp.ones((4, 5))
  assert costs.flops(jnp.matmul, a, b) == 2 * 3 * 4 * 5


def test_product_of_stacked_matrices():
  a, b = jnp.ones((7, 3, 4)), jnp.ones((7, 4, 5))
  assert costs.flops(jnp.matmul, a, b) == 7 * 2 * 3 * 4 * 5


def test_shapes_are_enough():
  a = jax.ShapeDtypeStruct((3, 4), jnp.float32)
  assert costs.flops(lambda a: a @ a.T, a) == 2 * 3 * 4 * 3


@pytest.mark.parametrize('compiled', [False, True])
def test_forward_pass_of_an_mlp(compiled):
  def forward(x, w, v):
    return jnp.tanh(x @ w) @ v

  function = jax.jit(forward) if compiled else forward
  x, w, v = jnp.ones((8, 5)), jnp.ones((5, 6)), jnp.ones((6, 3))
  expected = 2 * 8 * 5 * 6 + 8 * 6 + 2 * 8 * 6 * 3
  assert costs.flops(function, x, w, v) == expected


def test_a_loop_counts_once_per_iteration():
  def loop(x, w):
    return lax.scan(lambda h, _: (h @ w, None), x, None, length=11)[0]

  x, w = jnp.ones((2, 4)), jnp.ones((4, 4))
  assert costs.flops(loop, x, w) == 11 * 2 * 2 * 4 * 4


def test_a_cond_counts_as_its_most_expensive_branch():
  def branch(x):
    return lax.cond(x[0, 0] > 0, lambda x: x @ x, lambda x: x + x, x)

  x = jnp.ones((3, 3))
  # The comparison is one operation, the cast of the predicate none.
  assert costs.flops(branch, x) == 2 * 27 + 1


@pytest.mark.parametrize('groups', [1, 2])
def test_convolution(groups):
  x = jnp.ones((2, 6, 5, 4))
  kernel = jnp.ones((3, 3, 4 // groups, 8))

  def convolve(x, kernel):
    return lax.conv_general_dilated(
      x,
      kernel,
      (1, 1),
      'SAME',
      dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
      feature_group_count=groups,
    )

  expected = 2 * (2 * 6 * 5 * 8) * (3 * 3 * 4 // groups)
  assert costs.flops(convolve, x, kernel) == expected


def test_traffic_of_a_product_is_its_operands_and_result():
  a, b = jnp.ones((3, 4)), jnp.ones((4, 5))
  assert costs.traffic(jnp.matmul, a, b) == 4 * (12 + 20 + 15)


def test_traffic_of_a_loop_counts_once_per_iteration():
  def loop(x, w):
    return lax.scan(lambda h, _: (h @ w, None), x, None, length=11)[0]

  x, w = jnp.ones((2, 4)), jnp.ones((4, 4))
  assert costs.traffic(loop, x, w) == 11 * 4 * (8 + 16 + 8)


def test_a_slice_reads_only_its_elements():
  table, rows = jnp.ones((1000, 3)), jnp.arange(2)

  def pick(table, rows):
    return lax.slice_in_dim(table, 4, 6), table.at[rows].get(mode='clip')

  assert costs.traffic(pick, table, rows) < 200


def test_moving_data_is_no_operation():
  def move(x):
    return jnp.concatenate([x.T.reshape(2, 6), x.T.reshape(2, 6)])[:1]

  assert costs.flops(move, jnp.ones((3, 4))) == 0


def forward(name, num_tasks):
  """Operations of the predictions of 8 rows."""
  scheme = small.scheme(name, tasks=small.TASKS[:1] * num_tasks)
  x = small.inputs()
  params = small.params(scheme, x)
  return costs.flops(lambda p: scheme.apply({'params': p}, x, False), params)


def test_the_branch_of_a_platform_does_not_count():
  def wasteful(x):
    return (x @ jnp.concatenate([x, x], axis=1))[:, :4]

  def either(x):
    return jax.lax.platform_dependent(x, cpu=wasteful, default=lambda x: x @ x)

  x = jnp.ones((4, 4))
  assert costs.flops(either, x) == 2 * 4**3


def test_each_tower_costs_as_much_as_one():
  assert forward('single', 3) == 3 * forward('single', 1)


def test_another_task_costs_hard_sharing_another_head():
  encoder = 2 * 8 * (5 * 6 + 6 * 4)
  head = 2 * 8 * 4
  one, two, three = (forward('hard', n) for n in (1, 2, 3))
  assert three - two == two - one
  # Biases, ReLU and pooling are small compared with the products.
  assert head <= two - one < 3 * head
  assert encoder + head <= one < 1.5 * (encoder + head)


def test_a_gradient_costs_about_two_and_a_half_forward_passes():
  w, x = jnp.ones((32, 32)), jnp.ones((64, 32))

  def loss(w):
    return jnp.square(x @ w @ w).sum()

  forward, step = costs.flops(loss, w), costs.flops(jax.grad(loss), w)
  np.testing.assert_allclose(step / forward, 2.5, atol=0.2)
