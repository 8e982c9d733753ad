"""Checks of the range of numeric fields; errors name field and remedy."""


def at_least(least: float | int, **fields: float | int) -> None:
  """Checks lower bounds.

  Args:
    least: smallest allowed value.
    **fields: values by name.

  Raises:
    ValueError: a field is below `least`.
  """
  for name, value in fields.items():
    if not value >= least:
      raise ValueError(f'{name} is {value}; take {least} or more')


def more_than(least: float | int, **fields: float | int) -> None:
  """Checks strict lower bounds.

  Args:
    least: largest value that is not allowed.
    **fields: values by name.

  Raises:
    ValueError: a field is not above `least`.
  """
  for name, value in fields.items():
    if not value > least:
      raise ValueError(f'{name} is {value}; take more than {least}')


def shares(**fields: float | int) -> None:
  """Raises `ValueError` for a field outside [0, 1]."""
  for name, value in fields.items():
    if not 0 <= value <= 1:
      raise ValueError(f'{name} is {value}; take a share between 0 and 1')


def parts(**fields: float | int) -> None:
  """Raises `ValueError` for a field outside (0, 1)."""
  for name, value in fields.items():
    if not 0 < value < 1:
      raise ValueError(f'{name} is {value}; take a share above 0 and below 1')
