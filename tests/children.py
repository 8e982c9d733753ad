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
