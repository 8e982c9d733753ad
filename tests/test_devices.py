"""Runs that are mapped, spread and placed equal a plain loop over them."""

import os
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax import devices

RUNS = 8


def one(scale, shared, state):
  """Something of a run's: a loop, a draw, two outputs."""

  def body(x, _):
    return jnp.tanh(x @ shared['w']) * scale, x.sum()

  out, sums = jax.lax.scan(body, state['x'], None, length=3)
  noise = jax.random.normal(jax.random.key(state['seed']), ())
  return {'out': out + noise}, sums


def arguments():
  draw = np.random.default_rng(0)
  state = {
    'x': jnp.array(draw.normal(size=(RUNS, 2, 3)), jnp.float32),
    'seed': jnp.arange(RUNS),
  }
  shared = {'w': jnp.array(draw.normal(size=(3, 3)), jnp.float32)}
  return jnp.linspace(0.5, 1.5, RUNS), shared, state


def check_against_a_loop():
  scale, shared, state = arguments()
  mapped = devices.map_runs(one, (0, None, 0))
  ours = mapped(
    devices.place(scale, over_runs=True),
    devices.place(shared, over_runs=False),
    devices.place(state, over_runs=True),
  )
  for i in range(RUNS):
    alone = one(scale[i], shared, jax.tree.map(lambda x, i=i: x[i], state))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(alone), strict=True):
      assert a.shape[0] == RUNS
      np.testing.assert_allclose(a[i], b, rtol=1e-5, atol=1e-6)
  return ours


def test_mapped_runs_equal_a_loop():
  check_against_a_loop()


def test_round_up_is_what_the_devices_divide():
  count = jax.device_count()
  for runs in range(1, 3 * count):
    rounded, in_use = devices.round_up(runs), min(runs, count)
    assert rounded % in_use == 0
    assert runs <= rounded < runs + in_use
    assert devices.mesh_for(rounded).size == in_use


def test_eight_devices_equal_one():
  """In a process of its own: the number of devices is fixed at the start."""
  root = pathlib.Path(__file__).parents[1]
  script = (
    'import jax\n'
    "jax.config.update('jax_num_cpu_devices', 8)\n"
    'from tests import test_devices\n'
    'assert jax.device_count() == 8\n'
    'ours = test_devices.check_against_a_loop()\n'
    "assert len(ours[0]['out'].sharding.device_set) == 8\n"
    'test_devices.test_round_up_is_what_the_devices_divide()\n'
  )
  env = os.environ | {'JAX_PLATFORMS': 'cpu', 'PYTHONPATH': str(root)}
  done = subprocess.run(
    [sys.executable, '-c', script],
    cwd=root,
    env=env,
    capture_output=True,
    text=True,
    timeout=300,
    check=False,
  )
  assert done.returncode == 0, done.stderr
