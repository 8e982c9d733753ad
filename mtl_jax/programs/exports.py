"""Programs of a cell as they are kept: exported, and lowered from that.

What was just traced is lowered from its export too, so that it is the program
that a later job finds among the compiled ones.
"""

import functools
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import jax
import optax
from jax import export

from mtl_jax import plugins, train
from mtl_jax.cells import Cell, kept
from mtl_jax.cells.kept import Kept
from mtl_jax.data import stacked
from mtl_jax.data.base import Split
from mtl_jax.train import matrix_layout as layouts
from mtl_jax.train import parameters


class Lowering:
  """Lowers the programs of a cell, from what is kept of it where it can.

  Args:
    cell: the cell.
    able: whether its programs can be exported at all.
  """

  def __init__(self, cell: Cell, able: bool):
    self._cell, self._able = cell, able and kept.on()
    # A plan decides how runs lie in a program.
    self._plan = f'{cell.chunks()[0].size} {cell.plan.side_by_side}'
    self._found = cell.kept if self._able else None
    self._new: dict[str, bytes] = {}
    if self._able:
      _register(cell)

  def lowered(
    self,
    name: str,
    function: Callable,
    arguments: tuple,
    donate: tuple[int, ...] = (),
  ) -> Any:
    """A lowered program.

    Args:
      name: of the program within its cell.
      function: jitted; what it donates is said again by `donate`.
      arguments: arrays, or shapes of them.
      donate: arguments whose memory the results take.
    """
    name = f'{name} {self._plan}'
    old = self._read(name, arguments, donate)
    if old is not None:
      return old
    blob = self._exported(function, arguments)
    if blob is None:
      return function.lower(*arguments)
    self._new[name] = blob
    return _lowered(blob, arguments, donate)

  def keep(self) -> None:
    """Writes what was traced now, beside what was kept before."""
    if self._new:
      old = self._found.programs if self._found else {}
      facts = self._cell.facts._asdict()
      kept.write(self._cell.key, Kept(facts, old | self._new))

  def _read(self, name: str, arguments: tuple, donate: tuple) -> Any:
    blob = self._found.programs.get(name) if self._found else None
    if blob is None:
      return None
    try:
      return _lowered(blob, arguments, donate)
    except Exception as error:  # noqa: BLE001 - whatever JAX says of it.
      why = ' '.join(str(error).split())[:200]
      text = f'{self._cell.name}: a kept program is traced anew, as JAX refuses'
      print(f'{text} it: {why}', file=sys.stderr)
      self._found = None
      return None

  def _exported(self, function: Callable, arguments: tuple) -> bytes | None:
    """None where something in it cannot be written, such as a user's type."""
    if not self._able:
      return None
    try:
      return bytes(export.export(function)(*arguments).serialize())
    except (ValueError, NotImplementedError):
      self._able = False
      return None


def _lowered(blob: bytes, arguments: tuple, donate: tuple) -> Any:
  program = export.deserialize(bytearray(blob))
  return jax.jit(program.call, donate_argnums=donate).lower(*arguments)


def _register(cell: Cell) -> None:
  """Tells `jax.export` the types that a cell's states are made of."""
  made_by = plugins.find('mtl_jax.balancers', cell.config.balancer, 'make')
  places = [optax, train, sys.modules[made_by.__module__]]
  places += [sys.modules[t.made.loss.__module__] for t in cell.system.tasks]
  with _LOCK:
    _register_parameters()
    for place in places:
      for kind in filter(_is_named_tuple, list(vars(place).values())):
        _register_tuple(kind)
    _register_tuple(Split)


_LOCK = threading.Lock()  # Cells are prepared side by side.


def _is_named_tuple(kind: Any) -> bool:
  is_tuple = isinstance(kind, type) and issubclass(kind, tuple)
  return is_tuple and hasattr(kind, '_fields')


@functools.cache
def _register_tuple(kind: type) -> None:
  name = f'{kind.__module__}.{kind.__qualname__}'
  export.register_namedtuple_serialization(kind, serialized_name=name)


@functools.cache
def _register_parameters() -> None:
  export.register_pytree_node_serialization(
    parameters.Parameters,
    serialized_name='mtl_jax.train.parameters.Parameters',
    serialize_auxdata=lambda aux: layouts.written(*aux),
    deserialize_auxdata=lambda text: (layouts.layout_of(text),),
  )
  export.register_pytree_node_serialization(
    stacked.Columns,
    serialized_name='mtl_jax.data.stacked.Columns',
    serialize_auxdata=lambda aux: json.dumps(aux).encode(),
    deserialize_auxdata=_columns_of,
  )


def _columns_of(text: bytes) -> tuple:
  members, behind = json.loads(bytes(text))
  return tuple(map(tuple, members)), tuple(behind)
