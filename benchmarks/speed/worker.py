"""The loop of a worker: a process that warms up and then trains on request.

A request is a line with a number of steps, the answer a line of JSON. Whatever
a library prints is discarded, since the answers have a pipe of their own.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any


def pin(core: int | None) -> None:
  """Restricts this process to one core.

  Call it before importing a library that starts threads.

  Args:
    core: number of the core; None for all.
  """
  if core is not None:
    os.sched_setaffinity(0, {core})
    os.environ['OMP_NUM_THREADS'] = '1'


def serve(start: Callable[[], tuple[Callable[[int], int], dict]]) -> None:
  """Warms up, answers with facts about the side, then serves requests.

  Args:
    start: warms up and returns two things: a function that trains about as
      many steps as it is given and returns how many it trained, and facts
      about the side as values of JSON, with at least `copies`, the number of
      models that are trained at the same time.
  """
  # A copy of the descriptor of stdout, made before stdout itself is replaced.
  answers = os.fdopen(os.dup(1), 'w')
  sys.stdout = open(os.devnull, 'w')  # noqa: SIM115 - open until exit

  def answer(**values: Any) -> None:
    print(json.dumps(values), file=answers, flush=True)

  train, about = start()
  answer(**about)
  # Ends when the other side closes the pipe.
  for line in sys.stdin:
    began = time.perf_counter()
    done = train(int(line))
    answer(steps=done, seconds=time.perf_counter() - began)
