"""Mapping runs over devices gives the same results as a loop over runs."""

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
  """A function of one run with a loop, a random draw and two outputs."""

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
  results = mapped(
    devices.place(scale, over_runs=True),
    devices.place(shared, over_runs=False),
    devices.place(state, over_runs=True),
  )
  for i in range(RUNS):
    alone = one(scale[i], shared, jax.tree.map(lambda x, i=i: x[i], state))
    for a, b in zip(
      jax.tree.leaves(results), jax.tree.leaves(alone), strict=True
    ):
      assert a.shape[0] == RUNS
      np.testing.assert_allclose(a[i], b, rtol=1e-5, atol=1e-6)
  return results


def test_mapped_runs_equal_a_loop():
  check_against_a_loop()


def test_eight_devices_equal_one():
  """In a process of its own: the number of devices is fixed at the start."""
  root = pathlib.Path(__file__).parents[2]
  file = str(root / 'tests' / 'devices' / 'on_eight_devices.py')
  done = subprocess.run(
    [sys.executable, '-m', 'pytest', '-n', '0', '-p', 'no:cacheprovider', file],
    cwd=root,
    env=os.environ | {'JAX_PLATFORMS': 'cpu', 'JAX_NUM_CPU_DEVICES': '8'},
    capture_output=True,
    text=True,
    timeout=1200,
    check=False,
  )
  assert done.returncode == 0, done.stdout + done.stderr
