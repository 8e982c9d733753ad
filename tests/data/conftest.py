"""A data folder of its own for the tests, and raw files where they are."""

import numpy as np
import pytest
import tensorflow_datasets as tfds


@pytest.fixture(scope='session')
def data_dir(tmp_path_factory) -> str:
  return str(tmp_path_factory.mktemp('prepared'))


@pytest.fixture
def make_builder(tmp_path):
  """A function: a builder called `little` of the given features and splits."""

  def make(features, splits, file_format='array_record'):
    class Little(tfds.core.GeneratorBasedBuilder, skip_registration=True):
      name = 'little'
      VERSION = tfds.core.Version('1.0.0')

      def _info(self):
        kept = tfds.features.FeaturesDict(features)
        return tfds.core.DatasetInfo(
          builder=self, features=kept, disable_shuffling=True
        )

      def _split_generators(self, dl_manager):
        return {name: enumerate(rows) for name, rows in splits.items()}

      def _generate_examples(self):
        raise NotImplementedError

    return Little(data_dir=tmp_path, file_format=file_format)

  return make


@pytest.fixture
def little(make_builder):
  """50 rows in three splits, with every kind of feature."""
  features = {
    'image': tfds.features.Tensor(shape=(4, 4, 1), dtype=np.uint8),
    'ph': tfds.features.Scalar(np.float32),
    'origin': {'depth': tfds.features.Scalar(np.int64)},
    'note': tfds.features.Text(),
    'label': tfds.features.ClassLabel(num_classes=7),
    'grade': tfds.features.Scalar(np.int64),
    'yield': tfds.features.Scalar(np.float32),
    'sick': tfds.features.Scalar(np.int64),
  }

  def row(i):
    return {
      'image': np.full((4, 4, 1), i, np.uint8),
      'ph': 6 + i / 50,
      'origin': {'depth': 100 * i},
      'note': f'red apple number{i}' if i < 30 else f'blue pear number{i}',
      'label': i % 3,
      'grade': i % 4,
      'yield': np.nan if i % 5 == 0 else 3.0 * i,
      'sick': -1 if i % 5 == 1 else i % 2,
    }

  rows = [row(i) for i in range(50)]
  splits = {'train': rows[:30], 'validation': rows[30:40], 'test': rows[40:]}
  return make_builder(features, splits)
