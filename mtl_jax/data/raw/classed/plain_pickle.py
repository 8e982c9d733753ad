"""Reads a pickle of plain values and never imports or calls what it names.

`pickletools.genops` of Python lists the opcodes of a pickle without running
them. The few of them that make numbers, text, lists, dicts and arrays of bytes
are carried out here, in data; any other is refused. A pickle names the
functions of NumPy that make an array: three names are known, as words.
"""

import pickletools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class RefusedError(ValueError):
  """A pickle has what is not plain data."""


class _Name(NamedTuple):
  """A name of NumPy, which stands for what the pickle would import."""

  word: str


class _Dtype(NamedTuple):
  """The type of an array."""

  word: str


class _Array:
  """An array whose content follows."""

  value: np.ndarray | None = None


_MARK = object()
_RECONSTRUCT, _NDARRAY, _DTYPE = _Name('new'), _Name('array'), _Name('dtype')
NAMES = {
  'numpy.core.multiarray _reconstruct': _RECONSTRUCT,
  'numpy._core.multiarray _reconstruct': _RECONSTRUCT,
  'numpy ndarray': _NDARRAY,
  'numpy dtype': _DTYPE,
}


def loads(data: bytes) -> Any:
  """Reads a pickle of numbers, text, lists, dicts and arrays of bytes.

  Args:
    data: the pickle, of Python 2 or 3.

  Returns:
    What it holds; text of Python 2 is decoded as Latin-1.

  Raises:
    RefusedError: it is cut off, or has anything else.
  """
  machine = _Machine()
  try:
    for opcode, argument, _ in pickletools.genops(data):
      if opcode.name == 'STOP':
        return _plain(machine.pop())
      step = STEPS.get(opcode.name)
      if step is None:
        raise RefusedError(f'opcode {opcode.name} is not one of plain data')
      step(machine, argument)
  except RefusedError:
    raise
  except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
    text = ' '.join(str(error).split())[:100]
    raise RefusedError(f'it is cut off or damaged: {text}') from error
  raise RefusedError('it is cut off')


class _Machine:
  """The stack and the memo of a pickle."""

  def __init__(self):
    self.stack: list[Any] = []
    self.memo: dict[int, Any] = {}

  def push(self, value: Any) -> None:
    self.stack.append(value)

  def pop(self) -> Any:
    return self.stack.pop()

  def since_mark(self) -> list[Any]:
    """Takes what was pushed since the last mark, and the mark."""
    found = []
    while (value := self.stack.pop()) is not _MARK:
      found.append(value)
    return found[::-1]


def _plain(value: Any) -> Any:
  """Returns what a list or dict may hold: an array itself, no names."""
  if isinstance(value, _Array):
    if value.value is None:
      raise RefusedError('an array has no content')
    return value.value
  if isinstance(value, _Name | _Dtype) or value is _MARK:
    raise RefusedError('it holds a name, which would be imported')
  return value


def _extend(machine: _Machine, values: list[Any]) -> None:
  target = machine.stack[-1]
  if not isinstance(target, list):
    raise RefusedError('values are appended to what is no list')
  target.extend(map(_plain, values))


def _update(machine: _Machine, values: list[Any]) -> None:
  target = machine.stack[-1]
  if not isinstance(target, dict):
    raise RefusedError('items are set in what is no dict')
  for key, value in zip(values[::2], values[1::2], strict=True):
    if not isinstance(key, str | int):
      raise RefusedError('a key of a dict is neither text nor a number')
    target[key] = _plain(value)


def _tuple(machine: _Machine, count: int) -> None:
  machine.push(tuple([machine.pop() for _ in range(count)][::-1]))


def _name(machine: _Machine, word: str) -> None:
  if word not in NAMES:
    raise RefusedError(f'it names {word[:60]!r}, which would be imported')
  machine.push(NAMES[word])


def _stack_name(machine: _Machine, _: Any) -> None:
  name, module = machine.pop(), machine.pop()
  _name(machine, f'{module} {name}')


def _reduce(machine: _Machine, _: Any) -> None:
  arguments, name = machine.pop(), machine.pop()
  if name is _DTYPE and arguments[:1] in (('u1',), ('uint8',)):
    return machine.push(_Dtype('u1'))
  if name is _RECONSTRUCT and arguments[:1] == (_NDARRAY,):
    return machine.push(_Array())
  raise RefusedError('it calls what makes no array of bytes')


def _build(machine: _Machine, _: Any) -> None:
  state, target = machine.pop(), machine.stack[-1]
  if isinstance(target, _Dtype):  # byte order and the like; bytes have none
    return
  if not isinstance(target, _Array) or target.value is not None:
    raise RefusedError('it sets the state of what is no array')
  _, shape, kind, fortran, content = state
  if not isinstance(kind, _Dtype) or fortran:
    raise RefusedError('an array is not of bytes in rows')
  content = content.encode('latin-1') if isinstance(content, str) else content
  target.value = np.frombuffer(content, np.uint8).reshape(shape)


def _value(value: Any) -> Callable:
  return lambda machine, _: machine.push(value)


def _argument(machine: _Machine, argument: Any) -> None:
  machine.push(argument)


def _remember(machine: _Machine, number: int) -> None:
  machine.memo[number] = machine.stack[-1]


# What each opcode does; see the module pickletools of Python.
STEPS: dict[str, Callable[[_Machine, Any], None]] = {
  'PROTO': lambda m, a: None,
  'FRAME': lambda m, a: None,
  'MARK': _value(_MARK),
  'NONE': _value(None),
  'NEWTRUE': _value(True),
  'NEWFALSE': _value(False),
  **dict.fromkeys(('INT', 'BININT', 'BININT1', 'BININT2'), _argument),
  **dict.fromkeys(('STRING', 'BINSTRING', 'SHORT_BINSTRING'), _argument),
  **dict.fromkeys(('UNICODE', 'BINUNICODE', 'SHORT_BINUNICODE'), _argument),
  **dict.fromkeys(('BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8'), _argument),
  'EMPTY_LIST': lambda m, a: m.push([]),
  'EMPTY_DICT': lambda m, a: m.push({}),
  'EMPTY_TUPLE': _value(()),
  'LIST': lambda m, a: m.push([*map(_plain, m.since_mark())]),
  'TUPLE': lambda m, a: m.push(tuple(m.since_mark())),
  'TUPLE1': lambda m, a: _tuple(m, 1),
  'TUPLE2': lambda m, a: _tuple(m, 2),
  'TUPLE3': lambda m, a: _tuple(m, 3),
  'APPEND': lambda m, a: _extend(m, [m.pop()]),
  'APPENDS': lambda m, a: _extend(m, m.since_mark()),
  'SETITEM': lambda m, a: _update(m, [m.pop(), m.pop()][::-1]),
  'SETITEMS': lambda m, a: _update(m, m.since_mark()),
  **dict.fromkeys(('PUT', 'BINPUT', 'LONG_BINPUT'), _remember),
  'MEMOIZE': lambda m, a: _remember(m, len(m.memo)),
  **dict.fromkeys(
    ('GET', 'BINGET', 'LONG_BINGET'), lambda m, a: m.push(m.memo[a])
  ),
  'GLOBAL': _name,
  'STACK_GLOBAL': _stack_name,
  'REDUCE': _reduce,
  'BUILD': _build,
}
