"""No test, and no job that a test starts, may reach another machine."""

import ipaddress
import socket
import sys

# What was asked for, also where whoever asked has caught the error.
REACHED: list[str] = []
NAMES = ('socket.getaddrinfo', 'socket.gethostbyname', 'socket.gethostbyaddr')


class NetworkUsed(RuntimeError):
  """Somebody wanted to reach another machine."""


def close() -> None:
  """Refuses, from now on, connections to other machines and look-ups of them.

  Unix sockets, this machine's own addresses and its name stay open: Ray and
  several processes of one job use them. An audit hook sees what Python does.
  """
  sys.addaudithook(_hook)


def _hook(event: str, given: tuple) -> None:
  if event in ('socket.connect', 'socket.sendto'):
    # To connect a datagram socket sends nothing; Ray finds its own address so.
    quiet = event == 'socket.connect' and given[0].type == socket.SOCK_DGRAM
    host = given[1][0] if isinstance(given[1], tuple) and not quiet else None
  elif event in NAMES:
    host = given[0]
  else:
    return
  host = host.decode() if isinstance(host, bytes) else host
  if not _own(host):
    REACHED.append(f'{event} {host}')
    raise NetworkUsed(
      f'{event}: {host} is another machine; neither jobs nor tests use the '
      'network'
    )


def _own(host: str | None) -> bool:
  """Whether a host is this machine."""
  if not host or host in ('localhost', socket.gethostname(), '0.0.0.0', '::'):
    return True
  try:
    address = ipaddress.ip_address(host.partition('%')[0])
  except ValueError:
    return False
  return address.is_loopback or str(address) in _addresses()


def _addresses() -> set[str]:
  import psutil

  cards = psutil.net_if_addrs().values()
  return {own.address.partition('%')[0] for card in cards for own in card}
