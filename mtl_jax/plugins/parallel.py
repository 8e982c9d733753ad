"""`config.parallel`: the runs of one program, as a user asks for them."""

from typing import NamedTuple

from mtl_jax.errors import InputError, nearest

FORMS = ('auto', 'map', 'vmap', '8', 'map:8', 'vmap:8')


class Asked(NamedTuple):
  """What `config.parallel` says; mode auto and 0 runs leave it to `plans`."""

  mode: str
  runs: int


def parse(text: str) -> Asked:
  """Reads `auto`, `map`, `vmap`, `8`, `map:8` or `vmap:8`.

  Raises:
    InputError: it is none of them.
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
