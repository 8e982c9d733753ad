"""Progress on stderr: a live line on a terminal, plain lines elsewhere."""

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

MOST = 12  # of more tasks than this only the mean loss is shown


class Live:
  """Shows progress over all steps of all runs.

  Use as a context; `begin` a cell, then `advance` it.

  Args:
    total_steps: of all cells and their runs.
    every: seconds between lines where stderr is no terminal.
    quiet: shows nothing, as in all processes but 0.
  """

  def __init__(
    self, total_steps: int, every: float = 10.0, quiet: bool = False
  ):
    self._console = Console(stderr=True, quiet=quiet)
    self._total, self._done = total_steps, 0
    self._since_compiled = 0  # steps of this cell in this process
    self._every, self._last_line = every, time.monotonic()
    self._once: set[str] = set()
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
    """Prints a line of text, above the live line."""
    self._console.print(text, markup=False, highlight=False, soft_wrap=True)

  def once(self, text: str) -> None:
    """Prints a line of text unless `once` has printed the same before."""
    if text not in self._once:
      self._once.add(text)
      self.say(text)

  def title(self, text: str) -> None:
    """Sets the text that the live line begins with."""
    self._bar.update(self._line, description=text)

  def begin(self, name: str) -> None:
    """Begins a cell, which is compiled first."""
    self._name, self._since_compiled = name, 0
    self._bar.update(self._line, description=f'{name}: compiling')

  def compiled(self, seconds: float) -> None:
    """Begins training: the rate of steps is measured from here."""
    self._name += f' (compiled in {seconds:.1f} s)'
    self._start = time.monotonic()

  def skip(self, steps: int) -> None:
    """Counts steps that an earlier job took; the rate leaves them out."""
    self._done += steps
    self._bar.update(self._line, advance=steps)

  def advance(self, steps: int, losses: dict[str, float]) -> None:
    """Counts steps that were just taken, and shows the losses.

    Args:
      steps: of all runs together.
      losses: mean training loss by task.
    """
    self._done += steps
    self._since_compiled += steps
    now = time.monotonic()
    # A coarse clock may not have moved.
    rate = self._since_compiled / max(now - self._start, 1e-9)
    shown = line(losses)
    self._bar.update(
      self._line,
      advance=steps,
      description=self._name,
      rate=f'{rate:,.0f}',
      losses=shown,
    )
    if not self._console.is_terminal and now - self._last_line > self._every:
      self._last_line = now
      left = (self._total - self._done) / rate
      self.say(
        f'{self._name}: {self._done:,} of {self._total:,} steps, '
        f'{rate:,.0f} steps/s, about {left:,.0f} s left; {shown}'
      )


class RecordedProgress:
  """Takes the place of `Live` in a worker: records lines, shows nothing.

  Attributes:
    lines: all that was said, for the process that started the worker.
  """

  def __init__(self):
    self.lines: list[str] = []

  def say(self, text: str) -> None:
    """Records a line of text."""
    self.lines.append(text)

  def once(self, text: str) -> None:
    """Records a line of text unless it is recorded already."""
    if text not in self.lines:
      self.say(text)

  def begin(self, name: str) -> None:
    """Does nothing, and so do those below."""

  def compiled(self, seconds: float) -> None: ...

  def skip(self, steps: int) -> None: ...

  def advance(self, steps: int, losses: dict[str, float]) -> None: ...


def line(losses: dict[str, float]) -> str:
  """All losses by task, or the mean and the largest of more than `MOST`."""
  if len(losses) <= MOST:
    return ' '.join(f'{name} {loss:.3f}' for name, loss in losses.items())
  worst = max(losses, key=losses.get)
  mean = sum(losses.values()) / len(losses)
  return (
    f'mean of {len(losses)} {mean:.3f}, largest {worst} {losses[worst]:.3f}'
  )
