"""AdaShare: what is drawn at which step of the search."""

import jax
import jax.numpy as jnp
import numpy as np

from tests import small
from tests.schemes import reference
from tests.schemes.test_adashare import DEPTH, case, deep, expected

quick = small.quick

K = len(small.TASKS)
STEPS = 1000


def together(scheme, params, x, *now):
  """All predictions of one run in one array."""
  return np.hstack(reference.run(scheme, {'params': params}, x, *now)[0])


def test_search_draws_and_evaluation_does_not():
  scheme, x, params = case()
  out = together(scheme, params, x)
  np.testing.assert_array_equal(out, together(scheme, params, x))
  draws = [
    together(scheme, params, x, jax.random.key(key), 400, STEPS)
    for key in (0, 0, 1)
  ]
  np.testing.assert_array_equal(draws[0], draws[1])
  assert np.abs(draws[0] - draws[2]).max() > 1e-2
  assert np.abs(draws[0] - out).max() > 1e-2


def test_warm_up_uses_every_stage_and_the_end_settles():
  """With 500 steps of search, 100 of them warm-up."""
  scheme, x, params = case()
  all_used = np.hstack(expected(params, x, np.ones((K, DEPTH - 1))))
  for step, wanted in [
    (0, all_used),
    (99, all_used),
    (500, together(scheme, params, x)),
    (999, together(scheme, params, x)),
  ]:
    result = together(scheme, params, x, jax.random.key(0), step, STEPS)
    np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=1e-5)


def selected(step, stage, logits, **fields):
  """How much of a stage each task takes at a step."""
  return deep('adashare', **fields).apply(
    {'now': {'step': step, 'steps': STEPS}},
    stage,
    jax.nn.log_softmax(logits),
    True,
    rngs={'gates': jax.random.key(0)},
    method='selected',
  )


def random_logits():
  draw = np.random.default_rng(0)
  return jnp.array(draw.normal(size=(K, 2)), jnp.float32)


def test_stages_open_from_the_last_one_backwards():
  """In four stages the last opens at once, each further an eighth later."""
  opened = {
    step: [
      bool((selected(step, stage, random_logits()) < 1).all())
      for stage in (1, 2, 3)
    ]
    for step in (99, 101, 149, 151, 199, 201)
  }
  assert opened == {
    99: [False, False, False],
    101: [False, False, True],
    149: [False, False, True],
    151: [False, True, True],
    199: [False, True, True],
    201: [True, True, True],
  }


def test_temperature_cools_by_hundreds_of_steps():
  """The same noise, over 5 times 0.965 per 100 steps."""

  def odds(step):
    share = np.asarray(selected(step, 3, random_logits()), np.float64)
    return np.log(share / (1 - share))

  np.testing.assert_allclose(odds(410) * 0.965**3, odds(110), rtol=1e-3)


def test_without_temperature_the_likelier_half_is_taken():
  clear = jnp.array([[100.0, 0.0], [0.0, 100.0], [100.0, 0.0]])
  cold = selected(300, 3, clear, temperature=1e-3)
  np.testing.assert_allclose(cold, [1, 0, 1], atol=1e-6)
  warm = selected(300, 3, clear, temperature=1e4)
  np.testing.assert_allclose(warm, 0.5, atol=0.1)


def test_policies_learn_from_what_is_drawn():
  gradient = jax.jit(jax.grad(lambda x: selected(300, 3, x).sum()))
  assert (np.abs(gradient(random_logits())) > 1e-3).all()
