"""The page says what is so: its example runs, its counts are the cards'."""

import pathlib
import re

import numpy as np
import pytest

from mtl_jax import cells, data
from mtl_jax.data import base, files, splits
from mtl_jax.data.raw import pinned
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

PAGE = pathlib.Path(__file__).parents[2].joinpath('docs/data.md').read_text()


def test_the_example_of_ones_own_data_set_runs(tmp_path, monkeypatch):
  _, code, _ = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
  (tmp_path / 'my_lab').mkdir()
  (tmp_path / 'my_lab' / 'sums.py').write_text(code)
  monkeypatch.syspath_prepend(tmp_path)
  made = data.load('my_lab.sums', split_seed=1, num_rows=50)
  assert made.card.counts['train'] == 30
  sums = made.train.inputs.sum(axis=1)
  assert np.corrcoef(sums, made.train.labels[0])[0, 1] > 0.95


def test_the_example_of_arrays_in_memory_runs():
  _, _, code = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
  x = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
  first = (x[:, 0] > 0).astype(np.int32)
  card = base.Card('mine', '', '', '', '', {})
  tasks = Task('sum', 'regression'), Task('first', 'binary')
  names = {
    'base': base,
    'splits': splits,
    'CARD': card,
    'TASKS': tasks,
    'x': x,
    'first': first,
    'known': np.ones((60, 1), bool),
  }
  exec(code, names)  # noqa: S102 - it is the page's own.
  cell = names['cell']
  assert len(cell.datas) == 3
  assert len({s.table for d in cell.datas for s in d.splits.values()}) == 1
  assert list(cell.identity['dataset']) == ['mine']
  with pytest.raises(InputError, match='each of 3 seeds, and there is 1'):
    cells.make(names['config'], cell.datas[:1])


def test_the_example_of_a_table_runs(tmp_path, monkeypatch, capsys):
  code, _, _ = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
  rows = [f'{i % 17},{i // 3},{i % 2},{i * 7 % 30}' for i in range(120)]
  lines = ['age,family,sick,score', *rows]
  (tmp_path / 'patients.csv').write_text('\n'.join(lines))
  monkeypatch.chdir(tmp_path)
  names = {}
  exec(code, names)  # noqa: S102 - it is the page's own.
  assert len(names['datas']) == 10
  assert "by 'family', never cut" in capsys.readouterr().out


@pytest.mark.parametrize(
  'name', [*('actg175', 'multi_digits', 'sentiment_topic'), 'rand_hie', 'fair']
)
def test_the_table_holds_the_counts_of_the_cards(name, raw, data_dir):
  folder = raw(name) if name in files.SOURCES else ''
  loaded = data.load(name, data_dir=data_dir, files=folder)
  counts = ' / '.join(str(len(s.mask)) for s in loaded.splits.values())
  tasks = [task.name for task in loaded.tasks]
  (row,) = [
    line
    for line in PAGE.splitlines()
    if line.startswith(f'| `{name}`') and ' / ' in line
  ]
  assert counts in row
  assert [task for task in tasks if f'`{task}`' not in row] == []


def test_every_data_set_and_raw_file_is_on_the_page():
  for name in data.names():
    assert f'`{name}`' in PAGE
  large = [source for own in pinned.IN_PARTS.values() for source in own]
  for source in [*files.SOURCES.values(), *large]:
    assert source.archive in PAGE
    assert source.bare in PAGE
