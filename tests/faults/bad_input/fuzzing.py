"""Input that Hypothesis draws: it is used, or refused in one line."""

import functools
import json
import os
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
from hypothesis import strategies as st

import mtl_jax as mtl
from configs import default
from mtl_jax.api import configured
from mtl_jax.plugins import checks
from mtl_jax.records import model_folders

NUMBERS = st.one_of(
  st.integers(), st.floats(), st.integers(-2, 5), st.sampled_from([0.1, 1e308])
)
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=6))
VALUES = st.recursive(
  PLAIN, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5
)
TASKS = 'y:binary', 'y:multiclass', 'y:regression', 'y:count', 'y:ordinal(0, 1)'
CELLS = st.one_of(
  st.text(max_size=8),
  NUMBERS.map(str),
  st.sampled_from(
    ['', 'NA', '?', '1,000', '1.5', '2020-01-02', '31/12/2020', 'yes', '"', '٣']
  ),
)
ENDINGS = (
  *('csv', 'tsv', 'parquet', 'feather', 'csv.gz', 'txt', 'npz', 'pkl'),
  *('arrow', 'safetensors'),
)
STARTS = b'', b'PAR1', b'ARROW1', b'FEA1', b'\x80\x04', b'\x1f\x8b', b'a,y\n'


def accepted(function: Callable[[], Any]) -> bool:
  """Whether input is used; anything but one line of `InputError` is raised."""
  try:
    function()
    return True
  except mtl.InputError as error:
    text = str(error)
  assert text
  assert text.isprintable()
  return False


def _driven(**drawn: Any) -> Callable:
  """Makes a test of a function of examples: `run(examples)`."""

  def of(test: Callable) -> Callable[[int], None]:
    def run(examples: int) -> None:
      given = hypothesis.given(**drawn)(test)
      hypothesis.settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
      )(given)()

    run.__doc__ = test.__doc__
    return run

  return of


@functools.cache
def keys() -> list[str]:
  """Returns all dotted keys of the default config."""
  return sorted(key for key, _ in _leaves(default.get_config(), ''))


def _leaves(part: Any, above: str):
  for key, value in part.items():
    if hasattr(value, 'items'):
      yield from _leaves(value, f'{above}{key}.')
    else:
      yield f'{above}{key}', value


@_driven(key=st.deferred(lambda: st.sampled_from(keys())), value=VALUES)
def config_values(key: str, value: Any) -> None:
  """A value of a key of a config."""

  def use():
    config = default.get_config().lock()
    configured.put(config, {key: value})
    checks.check(config)

  accepted(use)


@_driven(
  known=st.lists(st.booleans(), min_size=30, max_size=30),
  labels=st.lists(st.integers(-1, 2), min_size=30, max_size=30),
  task=st.sampled_from(TASKS),
  seed=st.integers(0, 5),
)
def label_masks(known: list, labels: list, task: str, seed: int) -> None:
  """Which labels are known, and which classes they are of."""

  def use():
    y = np.where(known, np.float64(labels), np.nan)
    rows = pd.DataFrame({'age': np.arange(30) * 7 % 11, 'y': y})
    mtl.frame(rows, [task])(seed)

  accepted(use)


@_driven(
  rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=30),
  repeated=st.integers(1, 20),
  task=st.sampled_from(TASKS),
)
def csv_cells(rows: list, repeated: int, task: str) -> None:
  """Cells of a CSV."""
  text = 'a,y\n' + ''.join(f'{a},{y}\n' for a, y in rows) * repeated
  _file('t.csv', text.encode('utf-8', 'surrogatepass'), [task])


@_driven(
  start=st.sampled_from(STARTS),
  rest=st.binary(max_size=300),
  ending=st.sampled_from(ENDINGS),
)
def file_bytes(start: bytes, rest: bytes, ending: str) -> None:
  """Bytes of a file that is given as a table."""
  _file(f't.{ending}', start + rest, ['y:binary'])


def _file(name: str, content: bytes, tasks: list[str]) -> None:
  with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, name)
    path.write_bytes(content)
    accepted(lambda: mtl.frame(mtl.read(str(path)), tasks)(0))


@_driven(
  described=st.one_of(
    st.binary(max_size=60),
    st.dictionaries(
      st.sampled_from(['format', *model_folders.NEEDED]), VALUES
    ).map(lambda given: json.dumps(given).encode()),
  )
)
def model_files(described: bytes) -> None:
  """Bytes and keys of a model.json."""
  with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, 'model.json').write_bytes(described)
    accepted(lambda: model_folders.describe(pathlib.Path(folder)))


PROPERTIES = {
  'values of a config': config_values,
  'masks of labels': label_masks,
  'cells of a CSV': csv_cells,
  'bytes of a file': file_bytes,
  'description of a model': model_files,
}


def examples(default_count: int) -> int:
  """Returns how many examples are drawn: `MTL_JAX_FUZZ`, or the default."""
  return int(os.environ.get('MTL_JAX_FUZZ') or default_count)
