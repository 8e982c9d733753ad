"""A data set per task: files, or arrays, whose rows lack other labels."""

import numpy as np
import pandas as pd
import pytest

from configs import default
from mtl_jax import cells, data
from mtl_jax.cells import build, task_groups
from mtl_jax.data import base, several
from mtl_jax.errors import InputError
from tests import small, toy

WORDS = ('x:binary',), ('y:regression(cm)', 'z:count')


@pytest.fixture
def tables(tmp_path):
  """60 rows with x, and 20 rows with y and z, which also have a column x."""
  draw = np.random.default_rng(0)

  def frame(rows):
    age, sex = draw.normal(40, 10, rows), draw.choice(['f', 'm'], rows)
    return pd.DataFrame(
      {'age': age.round(2), 'sex': sex, 'x': draw.integers(2, size=rows)}
    )

  one = frame(60).assign(bmi=draw.normal(25, 3, 60).round(1))
  two = frame(20).assign(
    y=draw.normal(size=20).round(2),
    z=draw.poisson(2, 20),
    w=draw.integers(1, 4, 20),
  )
  paths = [tmp_path / 'one.csv', tmp_path / 'two.csv']
  for path, own in zip(paths, (one, two), strict=True):
    own.to_csv(path, index=False)
  return tuple(zip(map(str, paths), WORDS, strict=True))


@pytest.mark.parametrize('seed', [None, 3])
def test_rows_of_a_file_have_its_labels_alone_and_follow_each_other(
  tables, seed
):
  found = several.load(seed, tables=tables, drop=('w',))
  assert found.sources == (36, 12)
  assert found.train.mask[:36].tolist() == [[True, False, False]] * 36
  assert found.train.mask[36:].tolist() == [[False, True, True]] * 12
  assert found.card.counts['train/x'] == 36
  assert found.card.counts['test/z'] == 4
  # One recipe: the mean is that of all training rows, not of each file.
  assert found.recipe.names == ('age', 'sex', 'bmi', 'bmi missing')
  age = found.train.inputs[:, 0]
  np.testing.assert_allclose(age.mean(), 0, atol=1e-5)
  np.testing.assert_array_equal(found.train.inputs[:, 3], [0] * 36 + [1] * 12)
  assert [s and s.unit for s in found.scales] == [None, 'cm', None]
  part = task_groups.part(found, (1,))
  assert part.scales == found.scales[1:2]
  assert part.sources == found.sources


def test_rows_of_a_file_without_the_column_weigh_1(tables):
  weights = several.load(tables=tables, weights='w').train.weights
  assert (weights[:36] == 1).all()
  assert set(weights[36:].ravel()) == {1, 2, 3}


def test_a_batch_never_lacks_a_task(tables):
  c = default.get_config()
  c.dataset, c.batch_size, c.seeds = 'several', 8, 2
  c.datasets.several.tables = tables
  datas = build.data(c)
  assert cells.make(c, datas).sampling.quotas == (6, 2)
  c.batch_size = 1
  with pytest.raises(InputError, match='batch_size is 1, and each of 2 source'):
    cells.make(c, datas)
  c.sampling = 'rows'
  assert 'sampling' not in cells.make(c, datas).comparable


def test_bad_tables_are_named_by_file(tables):
  (one, words), other = tables
  with pytest.raises(InputError, match=r"two\.csv: task 'yy:count': no column"):
    several.load(tables=((one, words), (other[0], ('yy:count',))))
  with pytest.raises(
    InputError, match=r"task 'x:binry'.*did you mean 'binary'"
  ):
    several.load(tables=((one, ('x:binry',)), other))
  for bad in ((), 'one.csv', (one, words), ((one,),)):
    with pytest.raises(
      InputError, match='several.tables is .* give pairs of a'
    ):
      several.read(bad, {})
  with pytest.raises(InputError, match=r'no\.csv'):
    several.load(tables=(('no.csv', words), other))


def test_data_frames_are_as_files(tables):
  frames = [(pd.read_csv(path), words) for path, words in tables]
  dataset = data.several_frames(frames, weights='w')
  found, expected = dataset(1), several.load(1, tables=tables, weights='w')
  small.same(found.train, expected.train)
  assert [task.name for task in dataset.tasks] == ['x', 'y', 'z']
  frames[1][0].loc[3, 'z'] = -1
  with pytest.raises(InputError, match="table 1: task 'z'.* row 3"):
    data.several_frames(frames)


def _renamed(data, names):
  tasks = tuple(map(lambda t, n: t.renamed(n), data.tasks, names))
  return data._replace(tasks=tasks)


def test_data_sets_in_memory_become_one():
  one = task_groups.part(toy.load(0), (0,))
  two = _renamed(toy.load(1), ('b', 'c'))
  weights = np.full((54, 2), 2, np.float32)
  two = two._replace(train=two.train._replace(weights=weights))
  found = data.several_arrays([one, two])
  assert found.sources == (54, 54)
  assert [t.name for t in found.tasks] == ['slot_0', 'b', 'c']
  np.testing.assert_array_equal(found.train.inputs[54:], two.train.inputs)
  assert found.train.mask.sum(axis=0).tolist() == [54, 54, 54]
  assert not found.train.mask[54:, 0].any()
  small.same(found.train.labels[1][54:], two.train.labels[0])
  assert (found.train.weights[54:, 1:] == 2).all()
  assert (found.train.weights[:54] == 1).all()
  assert found.test.weights is None
  assert found.card.counts['valid'] == 36
  less = {
    name: base.Split(split.inputs[:, :2], *tuple(split)[1:])
    for name, split in one.splits.items()
  }
  with pytest.raises(InputError, match=r'set 1 are \[2\] float.* \[3\] float'):
    data.several_arrays([two, one._replace(**less)])
  with pytest.raises(InputError, match='two tasks share a name'):
    data.several_arrays([one, one])


def test_sources_are_all_training_rows():
  with pytest.raises(InputError, match=r'sources are \(5, 4\), 9 rows, and'):
    base.check(toy.load()._replace(sources=(5, 4)))
