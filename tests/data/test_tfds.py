"""Any prepared TFDS data set by name, on a real little one of 50 rows."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from mtl_jax.data import store
from mtl_jax.data import tfds as by_name
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

TASKS = (
  ('label', 'multiclass'),
  ('yield', 'regression'),
  ('sick', 'binary'),
  ('grade', 'multiclass'),
)


@pytest.fixture
def load(little, tmp_path):
  store.prepare(little)

  def run(seed=None, **fields):
    return by_name.load(seed, str(tmp_path), name='little', **fields)

  return run


def test_one_feature_is_the_input_itself(load):
  data = load()
  assert [len(s.inputs) for s in data.splits.values()] == [30, 10, 10]
  assert data.train.inputs.dtype == np.uint8  # pictures stay bytes
  assert data.valid.inputs[3, 0, 0, 0] == 33
  assert data.valid.labels[0][3] == 33 % 3


def test_number_of_classes_is_the_builders_or_is_seen(load):
  tasks = load(tasks=TASKS).tasks
  assert tasks[0].num_outputs == 7  # the builder says so; only 3 occur
  assert tasks[3].num_outputs == 4


def test_columns_become_one_standardised_matrix(load):
  data = load(inputs=('ph', 'origin/depth'))
  assert data.test.inputs.shape == (10, 2)
  assert data.test.inputs.dtype == np.float32
  rows = np.arange(50.0)
  wanted = (rows - 14.5) / rows[:30].std()
  for k in range(2):
    np.testing.assert_allclose(data.train.inputs[:, k], wanted[:30], atol=1e-4)
    np.testing.assert_allclose(data.test.inputs[:, k], wanted[40:], atol=1e-4)


def test_a_mixture_of_shapes_becomes_a_dict(load):
  inputs = load(inputs=('image', 'ph', 'note'), max_len=5).valid.inputs
  shapes = {key: values.shape for key, values in inputs.items()}
  assert shapes == {'image': (10, 4, 4, 1), 'ph': (10, 1), 'note': (10, 5)}


def test_text_becomes_words_of_the_training_split(load):
  data = load(inputs=('note',), max_len=4)
  # 'apple' and 'red' are in all training rows; 'blue' and 'pear' in none.
  assert data.train.inputs[0, :2].tolist() == [3, 2]
  assert data.test.inputs[0].tolist() == [1, 1, 1, 0]


def test_missing_labels_are_masked_and_finite(load):
  data = load(tasks=TASKS)
  masks = np.concatenate([s.mask for s in data.splits.values()])
  assert masks.sum(axis=0).tolist() == [50, 40, 40, 50]
  assert not masks[::5, 1].any()  # NaN
  assert not masks[1::5, 2].any()  # -1
  assert data.card.counts['train/yield'] == 24
  known = data.train.labels[1][data.train.mask[:, 1]]
  np.testing.assert_allclose([known.mean(), known.std()], [0, 1], atol=1e-6)


def test_a_regression_may_hold_minus_one(load):
  assert load(tasks=(('sick', 'regression'),)).train.mask.all()


def test_slices_are_splits_too(load):
  data = load(splits=('train[:20]', 'train[20:]', 'test'))
  assert [len(s.mask) for s in data.splits.values()] == [20, 10, 10]
  assert data.valid.inputs[0, 0, 0, 0] == 20


def test_a_seed_draws_all_rows_anew_at_the_same_sizes(load):
  same, again, other = load(1), load(1), load(2)
  seen = [s.inputs[:, 0, 0, 0] for s in same.splits.values()]
  assert [len(s) for s in seen] == [30, 10, 10]
  assert sorted(np.concatenate(seen)) == list(range(50))
  np.testing.assert_array_equal(same.test.inputs, again.test.inputs)
  assert (same.test.inputs != other.test.inputs).any()


@pytest.mark.parametrize(
  ('fields', 'message'),
  [
    ({'inputs': ('imge',)}, "no feature 'imge'; did you mean 'image'"),
    ({'tasks': (('lable', 'binary'),)}, "did you mean 'label'"),
    ({'tasks': (('label', 'multclass'),)}, "did you mean 'multiclass'"),
    ({'tasks': (('label', 'binary'),)}, 'is binary and holds 2'),
    ({'tasks': (('ph', 'multiclass'),)}, 'is multiclass and holds 6.02'),
    ({'tasks': (('note', 'binary'),)}, 'not one number per row'),
    ({'tasks': (('image', 'count'),), 'inputs': ('ph',)}, 'not one number'),
    ({'inputs': ('label',)}, 'inputs and labels at once'),
    ({'inputs': ()}, 'at least one input'),
    ({'splits': ('train', 'valid', 'test')}, "did you mean 'validation'"),
    ({'splits': ('train', 'test')}, 'splits are train, valid and test'),
    ({'version': '9.9.9'}, "no version '9.9.9'.*valid: 1.0.0"),
  ],
)
def test_a_slip_is_one_clear_line(load, fields, message):
  with pytest.raises(InputError, match=message) as caught:
    load(**fields)
  assert '\n' not in str(caught.value)


def test_a_data_set_that_is_not_there_names_the_nearest(load, tmp_path):
  for folder in (tmp_path, tmp_path / 'nowhere'):
    with pytest.raises(InputError, match="no prepared data set 'litle'"):
      by_name.load(data_dir=str(folder), name='litle')
  with pytest.raises(InputError, match="did you mean 'little'"):
    by_name.load(data_dir=str(tmp_path), name='litle')


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_bad_input_is_named_by_split_column_and_row(
  make_builder, tmp_path, value
):
  number = tfds.features.Scalar(np.float32)
  features = {'age': number, 'ph': number, 'label': number}
  rows = [{'age': i, 'ph': 1.0, 'label': i % 2} for i in range(50)]
  rows[36]['ph'] = value
  splits = {'train': rows[:30], 'validation': rows[30:40], 'test': rows[40:]}
  store.prepare(make_builder(features, splits))
  with pytest.raises(
    InputError, match=f"validation: column 'ph', row 6 is {value}"
  ):
    by_name.load(data_dir=str(tmp_path), name='little', inputs=('age', 'ph'))


def test_a_task_without_labels_in_a_split_is_named(make_builder, tmp_path):
  number = tfds.features.Scalar(np.float32)
  rows = [{'x': i, 'y': np.nan if i < 30 else i} for i in range(50)]
  splits = {'train': rows[:30], 'validation': rows[30:40], 'test': rows[40:]}
  store.prepare(make_builder({'x': number, 'y': number}, splits))
  for kind in ('regression', 'count'):
    with pytest.raises(InputError, match="'y' has no known label in the train"):
      by_name.load(
        data_dir=str(tmp_path),
        name='little',
        inputs=('x',),
        tasks=(('y', kind),),
      )


def test_another_file_format_is_refused(load, tmp_path):
  info = tmp_path / 'little' / '1.0.0' / 'dataset_info.json'
  info.write_text(info.read_text().replace('array_record', 'tfrecord'))
  with pytest.raises(InputError, match="file_format='array_record'"):
    load()


def test_a_binary_task_of_minus_one_and_one_is_refused():
  """Else half of the rows would be missing, and the others of one class."""
  rows, task = np.arange(4), Task('y', 'binary')
  with pytest.raises(InputError, match="'y' is binary and holds -1 and no 0"):
    by_name._label(np.array([-1, 1, -1, 1]), task, rows)
  labels, known = by_name._label(np.array([-1, 1, 0, 1]), task, rows)
  assert known.tolist() == [False, True, True, True]


def test_a_seed_gives_each_split_its_share_of_a_class(make_builder, tmp_path):
  """Of 6 rare rows in 400, which a split by chance would often miss."""
  features = {
    'x': tfds.features.Scalar(np.float32),
    'rare': tfds.features.Scalar(np.int64),
  }
  rows = [{'x': float(i), 'rare': int(i < 6)} for i in range(400)]
  cuts = {'train': rows[:240], 'validation': rows[240:320], 'test': rows[320:]}
  store.prepare(make_builder(features, cuts))
  fields = {'name': 'little', 'inputs': ('x',), 'tasks': (('rare', 'binary'),)}
  for seed in range(10):
    data = by_name.load(seed, str(tmp_path), **fields)
    found = [int(s.labels[0].sum()) for s in data.splits.values()]
    assert sum(found) == 6
    assert min(found) >= 1
    assert [len(s.mask) for s in data.splits.values()] == [240, 80, 80]
  with pytest.raises(InputError, match='has only class 0 .* valid'):
    by_name.load(None, str(tmp_path), **fields)
