"""Progress of a campaign, as plain lines that a log can hold."""

import time
from collections.abc import Iterator

EVERY = 20.0  # seconds between lines


def trials(count: int, fault: str) -> Iterator[int]:
  """Yields the numbers of trials, and prints how far they have come.

  Args:
    count: how many there are.
    fault: that is tried, in words.

  Yields:
    0 to `count - 1`.
  """
  began = shown = time.monotonic()
  for number in range(count):
    now = time.monotonic()
    if number and now - shown > EVERY:
      shown, each = now, (now - began) / number
      left = lasting((count - number) * each)
      print(
        f'  {fault}: {number} of {count} trials, {each:.1f} s each, '
        f'about {left} left',
        flush=True,
      )
    yield number


def lasting(seconds: float) -> str:
  """Formats a time: '40 s', '12 min', '3.5 h'."""
  if seconds < 90:
    return f'{seconds:.0f} s'
  if seconds < 90 * 60:
    return f'{seconds / 60:.0f} min'
  return f'{seconds / 3600:.1f} h'
