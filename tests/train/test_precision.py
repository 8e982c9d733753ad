"""Only the model computes in bfloat16."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import train
from mtl_jax.train import evaluation
from tests import small

quick = small.quick

WIDE, NARROW = jnp.float32, jnp.bfloat16

# Stages of resnet18 are those of resnet, except for the stem.
ENCODERS = [name for name in small.ENCODERS if name != 'resnet18']
PAIRS = [
  (name, encoder)
  for name in ('hard', 'mmoe', 'cross_stitch')
  for encoder in ENCODERS
]


DENSE = [('hard', encoder) for encoder in small.DENSE]


def tasks(encoder):
  return small.MAPS if encoder in small.DENSE else small.TASKS


def system(name, encoder, *others, **fields):
  chosen = small.system(name, encoder, *others, tasks=tasks(encoder), **fields)
  return chosen._replace(compute='bfloat16')


def products(jaxpr):
  """Dtypes of the operands of all matrix products."""
  for equation in jaxpr.eqns:
    if equation.primitive.name in ('dot_general', 'conv_general_dilated'):
      yield {v.aval.dtype for v in equation.invars}
    for inner in jax.tree.leaves(
      list(equation.params.values()), is_leaf=lambda x: hasattr(x, 'eqns')
    ):
      inner = getattr(inner, 'jaxpr', inner)
      if hasattr(inner, 'eqns'):
        yield from products(inner)


def forward(system, split, state):
  def predict(params):
    return evaluation.predict(system, params, state.extra, split.inputs, 8)

  return predict


@pytest.mark.parametrize(
  ('name', 'encoder'), [*PAIRS, ('hard', 'resnet18'), *DENSE]
)
def test_every_product_of_the_model_is_narrow(name, encoder):
  chosen, split = system(name, encoder), small.split(encoder, tasks(encoder))
  state = jax.device_get(small.start(chosen, split, small.hp())).opened
  predict = forward(chosen, split, state)
  found = list(products(jax.make_jaxpr(predict)(state.params).jaxpr))
  assert found
  assert all(dtypes == {jnp.dtype(NARROW)} for dtypes in found)
  shapes = jax.eval_shape(predict, state.params)
  assert {p.dtype for p in shapes} == {jnp.dtype(WIDE)}


@pytest.mark.parametrize('encoder', ENCODERS)
def test_what_is_learned_and_told_is_wide(encoder):
  seen = []

  def update(losses, gram, state, key):
    del key
    seen.append((losses.dtype, gram.dtype))
    return jnp.ones_like(losses), state

  watching = small.system('hard', encoder, 'pcgrad').balancer
  watching = watching._replace(update=update)
  chosen = system('hard', encoder, watching, rule='adam')
  split, hp = small.split(encoder), small.hp()
  before = small.start(chosen, split, hp)
  after, metrics = jax.eval_shape(
    lambda state: train.step(chosen, hp, state, split, jax.random.key(0)),
    before,
  )
  same = jax.tree.map(lambda a, b: a.dtype == b.dtype, before, after)
  assert all(jax.tree.leaves(same))
  learned = (after.params, after.extra, after.opt, metrics)
  narrow = [x for x in jax.tree.leaves(learned) if x.dtype == NARROW]
  assert not narrow
  assert seen == [(WIDE, WIDE)]


@pytest.mark.parametrize('encoder', [*ENCODERS, 'unet'])
def test_it_learns_as_well(encoder):
  split, hp = small.split(encoder, tasks(encoder)), small.hp(lr=0.01)
  exact = small.system('hard', encoder, tasks=tasks(encoder), rule='adam')
  start = small.start(exact, split, hp, noise=False)

  def learn(chosen):
    @jax.jit
    def steps(state):
      def one(state, key):
        return train.step(chosen, hp, state, split, key)

      keys = jax.random.split(jax.random.key(0), 60)
      return jax.lax.scan(one, state, keys)[1].losses.sum(1)

    return jax.device_get(steps(start))

  wide = learn(exact)
  narrow = learn(system('hard', encoder, rule='adam'))
  assert narrow[-1] < 0.9 * narrow[0]
  np.testing.assert_allclose(narrow[-1], wide[-1], rtol=0.1, atol=0.05)
  assert np.abs(narrow - wide).max() > 0
