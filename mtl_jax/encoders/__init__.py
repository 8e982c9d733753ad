"""Encoders: one file each, `make(**fields) -> tuple of stages`.

A stage is a module factory: `stage(name=...)(features, train) -> features`.
`WIDTHS` names the fields that count channels, each with the field that it must
be a multiple of, or ''.
"""

from typing import Any


def resized(
  fields: dict[str, Any], widths: dict[str, str], factor: float
) -> dict[str, Any]:
  """Fields of an encoder with `factor` times the channels, 1 at least."""

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
