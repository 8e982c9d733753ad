"""Bad input of the Python interface: calls, and a part of the line.

Values of a wrong type are left to the checkers of types: the suite runs with
annotations checked, where such a call does not even begin.
"""

from __future__ import annotations

import pathlib
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import mtl_jax as mtl
from tests.faults.bad_input import files, running
from tests.faults.bad_input.hostile import PICKLE

Call = tuple[Callable[[], Any], str]

BINARY = ['y:binary']


def rows(**columns: Any) -> pd.DataFrame:
  """60 good rows, and some columns in place of, or beside, the good ones."""
  number = np.arange(60)
  good = {'age': 20 + number % 30, 'y': number % 2}
  return pd.DataFrame({**good, **columns})


def _data() -> Any:
  return mtl.frame(rows(), BINARY)


def _arrays(inputs: Any = None, labels: Any = None, **fields: Any) -> Any:
  inputs = np.ones((60, 2), np.float32) if inputs is None else inputs
  labels = {'y': np.arange(60) % 2} if labels is None else labels
  return mtl.arrays(inputs, labels, fields.pop('tasks', BINARY), **fields)


def _written(name: str, content: Any) -> str:
  case = running.Case('', (), '', {name: content})
  running.make(case, pathlib.Path())
  return name


def _compare(**given: Any) -> Any:
  return mtl.compare(given.pop('data', 'synthetic'), workdir='w', **given)


def _fit(**given: Any) -> Any:
  return mtl.fit(_data(), workdir='w', steps=2, **given)


def calls() -> dict[str, Call]:
  """Returns all calls by name, with a part of the line of each."""
  return _tables() | _labels() | _questions() | _models()


def _tables() -> dict[str, Call]:
  nan, frame = np.nan, mtl.frame
  return {
    'frame: a list': (lambda: frame([1, 2], BINARY), 'is a list; give a data'),
    'frame: None': (lambda: frame(None, BINARY), 'give a data frame'),
    'frame: no rows': (lambda: frame(rows()[:0], BINARY), 'has no row'),
    'frame: no tasks': (lambda: frame(rows(), []), 'name at least one'),
    'frame: NaN labels': (
      lambda: frame(rows(y=nan), BINARY), "'y' has no known label",
    ),
    'frame: infinite': (
      lambda: frame(rows(age=[np.inf] + [1.5, 2.5, 3.5] * 19 + [0, 0]), BINARY),
      "column 'age' holds numbers, and row 0",
    ),
    'frame: complex': (lambda: frame(rows(age=1j), BINARY), "'age'"),
    'frame: objects': (
      lambda: frame(rows(age=[object()] * 60), BINARY), 'no input column is',
    ),
    'frame: arrays': (
      lambda: frame(rows(age=[np.ones(2)] * 60), BINARY), "column 'age', row 0",
    ),
    'frame: two of a name': (
      lambda: frame(pd.DataFrame(np.ones((9, 2)), columns=['a', 'a']), BINARY),
      "two columns are called 'a'",
    ),
    'frame: inputs': (
      lambda: frame(rows(), BINARY, inputs=['agee']), "did you mean 'age'",
    ),
    'frame: parts': (
      lambda: frame(rows(), BINARY, parts=(3, 1)), 'three whole numbers',
    ),
    'frame: max_len': (lambda: frame(rows(), BINARY, max_len=0), 'max_len is'),
    'read: None': (lambda: mtl.read(''), 'path of the table is missing'),
    'read: missing': (lambda: mtl.read('no.csv'), 'no file no.csv'),
    'frame: a line break': (
      lambda: frame(rows(y=['a\nx', 'b', 'c'] * 20), BINARY), 'a\\nx, b, c',
    ),
    'read: NUL': (lambda: mtl.read('a\0b.csv'), 'no file'),
    'read: too long': (lambda: mtl.read('x' * 5000 + '.csv'), 'no file'),
    'read: surrogate': (lambda: mtl.read('a\udc80.csv'), 'no file'),
    'read: a folder': (lambda: mtl.read('.'), 'is a folder'),
    'read: a pickle': (
      lambda: mtl.read(_written('a.csv', PICKLE)), 'is a pickle',
    ),
  }  # fmt: skip


def _labels() -> dict[str, Call]:
  ones = np.ones(60)
  return {
    'arrays: words': (lambda: _arrays(np.array([['a']] * 60)), 'of numbers'),
    'arrays: a number': (lambda: _arrays(np.float32(1)), 'arrays of numbers'),
    'arrays: NaN': (
      lambda: _arrays(np.full((60, 2), np.nan, np.float32))(0), 'nan',
    ),
    'arrays: objects': (
      lambda: _arrays(np.array([[{}]] * 60, object)), 'arrays of numbers',
    ),
    'arrays: lengths': (lambda: _arrays(np.ones((50, 2))), '50'),
    'arrays: no labels': (lambda: _arrays(labels={}), "no array 'y'"),
    'arrays: None as labels': (lambda: _arrays(labels={'y': None}), "'y'"),
    'arrays: two axes': (
      lambda: _arrays(labels={'y': np.ones((60, 2))}), 'give [N]',
    ),
    'arrays: too many': (
      lambda: _arrays(labels=[ones, ones]), 'give one array per task',
    ),
    'arrays: one class': (lambda: _arrays(labels={'y': ones}), 'labels are 1'),
    'arrays: weights': (
      lambda: _arrays(weights=np.ones((60, 3))), 'weights are [60, 3]',
    ),
    'arrays: negative weights': (lambda: _arrays(weights=-ones), 'weights'),
    'arrays: groups': (lambda: _arrays(groups=ones), '1 groups'),
    'arrays: split': (lambda: _arrays(split=['x'] * 60), "is 'x'"),
    'arrays: survival': (
      lambda: _arrays(tasks=['y:survival']), '[N, 2], time and event',
    ),
  }  # fmt: skip


def _questions() -> dict[str, Call]:
  data = pd.DataFrame({'a': [1]})
  return {
    'compare: a frame': (lambda: _compare(data=data), 'data is a DataFrame'),
    'compare: None': (lambda: _compare(data=None), 'data is a NoneType'),
    'compare: data set': (
      lambda: _compare(data='actg157'), "did you mean 'actg175'",
    ),
    'compare: NUL': (lambda: _compare(data='a\0'), 'no data set and no config'),
    'compare: config file': (
      lambda: _compare(data=_written('c.py', 'raise SystemExit')), 'SystemExit',
    ),
    'compare: scheme': (lambda: _compare(schemes='hrd'), "mean 'hard'"),
    'compare: no schemes': (lambda: _compare(schemes=[]), 'schemes is empty'),
    'compare: balancer': (lambda: _compare(balancers='equl'), "mean 'equal'"),
    'compare: seeds': (lambda: _compare(seeds=0), 'config.seeds is 0'),
    'compare: steps': (lambda: _compare(steps=-1), 'config.steps is -1'),
    'compare: key': (lambda: _compare(stpes=1), "did you mean 'steps'"),
    'compare: lr': (lambda: _compare(hp={'lr': np.nan}), 'config.hp.lr'),
    'compare: lr, None': (lambda: _compare(hp={'lr': None}), 'config.hp.lr'),
    'compare: no balancer': (
      lambda: _compare(balancer=None), "is None; give a value like 'equal'",
    ),
    'compare: hp': (lambda: _compare(hp=3), 'config.hp is a section'),
    'compare: tune': (
      lambda: _compare(schemes='hard', tune=1), 'tune=1; give 2 to',
    ),
    'compare: workdir': (
      lambda: mtl.compare('synthetic', workdir=_written('f', ''), seeds=2),
      '--workdir f: ',
    ),
    'fit: scheme': (lambda: _fit(scheme='hrd'), "did you mean 'hard'"),
    'fit: balancer': (lambda: _fit(balancer='equl'), "did you mean 'equal'"),
    'fit: keep': (lambda: _fit(keep='nothing'), "config.keep is 'nothing'"),
    'fit: seeds': (lambda: _fit(seeds=-3), 'config.seeds is -3'),
    'interference: scheme': (
      lambda: mtl.interference('synthetic', scheme='hrd'), "mean 'hard'",
    ),
    'transfer: scheme': (
      lambda: mtl.transfer('synthetic', scheme='hrd'), "mean 'hard'",
    ),
  }  # fmt: skip


def _models() -> dict[str, Call]:
  found = {
    f'load: {name}': (
      lambda content=content: mtl.load(
        str(pathlib.Path(_written('m/model.json', content)).parent)
      ),
      said,
    )
    for name, (content, said) in files.MODELS.items()
  }
  return found | {
    'load: missing': (lambda: mtl.load('nowhere'), 'nowhere does not exist'),
    'load: NUL': (lambda: mtl.load('a\0'), 'does not exist'),
    'load: a pickle': (
      lambda: mtl.load(_written('f', PICKLE)), 'a pickle',
    ),
  }  # fmt: skip


def trial(call: Call, folder: pathlib.Path) -> list[str]:
  """Calls in the current folder; returns what is wrong with the answer."""
  function, said = call
  found = []
  try:
    function()
    return ['no error']
  except mtl.InputError as error:
    text = str(error)
    if '\n' in text:
      found.append('several lines')
    if said not in text:
      found.append(f'nothing of {said!r} in {text!r}')
  except BaseException:  # noqa: BLE001 - whatever it is, it is a fault.
    return [traceback.format_exc()[-1500:]]
  if (folder / 'w').exists():
    found.append('a workdir was written')
  if (folder / 'ran').exists():
    found.append('a pickle was loaded')
  return found
