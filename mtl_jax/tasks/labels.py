"""Checks of labels that kinds share."""

import numpy as np

from mtl_jax.errors import InputError


def refuse(bad: np.ndarray, labels: np.ndarray, remedy: str) -> None:
  """Raises `InputError` that names the first row where `bad` is True.

  Args:
    bad: bool `[N]`.
    labels: `[N]` or `[N, d]`.
    remedy: what to do, as the end of a sentence.
  """
  if bad.any():
    row = int(bad.argmax())
    value = labels[row]
    shown = f'{value:g}' if np.ndim(value) == 0 else str(value.tolist())
    raise InputError(f'row {row} is {shown}; {remedy}')


def check_shape(labels: np.ndarray, expected: tuple, remedy: str) -> None:
  """Raises `InputError` where a row of labels has another shape."""
  if labels.shape[1:] != expected:
    wanted = ', '.join(['N', *map(str, expected)])
    found = ', '.join(['N', *map(str, labels.shape[1:])])
    first = labels[0].tolist() if len(labels) else 'none'
    raise InputError(
      f'labels are [{found}] and not [{wanted}]; row 0 is {first}; {remedy}'
    )


def check_whole(labels: np.ndarray, known: np.ndarray, remedy: str) -> None:
  """Raises `InputError` where a known label is no whole number."""
  refuse(known & (labels != np.floor(labels)), labels, remedy)


def check_classes(labels, known, num_classes: int, remedy: str) -> np.ndarray:
  """Labels that are whole numbers from 0 to `num_classes - 1`, or an error."""
  check_shape(labels, (), 'give one class number per row')
  wanted = f'classes are whole numbers from 0 to {num_classes - 1}'
  check_whole(labels, known, f'{wanted}; number them so')
  refuse(known & (labels < 0), labels, f'{wanted}; number them so, or mask it')
  refuse(known & (labels >= num_classes), labels, f'{wanted}; {remedy}')
  return labels


def num_classes(labels: np.ndarray, known: np.ndarray) -> dict[str, int]:
  """One class more than the largest label, two at least."""
  seen = labels[known] if labels.ndim == 1 else labels[:0]
  top = np.max(seen, initial=1)
  return {'num_classes': int(top) + 1 if np.isfinite(top) else 2}
