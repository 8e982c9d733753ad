"""What commands that tests start in processes of their own are given."""

import os

# Starting and compiling is nearly all that these take, and many compile the
# same: what they compile is kept for the session (conftest.py).
QUICK = {
  'JAX_DISABLE_MOST_OPTIMIZATIONS': '1',
  'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0',
}


def environment(**others: str) -> dict[str, str]:
  """Of a command that computes little."""
  return os.environ | QUICK | others


def toy_config(steps: int, evals: int) -> str:
  """The config file of a command that trains two seeds on `tests.toy`."""
  return f"""
from configs import default


def get_config():
  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals = 2, {steps}, {evals}
  config.batch_size = 8
  return config
"""
