"""A worker: a process that warms up once, then trains when it is told to.

It reads one number of steps per line and answers with one line of JSON. What
a library prints goes nowhere: the answers have a pipe of their own.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def pin(core: int | None) -> None:
  """Keeps this process on one core; call before a library makes threads."""
  if core is not None:
    os.sched_setaffinity(0, {core})
    os.environ['OMP_NUM_THREADS'] = '1'


def serve(start: Callable[[], tuple[Callable[[int], int], dict]]) -> None:
  """Starts, tells what it is, and trains as often as asked.

  Args:
    start: returns a function that trains about as many steps as it is given
      and returns how many it did, and what to tell about it.
  """
  answers = os.fdopen(os.dup(1), 'w')
  sys.stdout = open(os.devnull, 'w')  # noqa: SIM115 - for the whole life.

  def answer(**told: Any) -> None:
    print(json.dumps(told), file=answers, flush=True)

  train, about = start()
  answer(**about)
  for line in sys.stdin:
    began = time.perf_counter()
    done = train(int(line))
    answer(steps=done, seconds=time.perf_counter() - began)
