"""Tuning ranks by validation, and reads no test split."""

import pandas as pd
import pytest

from configs import default
from experiments import search
from mtl_jax import records
from mtl_jax.errors import InputError


def write(folder, scores, lr):
  """Records of two seeds, as a cell leaves them; on test all are wrong."""
  records.append(
    folder,
    *[
      {
        'kind': 'test',
        'run': f'{lr} {seed}',
        'seed': seed,
        'hp': {'lr': lr, 'task_weights': [1.0, 1.0]},
        'score': score,
        'best_step': {'a': 10, 'b': 20},
        'test': {'a': {'loss': -score}},
      }
      for seed, score in enumerate(scores)
    ],
  )
  return folder


def test_the_lowest_mean_validation_score_comes_first(tmp_path):
  choices = [{'schedule': 'constant'}, {'schedule': 'cosine'}]
  folders = [
    write(tmp_path / 'a', (0.5, 0.7), 1e-3),
    write(tmp_path / 'b', (0.3, 0.6), 1e-3),
  ]
  write(folders[1], (0.9, 0.9), 1e-2)
  frame = search.rank(choices, folders)
  assert list(frame.schedule) == ['cosine', 'constant', 'cosine']
  assert list(frame.lr) == [1e-3, 1e-3, 1e-2]
  assert list(frame.score) == pytest.approx([0.45, 0.6, 0.9])
  assert list(frame.seeds) == [2, 2, 2]
  assert isinstance(frame, pd.DataFrame)


def test_what_is_tried_is_set_in_a_copy():
  config = default.get_config()
  found = search.with_changes(config, {'encoders.mlp.widths': (3,), 'steps': 7})
  assert (found.encoders.mlp.widths, found.steps) == ((3,), 7)
  assert config.steps != 7


@pytest.mark.parametrize(
  ('text', 'part'),
  [('steps', 'key='), ('steps=3', 'key='), ('steps=(x,)', 'key=')],
)
def test_what_cannot_be_read_is_refused(text, part):
  with pytest.raises(InputError, match=part):
    search.parse_space([text])


def test_an_unknown_key_names_the_nearest():
  with pytest.raises(InputError, match="did you mean 'widths'"):
    search.with_changes(default.get_config(), {'encoders.mlp.widht': (3,)})


@pytest.mark.parametrize('encoder', search.SPACES)
def test_every_key_of_the_spaces_is_one_of_the_config(encoder):
  for choice in search.grid(search.SPACES[encoder]):
    keys = search.SPACES[encoder]
    search.with_changes(
      default.get_config(), dict(zip(keys, choice, strict=True))
    )
