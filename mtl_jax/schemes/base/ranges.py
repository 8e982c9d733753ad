"""Fields that are out of range, told by name and with what will do."""


def at_least(least: float | int, **fields: float | int) -> None:
  """Raises `ValueError` for a field below `least`."""
  for name, value in fields.items():
    if not value >= least:
      raise ValueError(f'{name} is {value}; take {least} or more')


def more_than(least: float | int, **fields: float | int) -> None:
  """Raises `ValueError` for a field that is not above `least`."""
  for name, value in fields.items():
    if not value > least:
      raise ValueError(f'{name} is {value}; take more than {least}')


def shares(**fields: float | int) -> None:
  """Raises `ValueError` for a field that is not between 0 and 1."""
  for name, value in fields.items():
    if not 0 <= value <= 1:
      raise ValueError(f'{name} is {value}; take a share between 0 and 1')


def parts(**fields: float | int) -> None:
  """Raises `ValueError` for a share that leaves nothing, or takes nothing."""
  for name, value in fields.items():
    if not 0 < value < 1:
      raise ValueError(f'{name} is {value}; take a share above 0 and below 1')
