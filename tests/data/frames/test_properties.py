"""What a table becomes: fitted on training rows, the same in any order."""

import json

import numpy as np
import pandas as pd
import pytest

import mtl_jax.tasks
from mtl_jax import data as datasets
from mtl_jax import plugins
from mtl_jax.data import arrays, frame
from mtl_jax.data.frames import tasks
from mtl_jax.data.frames.recipe import Recipe
from mtl_jax.errors import InputError

from .conftest import TASKS


def same(one, other):
  """Equal keys, types and values, to the bit."""
  assert set(one) == set(other)
  return all(
    one[k].dtype == other[k].dtype and np.array_equal(one[k], other[k])
    for k in one
  )


def test_kinds_are_those_of_the_tasks():
  maps = {'depth', 'landmarks', 'normals', 'segmentation'}  # no columns
  known = set(plugins.names(mtl_jax.tasks.__name__))
  assert set(tasks.KINDS) == known - maps


def test_columns_become_arrays_of_their_kind(people):
  found = frame(people, TASKS)
  kinds = {column.name: column.kind for column in found.plan.columns}
  assert kinds == {
    'age': 'number',
    'town': 'category',
    'smokes': 'yes/no',
    'born': 'date',
    'doctor': 'embedded',
    'note': 'text',
    'family': 'number',
  }
  assert dict(found.plan.dropped).keys() == {'number', 'planet'}
  data = found(0)
  train = data.train
  assert data.recipe.names == (
    *('age', 'age missing', 'town=Bonn', 'town=Kiel', 'town=Ulm'),
    *('town missing', 'smokes', 'born', 'family'),
  )
  shapes = {k: (v.shape[1:], v.dtype.name) for k, v in train.inputs.items()}
  assert shapes == {
    'numbers': ((9,), 'float32'),
    'categories': ((1,), 'int32'),
    'text': ((40,), 'int32'),
  }
  numbers = train.inputs['numbers']
  own = people.age.iloc[train.rows]
  np.testing.assert_array_equal(numbers[:, 1], own.isna())
  filled = (own.fillna(own.median()) - own.mean()) / own.std(ddof=0)
  np.testing.assert_allclose(numbers[:, 0], filled, rtol=1e-5, atol=1e-6)
  towns = numbers[:, 2:6]
  np.testing.assert_array_equal(towns.sum(1), 1)
  assert list(people.town.iloc[train.rows].fillna('')) == [
    ['Bonn', 'Kiel', 'Ulm', ''][i] for i in towns.argmax(1)
  ]


def test_labels_are_masked_and_scaled_and_classes_named(people):
  data = frame(people, TASKS)(0)
  known = people.score.notna().to_numpy()[data.train.rows]
  np.testing.assert_array_equal(data.train.mask[:, 1], known)
  assert data.recipe.classes == {'sick': ['healthy', 'sick']}
  assert [s and s.unit for s in data.scales] == [None, 'points', None]
  scale = data.scales[1]
  own = data.train.labels[1][known] * scale.std + scale.mean
  wanted = people.score.iloc[data.train.rows][known]
  np.testing.assert_allclose(own, wanted, rtol=1e-5, atol=1e-6)
  assert data.card.counts['train/score'] == known.sum()


def test_only_training_rows_are_fitted(people):
  """Whatever valid and test rows hold, training rows are the same."""
  part = np.array(['train', 'train', 'valid', 'test'])[np.arange(120) % 4]
  rows = people.assign(part=part)
  others = rows.part != 'train'
  changed = rows.copy()
  draw = np.random.default_rng(1)
  for name in ('age', 'town', 'note', 'doctor', 'born', 'score'):
    # Values of this column in another order, so that kinds stay.
    changed.loc[others, name] = draw.permutation(rows.loc[others, name])
  changed.loc[others, 'age'] *= 100
  one, other = (frame(r, TASKS, split='part')(0) for r in (rows, changed))
  assert same(one.train.inputs, other.train.inputs)
  assert one.scales == other.scales
  np.testing.assert_array_equal(one.train.labels[1], other.train.labels[1])
  assert not same(one.test.inputs, other.test.inputs)


def test_a_recipe_is_the_same_after_json(people):
  recipe = frame(people, TASKS)(3).recipe
  again = Recipe.from_json(json.loads(json.dumps(recipe.to_json())))
  assert again == recipe
  assert same(again.inputs(people), recipe.inputs(people))
  for one, other in zip(
    again.labels(people), recipe.labels(people), strict=True
  ):
    np.testing.assert_array_equal(np.stack(one), np.stack(other))


def test_new_rows_are_encoded_as_in_training_in_any_order(people):
  data = frame(people, TASKS)(0)
  some = people.iloc[data.test.rows[:7]]
  shuffled = some[some.columns[::-1]].assign(extra=1)
  assert same(
    data.recipe.inputs(shuffled),
    {k: v[:7] for k, v in data.test.inputs.items()},
  )


def test_values_that_no_training_row_has_have_a_place(people):
  recipe = frame(people, TASKS)(0).recipe
  new = people.iloc[:2].assign(
    town=['Rome', None], doctor=['Dr New', None], note=['unheard', None]
  )
  found = recipe.inputs(new)
  np.testing.assert_array_equal(
    found['numbers'][:, 2:6], [[0, 0, 0, 0], [0, 0, 0, 1]]
  )
  np.testing.assert_array_equal(found['categories'], [[0], [0]])
  assert found['text'][:, 0].tolist() == [1, 0]
  some = frame(people, TASKS, categories='onehot')
  assert isinstance(some(0).train.inputs['numbers'], np.ndarray)
  assert {'doctor'} == {
    c.name
    for a, c in zip(
      frame(people, TASKS).plan.columns, some.plan.columns, strict=True
    )
    if a != c
  }


def test_a_table_of_numbers_is_one_array(people):
  rows = people.drop(columns=['doctor', 'note'])
  inputs = frame(rows, TASKS)(0).train.inputs
  assert (inputs.shape[1], inputs.dtype) == (9, np.float32)


def test_weights_are_per_row_or_per_task(people):
  draw = np.random.default_rng(2).random((2, 120)).astype(np.float32)
  rows = people.assign(w=draw[0], v=draw[1])
  train = frame(rows, TASKS, weights='w')(0).train
  np.testing.assert_array_equal(
    train.weights, np.repeat(draw[0][train.rows, None], 3, axis=1)
  )
  some = frame(rows, TASKS, weights='sick=w,visits=v')
  assert {'w', 'v'}.isdisjoint(c.name for c in some.plan.columns)
  train = some(0).train
  ones = np.ones(len(train.rows))
  own = np.stack([draw[0][train.rows], ones, draw[1][train.rows]], axis=1)
  np.testing.assert_array_equal(train.weights, own)
  assert frame(people, TASKS)(0).train.weights is None


def test_survival_ordinal_and_classes(people):
  rows = people.assign(
    time=np.arange(120) / 10,
    died=['yes', 'no', None] * 40,
    grade=['low', 'mid', 'high'] * 40,
    topic=[2, 7, 5] * 40,
  )
  found = ('time+died:survival', 'grade:ordinal(low,mid,high)')
  data = frame(rows, (*found, 'topic:multiclass'))(0)
  own = rows.iloc[data.train.rows].reset_index(drop=True)
  np.testing.assert_array_equal(data.train.mask[:, 0], own.died.notna())
  known = data.train.labels[0][data.train.mask[:, 0]]
  np.testing.assert_array_equal(known[:, 1], own.died.dropna() == 'yes')
  assert data.recipe.classes == {
    'grade': ['low', 'mid', 'high'],
    'topic': ['2', '5', '7'],
  }
  codes = own.grade.map({'low': 0, 'mid': 1, 'high': 2})
  np.testing.assert_array_equal(data.train.labels[1], codes)
  assert dict(data.tasks[2].fields) == {'num_classes': 3}


def test_arrays_are_used_as_they_are():
  x = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
  y, z = np.arange(60) % 2, np.where(np.arange(60) % 5, x[:, 0], np.nan)
  made = datasets.arrays(
    x, [y, z], ('y:binary', 'z:regression'), groups=np.arange(60) // 2
  )
  data = made(0)
  np.testing.assert_array_equal(data.train.inputs, x[data.train.rows])
  assert data.recipe.inputs(x) is x
  assert data.train.mask[:, 1].sum() == np.isfinite(z[data.train.rows]).sum()
  assert data.card.unit_counts['train'] * 2 == len(data.train.rows)
  parts = np.array(['train', 'valid', 'test'])[np.arange(60) // 2 % 3]
  mine = datasets.arrays(x, {'y': y}, 'y:binary', weights=y + 1, split=parts)
  np.testing.assert_array_equal(
    np.sort(mine(0).test.rows), np.flatnonzero(parts == 'test')
  )
  np.testing.assert_array_equal(
    mine(0).test.weights[:, 0], y[mine(0).test.rows] + 1
  )


def test_pictures_are_bytes_of_one_size(people, tmp_path):
  from PIL import Image

  for name, size, colour in (('a', 8, 0), ('b', 16, 200)):
    Image.new('L', (size, size), colour).save(tmp_path / f'{name}.png')
  rows = people.assign(scan=['a.png', 'b.png', None] * 40)
  rows.attrs['folder'] = str(tmp_path)
  data = frame(rows, TASKS, image_size=4)(0)
  own, wanted = data.train.inputs['image'], np.array([0, 200, 0])
  assert (own.shape[1:], own.dtype) == ((4, 4, 1), np.uint8)
  np.testing.assert_array_equal(own[:, 0, 0, 0], wanted[data.train.rows % 3])
  assert data.recipe.names[-1] == 'scan missing'


@pytest.mark.parametrize('first', ['13/02/2020', '2020-02-13'])
def test_dates_are_days(first):
  series = pd.Series([first, None, first.replace('13', '01')], name='seen')
  from mtl_jax.data.frames import values

  days = values.days(series, values.form(series))
  assert np.isnan(days[1])
  assert (days[0], days[0] - days[2]) == (18305, 12)


def test_columns_may_be_numbered(people):
  rows = people[['age', 'sick']].set_axis([0, 1], axis=1)
  recipe = frame(rows, ('1:binary',))(0).recipe
  assert recipe.inputs(rows).shape == (120, 2)  # with an indicator of blanks
  np.testing.assert_array_equal(recipe.labels(rows)[1], True)


@pytest.mark.parametrize('levels', [[1.0, 2.0], [' a', 'b ']])
def test_categories_of_a_type_are_those_of_their_words(people, levels):
  rows = people[['sick']].assign(own=pd.Categorical(levels * 60))
  data = frame(rows, ('sick:binary',))
  typed = data(0).recipe.inputs(rows)
  np.testing.assert_array_equal(typed, [[1, 0], [0, 1]] * 60)


def test_a_recipe_knows_the_weights(people):
  rows = people.assign(w=np.arange(120) / 10)
  data = frame(rows, TASKS, weights='score=w')(0)
  again = Recipe.from_json(json.loads(json.dumps(data.recipe.to_json())))
  found = again.weights(rows)[data.test.rows]
  np.testing.assert_array_equal(found, data.test.weights)
  with pytest.raises(InputError, match="weights: no column 'w'"):
    again.weights(people)
  assert frame(people, TASKS)(0).recipe.weights(people) is None


def test_arrays_may_come_as_data_frames(people):
  rows = people[['visits']]
  data = arrays(rows, people[['sick']], ('sick:binary',))(0)
  np.testing.assert_array_equal(
    data.train.inputs, rows.to_numpy()[data.train.rows]
  )
