"""One line of records, which carries a digest of itself.

The last key of a line, `check`, has 12 hex digits of the SHA-256 of the line
without it. Lines of earlier versions have none.
"""

import hashlib
import json
import math
from typing import Any

from mtl_jax.records import checked_json

_KEY = f', "{checked_json.CHECK}": "'.encode()
_SUFFIX = len(_KEY) + checked_json.DIGITS + len('"}')


def line(record: dict) -> bytes:
  """Returns a record as a line with its digest.

  Args:
    record: a dict of JSON values, numpy scalars and arrays.
  """
  text = json.dumps(_plain(record), allow_nan=False).encode()
  return text[:-1] + _KEY + _check(text) + b'"}\n'


def _check(line: bytes) -> bytes:
  # Of the text: as strict as can be, and ten times as fast as of its values.
  return hashlib.sha256(line).hexdigest()[: checked_json.DIGITS].encode()


def is_whole(line: bytes) -> bool:
  """Whether a line carries a digest that fits."""
  rest = line[:-_SUFFIX] + b'}'
  return line[-_SUFFIX:] == _KEY + _check(rest) + b'"}'


def parsed(line: bytes) -> dict:
  """Returns the record of a line without its digest.

  Args:
    line: without its newline.

  Raises:
    ValueError: it is not as it was written.
  """
  rest, suffix = line[:-_SUFFIX] + b'}', line[-_SUFFIX:]
  check = suffix[len(_KEY) : -2]
  # Either may be what is damaged: the digest, or the key before it.
  has_check = suffix.startswith(_KEY) or check == _check(rest)
  if has_check and not is_whole(line):
    raise ValueError(checked_json.BAD)
  record = json.loads(rest if has_check else line)
  if not isinstance(record, dict) or 'kind' not in record:
    raise ValueError('it is no record')
  return record


def _plain(value: Any) -> Any:
  """Converts numpy values to JSON values, and NaN and infinity to None."""
  if isinstance(value, dict):
    return {str(k): _plain(v) for k, v in value.items()}
  if isinstance(value, list | tuple):
    return [_plain(v) for v in value]
  if hasattr(value, 'tolist'):
    return _plain(value.tolist())
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
