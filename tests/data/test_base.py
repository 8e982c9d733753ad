"""What is refused, by name; what is cut and counted."""

import numpy as np
import pytest

from mtl_jax.data import base, store
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

CARD = base.Card('toy', 'here', 'none', 'none', 'by hand', {})
TASKS = Task('a', 'regression'), Task('b', 'binary')


def table(**changes):
  rows = np.arange(9.0, dtype=np.float32)
  labels = rows, np.arange(9) % 2
  whole = base.Split(np.stack([rows, -rows], 1), labels, np.ones((9, 2), bool))
  return whole._replace(**changes)


def cut(whole, tasks=TASKS, columns=()):
  rows = np.array([8, 0, 3, 1, 6]), np.array([2, 7]), np.array([4, 5])
  return base.cut(whole, rows, tasks, CARD, columns)


def test_rows_stay_together_when_cut():
  data = cut(table())
  assert data.train.inputs[:, 0].tolist() == [8, 0, 3, 1, 6]
  assert data.train.labels[0].tolist() == [8, 0, 3, 1, 6]
  assert data.train.labels[1].tolist() == [0, 0, 1, 1, 0]


def test_inputs_may_be_a_pytree():
  data = cut(table(inputs={'x': np.arange(9), 'y': np.zeros((9, 2, 2))}))
  assert data.valid.inputs['x'].tolist() == [2, 7]
  assert data.test.inputs['y'].shape == (2, 2, 2)


def test_card_counts_rows_and_known_labels():
  mask = np.ones((9, 2), bool)
  mask[[8, 0], 1] = mask[2, 0] = False
  counts = cut(table(mask=mask)).card.counts
  assert counts['train'] == counts['train/a'] == 5
  assert counts['train/b'] == 3
  assert (counts['valid'], counts['valid/a'], counts['test/b']) == (2, 1, 2)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_bad_input_is_named_by_column_and_row(value):
  inputs = table().inputs.copy()
  inputs[7, 1] = value  # the second row of valid
  with pytest.raises(InputError, match=f"valid.*'ph', row 1 is {value}"):
    cut(table(inputs=inputs), columns=('age', 'ph'))


def test_bad_input_deep_in_a_pytree_is_named():
  deep = np.zeros((9, 2, 3), np.float32)
  deep[4, 1, 2] = np.nan
  with pytest.raises(InputError, match=r"test.*'x'.*\[1, 2\], row 0"):
    cut(table(inputs={'x': deep}))


def test_nan_in_a_label_is_refused_even_behind_the_mask():
  labels = np.full(9, np.nan, np.float32), table().labels[1]
  with pytest.raises(InputError, match="train labels of 'a'"):
    cut(table(labels=labels))


def test_task_without_a_label_is_named_with_its_split():
  mask = np.ones((9, 2), bool)
  mask[[4, 5], 1] = False
  with pytest.raises(InputError, match="'b' has no known label in the test"):
    cut(table(mask=mask))


def test_repeated_and_unknown_tasks_are_refused():
  with pytest.raises(InputError, match='share a name'):
    cut(table(), (TASKS[0], TASKS[0]))
  with pytest.raises(InputError, match="did you mean 'binary'"):
    cut(table(), (TASKS[0], Task('b', 'binry')))


def test_each_message_is_one_line():
  inputs = np.full((9, 2), np.nan, np.float32)
  with pytest.raises(InputError) as caught:
    cut(table(inputs=inputs))
  assert '\n' not in str(caught.value)


# --- Rows of one task each


def dealt(mask, seed=0):
  """A data set of as many rows per split as the mask has, before and after."""
  count, tasks = mask.shape
  labels = tuple(np.arange(count) % 2 for _ in range(tasks))
  split = base.Split(np.zeros((count, 2), np.float32), labels, mask)
  names = tuple(Task(f'task_{t}', 'binary') for t in range(tasks))
  data = base.counted(base.Data(split, split, split, names, CARD))
  return data, base.own_rows(data, seed)


def test_each_row_keeps_one_of_the_labels_it_had():
  mask = np.random.default_rng(1).random((500, 4)) < 0.4
  _, found = dealt(mask)
  assert not (found.train.mask & ~mask).any()
  expected = mask.any(axis=1).astype(int)
  np.testing.assert_array_equal(found.train.mask.sum(axis=1), expected)
  # Or a row without a label, and one of several, were not among them.
  assert {0, 1, 4} <= set(mask.sum(axis=1))


def test_no_row_keeps_a_label_that_does_not_count():
  data, _ = dealt(np.ones((100, 2), bool))
  weights = np.float32(np.random.default_rng(0).integers(2, size=(100, 2)))
  data = data._replace(train=data.train._replace(weights=weights))
  mask = base.own_rows(data, 0).train.mask
  np.testing.assert_array_equal(mask.sum(axis=1), weights.any(axis=1))
  assert (weights[mask] > 0).all()


def test_tasks_get_about_equal_shares():
  _, found = dealt(np.ones((4000, 5), bool))
  # Five standard deviations of a binomial count.
  assert (np.abs(found.train.mask.sum(axis=0) - 800) < 5 * 25.3).all()


def test_a_label_that_few_rows_have_gets_its_share_of_those():
  mask = np.ones((4000, 2), bool)
  mask[800:, 1] = False
  _, found = dealt(mask)
  assert (found.train.mask[800:] == [True, False]).all()
  assert abs(found.train.mask[:800, 1].sum() - 400) < 5 * 14.2


def test_nothing_but_the_mask_of_training_is_touched():
  data, found = dealt(np.ones((40, 3), bool))
  assert found.valid is data.valid
  assert found.test is data.test
  assert found.tasks is data.tasks
  assert found.train.inputs is data.train.inputs
  assert found.train.labels is data.train.labels
  assert data.train.mask.all()


def test_rows_are_dealt_by_the_seed():
  mask = np.ones((200, 3), bool)
  one, same, other = (dealt(mask, s)[1].train.mask for s in (3, 3, 4))
  np.testing.assert_array_equal(one, same)
  # Of 200 rows a third would be alike by chance.
  assert 30 < (one & other).sum() < 110


def test_rows_are_dealt_alike_on_every_machine():
  _, found = dealt(np.ones((12, 3), bool))
  assert found.train.mask.argmax(axis=1).tolist() == [
    1, 2, 2, 1, 2, 0, 1, 2, 2, 2, 1, 1
  ]  # fmt: skip


def test_the_card_counts_what_was_dealt():
  _, found = dealt(np.ones((90, 3), bool))
  counts = found.card.counts
  own = [counts[f'train/task_{t}'] for t in range(3)]
  assert own == found.train.mask.sum(axis=0).tolist()
  assert sum(own) == counts['train'] == 90
  assert all(counts[f'{s}/task_{t}'] == 90 for s in ('valid', 'test')
             for t in range(3))  # fmt: skip


def test_what_reads_from_disk_is_called_from_here_too():
  assert base.arrays is store.arrays
  assert base.prepare is store.prepare
  with pytest.raises(AttributeError, match='aray'):
    _ = base.aray
