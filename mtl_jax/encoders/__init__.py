"""Encoders: one file each, `make(**fields) -> tuple of stages`.

A stage is a module factory: `stage(name=...)(features, train) -> features`.
`WIDTHS` maps the fields that are numbers of channels to the name of the field
that must divide them, or to ''. An encoder that declares it can be resized.

An encoder of maps declares `DENSE = True`: its features are `[B, H, W, C]`. It
defines `dense_head(outputs, ...) -> module factory`, which may take fields of
`make` too: the head of a dense task, `head(features) -> [B, H, W, outputs]` at
the resolution of the input. Tasks without maps get a head that pools positions.
"""

from typing import Any


def resized(
  fields: dict[str, Any], widths: dict[str, str], factor: float
) -> dict[str, Any]:
  """Fields of an encoder with a multiple of the channels.

  Args:
    fields: the encoder's fields, by name.
    widths: the encoder's `WIDTHS`.
    factor: multiplier of the numbers of channels.

  Returns:
    The fields; each number of channels is rounded to a positive multiple of its
    divisor.
  """

  def scaled(width, multiple):
    return max(1, round(factor * width / multiple)) * multiple

  new = dict(fields)
  for name, divisor in widths.items():
    multiple = fields[divisor] if divisor else 1
    value = fields[name]
    new[name] = (
      tuple(scaled(w, multiple) for w in value)
      if isinstance(value, tuple | list)
      else scaled(value, multiple)
    )
  return new
