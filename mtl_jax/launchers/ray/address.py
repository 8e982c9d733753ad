"""Checks the address of a Ray cluster within seconds."""

import socket
import subprocess
import sys

from mtl_jax.errors import InputError

SECONDS = 5.0, 10.0  # timeouts of the connection and of Ray itself
PROBE = """
import logging, sys, ray
ray.init(sys.argv[1], logging_level=logging.CRITICAL, log_to_driver=False)
"""


def check(address: str) -> None:
  """Raises `InputError` if no Ray cluster answers at `host:port` or `auto`."""
  if address != 'auto':
    _connect(address)
  # In a process of its own: Ray retries for minutes, then aborts its process.
  try:
    done = subprocess.run(
      [sys.executable, '-c', PROBE, address],
      capture_output=True,
      text=True,
      timeout=SECONDS[1],
      check=False,
    )
  except subprocess.TimeoutExpired as error:
    raise _silent(address, 'the server there is not Ray') from error
  if done.returncode:
    lines = done.stderr.strip().splitlines() or ['no reason given']
    raise _silent(address, lines[-1][:300])


def _connect(address: str) -> None:
  host, _, port = address.removeprefix('ray://').rpartition(':')
  if not host or not port.isdigit():
    raise InputError(f'--ray_address={address}: write host:port, or auto')
  try:
    socket.create_connection((host, int(port)), SECONDS[0]).close()
  except (OSError, OverflowError) as error:
    raise _silent(address, str(error)) from error


def _silent(address: str, why: str) -> InputError:
  return InputError(
    f'--ray_address={address} does not answer ({why}); start a cluster with '
    '"ray start --head", or leave the flag out to use this machine'
  )
