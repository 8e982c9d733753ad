"""Progress in a Jupyter notebook: one line and a bar, updated in place."""

import html
import sys
from typing import Any

from mtl_jax.run.progress import Live

STYLE = 'font-family:monospace;font-size:90%'


def inside() -> bool:
  """Whether this process is the kernel of a notebook."""
  # IPython is no dependency: a kernel has imported it.
  ipython = sys.modules.get('IPython')
  shell = ipython.get_ipython() if ipython else None
  return getattr(shell, 'kernel', None) is not None


def say(text: str) -> None:
  """Prints a line: a notebook shows stderr as if it were an error."""
  print(text, file=sys.stdout if inside() else sys.stderr, flush=True)


def live(total_steps: int, quiet: bool = False) -> Live:
  """Returns what shows progress here.

  Args:
    total_steps: of all cells and their runs.
    quiet: shows nothing.
  """
  shown = InNotebook if inside() and not quiet else Live
  return shown(total_steps, quiet=quiet)


class InNotebook(Live):
  """Shows progress below the cell that trains."""

  def __init__(self, total_steps: int, quiet: bool = False):
    # Lines by time are for logs: here the bar takes their place.
    super().__init__(total_steps, every=float('inf'), quiet=quiet)
    self._shown: Any = None

  def __enter__(self):
    from IPython import display

    self._shown = display.display(display.HTML(self.html()), display_id=True)
    return super().__enter__()

  def __exit__(self, *error):
    super().__exit__(*error)
    self._update()

  def say(self, text: str) -> None:
    """Prints a line of text."""
    say(text)

  def begin(self, name: str) -> None:
    """Begins a cell, which is compiled first."""
    super().begin(name)
    self._update()

  def title(self, text: str) -> None:
    """Sets the text that the line begins with."""
    super().title(text)
    self._update()

  def skip(self, steps: int) -> None:
    """Counts steps that an earlier job took."""
    super().skip(steps)
    self._update()

  def advance(self, steps: int, losses: dict[str, float]) -> None:
    """Counts steps that were just taken, and shows the losses."""
    super().advance(steps, losses)
    self._update()

  def html(self) -> str:
    """Returns the bar and the line beside it."""
    (task,) = self._bar.tasks
    if not task.total:
      return 'All cells are there already; nothing is trained.'
    fields = task.fields
    left = task.time_remaining
    texts = [
      task.description,
      f'{task.completed:,.0f} of {task.total:,.0f} steps',
      f'{fields["rate"]} steps/s',
      '' if left is None else f'about {left:,.0f} s left',
      fields['losses'],
    ]
    line = html.escape('; '.join(filter(None, texts)))
    bar = f'<progress value={task.completed} max={task.total}>'
    return f'<div style="{STYLE}">{bar}</progress> {line}</div>'

  def _update(self) -> None:
    if self._shown is None:
      return
    from IPython import display

    self._shown.update(display.HTML(self.html()))
