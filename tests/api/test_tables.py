"""From a data frame, arrays or a file to a table, a model and predictions."""

import jax
import numpy as np
import pandas as pd
import pytest

import mtl_jax as mtl
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
