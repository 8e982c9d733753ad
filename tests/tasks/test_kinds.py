"""A kind is a file: its fields, its parts, its checks of labels."""

import subprocess
import sys

import jax
import numpy as np
import pytest

from mtl_jax import plugins, tasks
from mtl_jax.data import base
from mtl_jax.errors import InputError
from mtl_jax.tasks import Kind, Metric, Task, scores

CARD = base.Card('toy', 'here', 'none', 'none', 'by hand', {})


def test_these_are_the_kinds():
  assert plugins.names('mtl_jax.tasks') == [
    'binary', 'count', 'depth', 'landmarks', 'multiclass', 'normals',
    'ordinal', 'regression', 'segmentation', 'survival',
  ]  # fmt: skip


def test_a_task_is_told_by_its_name_kind_and_fields():
  one = Task('a', 'multiclass', 3)
  assert one == Task('a', 'multiclass', num_classes=3)
  assert hash(one) == hash(Task('a', 'multiclass', num_classes=3))
  assert one != Task('a', 'multiclass', 4)
  assert one.shape == Task('b', 'multiclass', 3).shape == one.renamed('b').shape
  assert Task('a', 'survival', edges=[1, 2]) == Task(
    'a', 'survival', edges=np.array([1, 2])
  )
  with pytest.raises(AttributeError):
    one.name = 'b'


@pytest.mark.parametrize(
  ('made', 'message'),
  [
    (lambda: Task('a', 'binry'), "did you mean 'binary'"),
    (lambda: Task('a', 'binary', 2), "'binary' takes 0 fields"),
    (lambda: Task('a', 'binary', classes=2), "unknown key 'classes'"),
    (lambda: Task('a', 'multiclass', 1), 'at least 2'),
    (lambda: Task('a', 'survival', edges=(2.0, 1.0)), 'ascending'),
    (lambda: Task('a', 'my_lab.kind'), "no module 'my_lab.kind'"),
    (lambda: Task('a', 'tests.toy'), 'tests.toy has no make'),
  ],
)
def test_a_slip_in_a_task_is_one_line(made, message):
  with pytest.raises(InputError, match=message) as caught:
    tasks.check((made(),))
  assert '\n' not in str(caught.value)


def test_check_refuses_a_repeated_name():
  with pytest.raises(InputError, match='share a name'):
    tasks.check((Task('a', 'binary'), Task('a', 'count')))


GOOD = Kind(len, 1, len, {'m': Metric(len, True)})


@pytest.mark.parametrize(
  ('kind', 'message'),
  [
    (None, 'make returns NoneType'),
    (GOOD._replace(loss=None), 'its loss is not a function'),
    (GOOD._replace(check=0), 'its check is not a function'),
    (GOOD._replace(outputs=0), 'outputs is 0'),
    (GOOD._replace(outputs=None), 'outputs is None'),
    (GOOD._replace(metrics={}), 'metrics is not a dict'),
    (GOOD._replace(metrics={'m': len}), 'metrics is not a dict'),
    (GOOD._replace(head='map'), "head is 'map'; valid: vector"),
  ],
)
def test_a_part_that_is_missing_is_named(kind, message):
  with pytest.raises(InputError, match=message):
    tasks.base.checked('my_lab.kind', kind)


# --- Labels


def data(task, labels, known=None):
  rows = np.array([0, 1, 2, 3]), np.array([4, 5]), np.array([6, 7])
  labels = np.asarray(labels)
  known = np.ones(len(labels), bool) if known is None else np.asarray(known)
  whole = base.Split(np.zeros((8, 2), np.float32), (labels,), known[:, None])
  return base.cut(whole, rows, (task,), CARD)


ZEROS = np.zeros(8)


@pytest.mark.parametrize(
  ('task', 'labels', 'message'),
  [
    (('binary',), [1, -1] * 4, r'row 1 is -1; .*give \(labels \+ 1\) / 2'),
    (('binary',), [1, 2] * 4, 'row 1 is 2; .*give labels - 1'),
    (
      ('binary',),
      [0, 1, 0.5, 1] * 2,
      'row 2 is 0.5; .* 1 for yes and 0 for no',
    ),
    (('multiclass', 3), [0, 1, 2, 3] * 2, 'row 3 is 3; .*0 to 2; raise num_cl'),
    (('multiclass',), [0, 1, 1.5, 3] * 2, 'row 2 is 1.5; classes are whole'),
    (('multiclass', 3), [0, -1, 1, 2] * 2, 'row 1 is -1; .*or mask it'),
    (('ordinal', 3), [0, 1, 2, 3] * 2, 'row 3 is 3; .*0 to 2'),
    (('count',), [0, 3, -2, 1] * 2, 'row 2 is -2; a count is 0 or more'),
    (
      ('binary',),
      np.zeros((8, 3)),
      r'labels are \[N, 3\] and not \[N\]; row 0',
    ),
    (('regression', 2), ZEROS, r'\[N\] and not \[N, 2\].*set num_outputs=1'),
    (('regression', 1), np.zeros((8, 3)), 'set num_outputs=3'),
    (('regression',), np.zeros((8, 1)), r'give labels\[:, 0\]'),
    (('survival',), ZEROS, 'give columns time and event'),
    (('survival',), [[-1, 1]] * 8, r'row 0 is \[-1, 1\]; a time is 0 or more'),
    (('survival',), [[2, 2]] * 8, r'row 0 is \[2, 2\]; the second column'),
    (('survival',), [[2, 0]] * 8, 'no row has an event'),
  ],
)
def test_a_wrong_label_is_named_by_task_row_and_value(task, labels, message):
  with pytest.raises(InputError, match=f"^task 'a', .*{message}") as caught:
    data(Task('a', *task), labels)
  assert '\n' not in str(caught.value)


def test_the_row_is_that_of_its_split():
  labels = np.array([0, 1, 0, 1, 0, 7, 0, 1])
  with pytest.raises(InputError, match="^task 'a', valid labels: row 1 is 7"):
    data(Task('a', 'binary'), labels)


def test_a_label_behind_the_mask_may_be_anything():
  known = np.arange(8) != 2
  for kind in ('binary', 'multiclass', 'count'):
    data(Task('a', kind), [0, 1, -1, 1, 0, 1, 0, 1], known)


def test_what_was_not_given_is_found_over_all_splits():
  found = data(Task('a', 'multiclass'), [0, 1, 0, 1, 2, 1, 4, 1]).tasks[0]
  assert found == Task('a', 'multiclass', 5)
  assert (
    data(Task('a', 'regression'), np.zeros((8, 3))).tasks[0].num_outputs == 3
  )
  times = np.stack([np.arange(8.0), np.ones(8)], 1)
  edges = dict(
    data(Task('a', 'survival', num_intervals=4), times).tasks[0].fields
  )
  assert edges['edges'] == (1.75, 3.5, 5.25)
  with pytest.raises(InputError, match='does not say how many outputs'):
    _ = Task('a', 'multiclass').num_outputs


# --- A metric that is somebody's


def raising(predictions, labels, weights):
  raise RuntimeError('no such thing')


def test_a_metric_that_raises_is_named_and_the_others_stand(monkeypatch):
  kind = Task('a', 'regression').made
  metrics = {**kind.metrics, 'odd': Metric(raising, True)}
  monkeypatch.setattr(tasks, '_made', lambda *_: kind._replace(metrics=metrics))
  known = scores.Labels((np.zeros(5),), np.ones((5, 1), bool))
  found = [np.ones((2, 5, 1), np.float32)]
  values, faults = scores.of_runs(
    [Task('a', 'regression')], found, known, np.zeros((2, 1))
  )
  np.testing.assert_array_equal(values['a']['rmse'], [1, 1])
  assert np.isnan(values['a']['odd']).all()
  assert faults == (
    "task 'a': metric odd raised RuntimeError: no such thing; it is NaN",
  )


def test_predictions_that_are_nan_have_no_metric():
  found = scores.of_run(
    Task('a', 'binary'), np.full((3, 1), np.nan), np.ones(3), np.ones(3)
  )
  assert all(np.isnan(value) for value in found.values())


def test_padding_behind_the_rows_is_not_measured():
  task = Task('a', 'regression')
  draw = np.random.default_rng(0)
  found = draw.normal(size=(2, 9, 1))
  known = scores.Labels((draw.normal(size=7),), np.ones((7, 1), bool))
  losses = np.zeros((2, 1))
  values, _ = scores.of_runs([task], [found], known, losses)
  shorter, _ = scores.of_runs([task], [found[:, :7]], known, losses)
  jax.tree.map(np.testing.assert_array_equal, values, shorter)


def test_training_imports_no_scikit_learn():
  code = (
    'import sys, mtl_jax.train, mtl_jax.run.linear\n'
    'import mtl_jax.programs.measuring\n'
    'from mtl_jax.tasks import Task\n'
    "[Task('a', k).made for k in ('binary', 'count', 'ordinal', 'survival')]\n"
    "assert 'sklearn' not in sys.modules"
  )
  subprocess.run([sys.executable, '-c', code], check=True)
