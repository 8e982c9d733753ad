"""Prepares JAX in a process of the user's, as commands do in theirs."""

import contextlib
import functools
import signal
from collections.abc import Iterator

import jax

from mtl_jax import devices
from mtl_jax.processes import containers, signals
from mtl_jax.run import notebook


@contextlib.contextmanager
def started() -> Iterator[None]:
  """Uses every core, keeps compiled programs, and explains an interruption.

  Raises:
    KeyboardInterrupt: after Ctrl-C or an interrupt of the kernel; the state of
      the training is saved.
  """
  devices.use_every_core()
  devices.keep_programs(notebook.say)
  _explain_devices()
  try:
    yield
  except signals.Stopped as stop:
    if stop.signum != signal.SIGINT:
      raise
    raise KeyboardInterrupt(
      'stopped; the state is saved, and the same call goes on from it'
    ) from None


@functools.cache  # said once
def _explain_devices() -> None:
  cores, count = containers.cores(), jax.local_device_count()
  if jax.default_backend() == 'cpu' and count < cores:
    notebook.say(
      f'JAX had been started with {count} of {cores} CPU devices, so that '
      'training is slower than it could be: call mtl_jax before other '
      f'computations with JAX, or set JAX_NUM_CPU_DEVICES={cores}'
    )
