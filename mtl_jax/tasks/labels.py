"""Label checks that several kinds share."""

import numpy as np

from mtl_jax.errors import InputError


def refuse(bad: np.ndarray, labels: np.ndarray, remedy: str) -> None:
  """Raises `InputError` that names the first row where `bad` is True.

  Args:
    bad: bool `[N]`, True where a label is invalid.
    labels: `[N]` or `[N, d]`.
    remedy: the rule that the label breaks and what to do, for the message.

  Raises:
    InputError: if any entry of `bad` is True.
  """
  if bad.any():
    row = int(bad.argmax())
    value = labels[row]
    shown = f'{value:g}' if np.ndim(value) == 0 else str(value.tolist())
    raise InputError(f'row {row} is {shown}; {remedy}')


def check_shape(labels: np.ndarray, expected: tuple, remedy: str) -> None:
  """Checks the shape of one row of labels.

  Args:
    labels: `[N, ...]`.
    expected: expected shape of a row, `()` for one number.
    remedy: what to do, for the message.

  Raises:
    InputError: if the shape differs.
  """
  if labels.shape[1:] != expected:
    wanted = ', '.join(['N', *map(str, expected)])
    actual = ', '.join(['N', *map(str, labels.shape[1:])])
    first = labels[0].tolist() if len(labels) else 'none'
    raise InputError(
      f'labels are [{actual}] and not [{wanted}]; row 0 is {first}; {remedy}'
    )


def check_whole(labels: np.ndarray, known: np.ndarray, remedy: str) -> None:
  """Checks that known labels are integers.

  Args:
    labels: `[N]`.
    known: bool `[N]`, True where the label is known.
    remedy: what to do, for the message.

  Raises:
    InputError: if a known label is not an integer.
  """
  refuse(known & (labels != np.floor(labels)), labels, remedy)


def check_classes(labels, known, num_classes: int, remedy: str) -> np.ndarray:
  """Returns the labels if they are class numbers.

  Args:
    labels: `[N]`.
    known: bool `[N]`, True where the label is known.
    num_classes: number of classes; valid labels are 0 to `num_classes - 1`.
    remedy: what to do about a label that is too large, for the message.

  Raises:
    InputError: if a known label is not a class number.
  """
  check_shape(labels, (), 'give one class number per row')
  wanted = f'classes are whole numbers from 0 to {num_classes - 1}'
  check_whole(labels, known, f'{wanted}; renumber them')
  refuse(known & (labels < 0), labels, f'{wanted}; renumber them, or mask it')
  refuse(known & (labels >= num_classes), labels, f'{wanted}; {remedy}')
  return labels


def num_classes(labels: np.ndarray, known: np.ndarray) -> dict[str, int]:
  """Infers the field `num_classes`: the largest label plus 1, at least 2.

  Args:
    labels: labels of all splits, `[N]`.
    known: bool `[N]`, True where the label is known.
  """
  # Labels of a wrong shape or that are not finite are left to the check, whose
  # message names the row.
  seen = labels[known] if labels.ndim == 1 else labels[:0]
  top = np.max(seen, initial=1)
  return {'num_classes': int(top) + 1 if np.isfinite(top) else 2}
