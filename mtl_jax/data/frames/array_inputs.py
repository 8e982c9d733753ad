"""Arrays that a user gives as inputs, and that are used as they are."""

from typing import Any

import numpy as np

from mtl_jax.errors import InputError


def numeric(inputs: Any) -> Any:
  """Returns inputs as NumPy arrays.

  Args:
    inputs: a pytree of arrays or data frames `[N, ...]` of numbers.

  Raises:
    InputError: if one holds words, dates or no rows.
  """
  import jax

  def of(leaf):
    own = np.asarray(leaf)
    if own.ndim == 0 or own.dtype.kind in 'OSUMmc':
      raise InputError(
        f'inputs are {own.dtype} {[*own.shape]}; give arrays of numbers, '
        '[N, ...], or a table with words and dates to mtl_jax.frame'
      )
    return own

  return jax.tree.map(of, inputs)


def check_lengths(inputs: Any, columns: dict[str, np.ndarray]) -> None:
  """Checks that inputs and labels have as many rows.

  Args:
    inputs: a pytree of arrays `[N, ...]`.
    columns: labels, weights, groups and splits `[N]`, by name.

  Raises:
    InputError: if they do not, or there is no array.
  """
  import jax

  leaves = jax.tree.leaves(inputs)
  if not leaves:
    raise InputError('inputs hold no array')
  for name, own in {**columns, 'inputs': leaves[0]}.items():
    for leaf in leaves:
      if len(own) != len(leaf):
        raise InputError(
          f'{name!r} has {len(own)} rows and an input {len(leaf)}; '
          'give as many of both'
        )
