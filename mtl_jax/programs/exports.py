"""Lowers the programs of a cell, from the cache of traced programs if it can.

A program that was just traced is exported and lowered from its export, too. A
later job that reads the export from the cache then lowers the same program, and
finds it in JAX's cache of compiled programs.
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
from mtl_jax.cells import Cell, trace_cache
from mtl_jax.cells.trace_cache import Entry
from mtl_jax.data import stacked
from mtl_jax.data.base import Split
from mtl_jax.train import matrix_layout as layouts
from mtl_jax.train import parameters


class Lowering:
  """Lowers the programs of a cell, and caches what it traces.

  Args:
    cell: the cell.
    exportable: whether its programs can be exported at all.
  """

  def __init__(self, cell: Cell, exportable: bool):
    self._cell = cell
    self._exportable = exportable and trace_cache.enabled()
    # The plan is part of a program's name, since the programs depend on it but
    # the key of the cell's entry does not.
    self._plan = f'{cell.chunks()[0].size} {cell.plan.side_by_side}'
    self._cached = cell.cached if self._exportable else None
    self._new: dict[str, bytes] = {}
    if self._exportable:
      _register(cell)

  def lowered(
    self,
    name: str,
    function: Callable,
    arguments: tuple,
    donate: tuple[int, ...] = (),
  ) -> Any:
    """Lowers a program.

    Args:
      name: of the program within its cell.
      function: jitted.
      arguments: arrays, or shapes of them.
      donate: numbers of the arguments that `function` donates. An export does
        not hold them.

    Returns:
      The lowered program, a `jax.stages.Lowered`.
    """
    name = f'{name} {self._plan}'
    cached = self._read(name, arguments, donate)
    if cached is not None:
      return cached
    blob = self._exported(function, arguments)
    if blob is None:
      return function.lower(*arguments)
    self._new[name] = blob
    return _lowered(blob, arguments, donate)

  def save(self) -> None:
    """Adds the programs that were traced by this object to the cache."""
    if self._new:
      old = self._cached.programs if self._cached else {}
      entry = Entry(self._cell.facts._asdict(), old | self._new)
      trace_cache.write(self._cell.cache_key, entry)

  def _read(self, name: str, arguments: tuple, donate: tuple) -> Any:
    blob = self._cached.programs.get(name) if self._cached else None
    if blob is None:
      return None
    try:
      return _lowered(blob, arguments, donate)
    except Exception as error:  # noqa: BLE001 - JAX names no class.
      why = ' '.join(str(error).split())[:200]
      text = f'{self._cell.name}: a cached program is traced again, because JAX'
      print(f'{text} cannot load it: {why}', file=sys.stderr)
      self._cached = None
      return None

  def _exported(self, function: Callable, arguments: tuple) -> bytes | None:
    """None where a program has what JAX cannot export, as a user's type."""
    if not self._exportable:
      return None
    try:
      return bytes(export.export(function)(*arguments).serialize())
    except (ValueError, NotImplementedError):
      self._exportable = False
      return None


def _lowered(blob: bytes, arguments: tuple, donate: tuple) -> Any:
  program = export.deserialize(bytearray(blob))
  return jax.jit(program.call, donate_argnums=donate).lower(*arguments)


def _register(cell: Cell) -> None:
  """Registers the types of a cell's states with `jax.export`."""
  made_by = plugins.find('mtl_jax.balancers', cell.config.balancer, 'make')
  modules = [optax, train, sys.modules[made_by.__module__]]
  modules += [sys.modules[t.made.loss.__module__] for t in cell.system.tasks]
  with _LOCK:
    _register_parameters()
    for module in modules:
      for kind in filter(_is_named_tuple, list(vars(module).values())):
        _register_tuple(kind)
    _register_tuple(Split)


_LOCK = threading.Lock()  # cells are compiled in several threads


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
