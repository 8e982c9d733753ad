"""From a data frame, arrays or a file to a table, a model and predictions."""

import jax
import numpy as np
import pandas as pd
import pytest

import mtl_jax as mtl
from mtl_jax import cells
from mtl_jax.api import configured
from mtl_jax.api import given as calls
from mtl_jax.cells import choices, identity
from tests import small

quick = small.quick

# One program for all: as many rows, columns and tasks everywhere.
SMALL = {
  'steps': 20, 'evals': 2, 'batch_size': 8, 'encoders.mixed.widths': (4,),
  'encoders.mixed.dropout': 0.0,
}  # fmt: skip


@pytest.fixture(scope='module')
def table():
  draw = np.random.default_rng(0)
  frame = pd.DataFrame(draw.normal(size=(90, 2)), columns=['age', 'dose'])
  frame['sick'] = np.where(frame.age > 0, 'yes', 'no')
  frame['score'] = 100 + 10 * frame.dose
  return frame


@pytest.fixture
def caches(tmp_path, monkeypatch):
  jax.devices()
  monkeypatch.setenv('MTL_JAX_CACHE', str(tmp_path))
  return tmp_path


def test_a_frame_is_compared_fitted_and_predicted(table, caches, capsys):
  data = mtl.frame(table, ['sick:binary', 'score:regression'])
  model = mtl.fit(data, **SMALL)
  assert '# Data: table' in capsys.readouterr().out
  new = table[['age', 'dose']].iloc[:5]
  predicted = model.predict(new)
  assert [*predicted.columns] == ['sick=yes', 'score']
  assert predicted['score'].between(50, 150).all()  # in its own unit
  before = {p: p.read_bytes() for p in caches.rglob('records.jsonl')}
  again = mtl.fit(data, **SMALL)
  assert {p: p.read_bytes() for p in caches.rglob('records.jsonl')} == before
  pd.testing.assert_frame_equal(again.predict(new), predicted)
  model.save(caches / 'saved')
  loaded = mtl.load(caches / 'saved')
  pd.testing.assert_frame_equal(loaded.predict(new), predicted)
  # The same call of compare has the same cell.
  result = mtl.compare(
    data, 'hard', seeds=1, reference=False, workdir=None, **SMALL
  )
  assert {f.name for f in result.folders} & {p.parent.name for p in before}


def from_file(path):
  """The config of a command with this table."""
  config = configured.read('table')
  config.datasets.table.path = str(path)
  config.datasets.table.tasks = ('sick:binary', 'score:regression')
  return config


@pytest.mark.parametrize('name', ['patients', 'table'])
def test_a_table_is_the_same_in_memory_and_in_a_file(table, tmp_path, name):
  path = tmp_path / f'{name}.csv'
  table.to_csv(path, index=False)
  frame = mtl.frame(mtl.read(path), ['sick:binary', 'score:regression'])
  found = []
  for data in (from_file(path), frame):
    asked = calls.experiment(calls.Given(data, 2, None, {}), 'fit')
    datas = cells.data(asked.config, asked.load)
    chosen = choices.choose(asked.config)
    found.append((
      identity.comparable(asked.config, chosen, datas),
      identity.sources(chosen),
    ))  # fmt: skip
  assert found[0] == found[1]
  assert found[0][0]['dataset'] == {name: {}}


def test_cells_of_a_file_are_found_from_memory(table, caches, capsys):
  path = caches / 'patients.csv'
  table.to_csv(path, index=False)
  mtl.fit(from_file(path), workdir=caches / 'w', **SMALL)
  before = {p: p.read_bytes() for p in caches.rglob('records.jsonl')}
  frame = mtl.frame(mtl.read(path), ['sick:binary', 'score:regression'])
  capsys.readouterr()
  for _ in range(2):
    mtl.fit(frame, workdir=caches / 'w', **SMALL)
  assert {p: p.read_bytes() for p in caches.rglob('records.jsonl')} == before
  assert capsys.readouterr().out.count('# Data: patients') == 1


def test_a_mistake_in_a_call_trains_nothing(table, caches):
  data = mtl.frame(table, ['sick:binary', 'score:regression'])
  for call, said in (
    ({'scheme': 'hrad'}, "did you mean 'hard'"),
    ({'keep': 'bset'}, "config.keep is 'bset'; did you mean 'best'"),
    ({'keep': 'nothing'}, 'fit returns what is kept'),
    ({'stpes': 3}, "did you mean 'steps'"),
  ):
    with pytest.raises(mtl.InputError, match=said):
      mtl.fit(data, **call)
  with pytest.raises(mtl.InputError, match='give mtl_jax.frame'):
    mtl.fit(table)
  assert not [*caches.rglob('records.jsonl')]
