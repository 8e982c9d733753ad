"""What a long job shows: a live line on a terminal, plain lines elsewhere."""

import time

from rich.console import Console
from rich.progress import (
  BarColumn,
  MofNCompleteColumn,
  Progress,
  TextColumn,
  TimeElapsedColumn,
  TimeRemainingColumn,
)

MOST = 12  # tasks whose losses are shown each


class Live:
  """Progress over all steps of all runs, on stderr.

  Use as a context; `begin` a cell, then `advance` it.
  """

  def __init__(
    self, total_steps: int, every: float = 10.0, quiet: bool = False
  ):
    self._console = Console(stderr=True, quiet=quiet)
    self._total, self._done, self._fresh = total_steps, 0, 0
    self._every, self._said = every, time.monotonic()
    self._told: set[str] = set()
    self._bar = Progress(
      TextColumn('{task.description}'),
      BarColumn(),
      MofNCompleteColumn(),
      TextColumn('{task.fields[rate]} steps/s'),
      TimeElapsedColumn(),
      TextColumn('left'),
      TimeRemainingColumn(),
      TextColumn('{task.fields[losses]}'),
      console=self._console,
      disable=not self._console.is_terminal,
    )
    self._line = self._bar.add_task('', total=total_steps, rate='-', losses='')

  def __enter__(self):
    self._bar.start()
    return self

  def __exit__(self, *_):
    self._bar.stop()

  def say(self, text: str) -> None:
    """One plain line, above the live one."""
    self._console.print(text, markup=False, highlight=False, soft_wrap=True)

  def once(self, text: str) -> None:
    """The same, but a line that was said before is not said again."""
    if text not in self._told:
      self._told.add(text)
      self.say(text)

  def title(self, text: str) -> None:
    """What the live line begins with."""
    self._bar.update(self._line, description=text)

  def begin(self, name: str) -> None:
    """Another cell; it is compiled first."""
    self._name, self._fresh = name, 0
    self._bar.update(self._line, description=f'{name}: compiling')

  def compiled(self, seconds: float) -> None:
    """Training begins: the rate counts from here."""
    self._name += f' (compiled in {seconds:.1f} s)'
    self._start = time.monotonic()

  def skip(self, steps: int) -> None:
    """`steps` were done before this job; they do not count in its rate."""
    self._done += steps
    self._bar.update(self._line, advance=steps)

  def advance(self, steps: int, losses: dict[str, float]) -> None:
    """`steps` more are done, with these mean training losses."""
    self._done, self._fresh = self._done + steps, self._fresh + steps
    now = time.monotonic()
    rate = self._fresh / (now - self._start)
    shown = _told(losses)
    self._bar.update(
      self._line,
      advance=steps,
      description=self._name,
      rate=f'{rate:,.0f}',
      losses=shown,
    )
    if not self._console.is_terminal and now - self._said > self._every:
      self._said = now
      left = (self._total - self._done) / rate
      self.say(
        f'{self._name}: {self._done:,} of {self._total:,} steps, '
        f'{rate:,.0f} steps/s, about {left:,.0f} s left; {shown}'
      )


class Told:
  """In the place of `Live`, where nobody looks: keeps what is said."""

  def __init__(self):
    self.lines: list[str] = []

  def say(self, text: str) -> None:
    """To be shown later."""
    self.lines.append(text)

  def once(self, text: str) -> None:
    """The same, but a line that was said before is not said again."""
    if text not in self.lines:
      self.say(text)

  def begin(self, name: str) -> None:
    """Not shown, nor is any of these."""

  def compiled(self, seconds: float) -> None: ...

  def skip(self, steps: int) -> None: ...

  def advance(self, steps: int, losses: dict[str, float]) -> None: ...


def _told(losses: dict[str, float]) -> str:
  """All losses on a line; of more than fit on it the mean and the largest."""
  if len(losses) <= MOST:
    return ' '.join(f'{name} {loss:.3f}' for name, loss in losses.items())
  worst = max(losses, key=losses.get)
  mean = sum(losses.values()) / len(losses)
  return (
    f'mean of {len(losses)} {mean:.3f}, largest {worst} {losses[worst]:.3f}'
  )
