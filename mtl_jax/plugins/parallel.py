"""`config.parallel`: how many runs one program trains, and in what order."""

from typing import NamedTuple

from mtl_jax.errors import InputError, nearest

FORMS = ('auto', 'map', 'vmap', '8', 'map:8', 'vmap:8')


class Asked(NamedTuple):
  """A parsed `config.parallel`.

  Attributes:
    mode: 'map' for runs in turn, 'vmap' for runs side by side, 'auto' to let
      `resources.plans` choose.
    runs: number of runs in one program; 0 lets `resources.plans` choose.
  """

  mode: str
  runs: int


def parse(text: str) -> Asked:
  """Parses `auto`, `map`, `vmap`, `8`, `map:8` or `vmap:8`.

  Raises:
    InputError: if the text has none of these forms.
  """
  mode, _, runs = text.partition(':')
  if text.isdecimal():
    mode, runs = 'auto', text
  bare = text in ('auto', 'map', 'vmap')
  counted = runs.isdecimal() and int(runs) > 0
  if not bare and not (mode in ('auto', 'map', 'vmap') and counted):
    raise InputError(
      f'config.parallel is {text!r}; {nearest(text, FORMS)}, where 8 is the '
      'number of runs in one program'
    )
  return Asked(mode, 0 if bare else int(runs))
