"""Kinds of maps against plain NumPy, one pixel at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import tasks
from mtl_jax.data import base
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task, constants, normals, scores

N, H, W, C = 5, 4, 3, 4
KINDS = {
  'segmentation': {'num_classes': C},
  'depth': {},
  'normals': {},
}
both = pytest.mark.parametrize('averaging', ['pixels', 'batches'])
every = pytest.mark.parametrize('kind', KINDS)


def case(kind):
  """Predictions and labels, some pixels and the last picture without one."""
  draw = np.random.default_rng(3)
  task = Task('t', kind, **KINDS[kind])
  predictions = draw.normal(size=(N, H, W, task.num_outputs))
  gone = draw.random((N, H, W)) < 0.3
  gone[-1] = True
  if kind == 'segmentation':
    labels = np.where(gone, -1, draw.integers(C - 1, size=(N, H, W)))
  elif kind == 'depth':
    predictions = np.abs(predictions) + 0.1
    labels = np.where(gone, 0, 0.5 + draw.exponential(size=(N, H, W)))
  else:
    labels = normals.unit(draw.normal(size=(N, H, W, 3)))
    labels[gone] = 0
  kinds = np.int32 if kind == 'segmentation' else np.float32
  return np.float32(predictions), labels.astype(kinds), ~gone


def by_pixel(kind, predictions, labels, known):
  """Every metric of some pictures, from a list of pixels."""
  p, y = predictions[known].astype(float), labels[known].astype(float)
  if kind == 'segmentation':
    found, ious = p.argmax(-1), []
    for c in range(C):
      both, either = (found == c) & (y == c), (found == c) | (y == c)
      ious += [both.sum() / either.sum()] if either.any() else []
    return {'miou': np.mean(ious), 'pixel_accuracy': np.mean(found == y)}
  if kind == 'depth':
    p, error = p[:, 0], np.abs(p[:, 0] - y)
    ratio = np.maximum(p / y, y / p)
    return {
      'abs_error': error.mean(),
      'rel_error': (error / y).mean(),
      'rmse': np.sqrt((error**2).mean()),
      **{f'delta{i}': (ratio < 1.25**i).mean() for i in (1, 2, 3)},
    }
  unit = p / np.linalg.norm(p, axis=-1, keepdims=True)
  angle = np.degrees(np.arccos(np.clip((unit * y).sum(-1), -1, 1)))
  return {
    'mean_angle': angle.mean(),
    'median_angle': np.median(angle),
    **{f'within_{x:g}': (angle < x).mean() for x in (11.25, 22.5, 30)},
  }


@every
@both
def test_metrics_are_those_of_the_pixels(kind, averaging):
  predictions, labels, known = case(kind)
  task = Task('t', kind, averaging=averaging, metric_batch=2, **KINDS[kind])
  found = scores.of_run(task, predictions, labels, np.ones(N, bool))
  if averaging == 'pixels':
    wanted = by_pixel(kind, predictions, labels, known)
  else:  # The last batch has no labelled pixel, and no value.
    each = [
      by_pixel(
        kind, predictions[i : i + 2], labels[i : i + 2], known[i : i + 2]
      )
      for i in (0, 2)
    ]
    wanted = {name: np.mean([one[name] for one in each]) for name in each[0]}
  assert set(found) == set(wanted)
  for name, value in wanted.items():
    # A median of few pixels lies between two; of a histogram, within a bin.
    slack = 10 if name == 'median_angle' else 1e-4
    assert found[name] == pytest.approx(value, abs=slack), name


def test_a_median_of_many_angles_is_right_to_a_tenth():
  draw = np.random.default_rng(0)
  labels = np.float32(normals.unit(draw.normal(size=(2, 60, 60, 3))))
  predictions = np.float32(labels + 0.3 * draw.normal(size=labels.shape))
  found = scores.of_run(Task('t', 'normals'), predictions, labels, np.ones(2))
  unit = normals.unit(predictions.astype(float))
  angle = np.degrees(np.arccos((unit * labels).sum(-1)))
  assert found['median_angle'] == pytest.approx(np.median(angle), abs=0.1)


@every
def test_a_summary_of_the_device_gives_the_same_metrics(kind):
  predictions, labels, _ = case(kind)
  task, ones = Task('t', kind, **KINDS[kind]), np.ones(N, bool)
  summary = task.made.summary(*map(jnp.asarray, (predictions, labels, ones)))
  found = scores.of_run(task, np.asarray(summary), labels, ones, ready=True)
  assert found == pytest.approx(
    scores.of_run(task, predictions, labels, ones), rel=1e-4
  )


@every
def test_a_loss_is_the_mean_over_labelled_pixels_of_a_batch(kind):
  """So that a picture with few of them counts little, as published."""
  predictions, labels, known = case(kind)
  task = Task('t', kind, **KINDS[kind])
  found, slopes = jax.value_and_grad(
    lambda p: task.loss(p, jnp.array(labels), jnp.ones(N, bool))
  )(jnp.array(predictions))
  p, y = predictions[known].astype(float), labels[known]
  if kind == 'segmentation':
    logs = p - np.log(np.exp(p).sum(-1, keepdims=True))
    wanted = -logs[np.arange(len(y)), y].mean()
  elif kind == 'depth':
    wanted = np.abs(p[:, 0] - y).mean()
  else:
    wanted = 1 - (normals.unit(p) * y).sum(-1).mean()
  assert float(found) == pytest.approx(wanted, rel=1e-5)
  moved = (np.asarray(slopes) != 0).any(-1)
  assert not moved[~known].any()
  assert moved[known].all()


def test_a_normal_of_length_zero_has_a_finite_slope():
  task = Task('t', 'normals')
  labels = jnp.zeros((1, 2, 2, 3)).at[..., 0].set(1)
  slope = jax.grad(lambda p: task.loss(p, labels, jnp.ones(1, bool)))(
    jnp.zeros((1, 2, 2, 3))
  )
  assert jnp.isfinite(slope).all()


@every
def test_units_are_those_of_the_best_constant(kind):
  _, labels, _ = case(kind)
  task, mask = Task('t', kind, **KINDS[kind]), np.ones(N, bool)
  constant = {
    'segmentation': lambda x: np.log(
      np.bincount(x[x >= 0], minlength=C) + 1e-9
    ),
    'depth': lambda x: np.median(x[x > 0])[None],
    'normals': lambda x: x.reshape(-1, 3).sum(0),
  }[kind](labels)
  maps = np.broadcast_to(np.float32(constant), (N, H, W, task.num_outputs))
  loss = task.loss(jnp.array(maps), jnp.array(labels), jnp.array(mask))
  assert constants.loss_scale(task, labels, mask) == pytest.approx(
    float(loss), rel=1e-4
  )
  assert constants.metric_scale(task, labels, mask) > 0


@every
def test_units_count_pictures_by_their_weights(kind):
  _, labels, _ = case(kind)
  task, times = Task('t', kind, **KINDS[kind]), np.array([2, 0, 1, 3, 1])
  repeated = np.repeat(labels, times, axis=0)
  ones = np.ones(len(repeated), bool)
  for scale in (constants.loss_scale, constants.metric_scale):
    weighted = scale(task, labels, times > 0, times)
    assert weighted == pytest.approx(scale(task, repeated, ones))


def test_a_kind_without_a_constant_has_a_unit_too(monkeypatch):
  """As that of a user may be; and of very many pixels some are enough."""
  _, labels, _ = case('depth')
  task, mask = Task('t', 'depth'), np.ones(N, bool)
  closed = constants.loss_scale(task, labels, mask)
  bare = task.made._replace(constant=None)
  monkeypatch.setattr(tasks, '_made', lambda *_: bare)
  found = constants.loss_scale(task, labels, mask)
  assert found == pytest.approx(closed, rel=2e-2)
  assert constants.thinned(labels, N * H * W // 3).shape == (N, 2, 2)


@every
def test_predictions_that_are_nan_have_no_metric(kind):
  predictions, labels, _ = case(kind)
  predictions[0] = np.nan
  task = Task('t', kind, **KINDS[kind])
  found = scores.of_run(task, predictions, labels, np.ones(N))
  assert all(np.isnan(value) for value in found.values())


def data(kind, change, size=(H, W)):
  """A checked data set of pictures and changed labels, two in a split."""
  _, labels, _ = case(kind)
  labels = change(np.concatenate([labels, labels]).copy())
  mask = np.ones((2 * N, 1), bool)
  whole = base.Split(np.zeros((2 * N, *size, 3), np.uint8), (labels,), mask)
  rows = np.arange(6), np.array([6, 7]), np.array([8, 9])
  card = base.Card('maps', 'here', 'none', 'none', 'by hand', {})
  return base.cut(whole, rows, (Task('t', kind, **KINDS[kind]),), card)


@every
def test_a_picture_without_a_pixel_has_no_label(kind):
  found = data(kind, lambda x: x)  # case leaves picture 4 and so 9 without
  assert found.train.mask[:, 0].tolist() == [True] * 4 + [False, True]
  assert found.test.mask[:, 0].tolist() == [True, False]
  assert found.card.counts['train/t'] == 5
  with pytest.raises(InputError, match="'t', test labels: no pixel"):
    data(
      kind,
      lambda x: np.where(
        np.arange(10).reshape(-1, *[1] * (x.ndim - 1)) < 8,
        x,
        -1 if kind == 'segmentation' else 0,
      ),
    )


def test_maps_have_the_size_of_their_pictures():
  with pytest.raises(
    InputError, match=f'maps of {H} x {W} pixels .*have 9 x 8'
  ):
    data('depth', lambda x: x, (9, 8))


def test_a_pixel_that_is_not_a_number_is_named():
  def change(x):
    x[7, 2, 1] = np.nan
    return x

  words = r"valid labels of 't': picture 1, pixel \(2, 1\) is nan"
  with pytest.raises(InputError, match=words):
    data('depth', change)


def test_landmarks_are_points():
  task = Task('t', 'landmarks', 2)
  labels = np.float32([[0, 0, 1, 1], [2, 2, 3, 3]])
  predictions = labels + np.float32([3, 4, 0, 0])
  found = scores.of_run(task, predictions, labels, np.ones(2))
  assert found['mean_distance'] == pytest.approx(2.5)
  assert task.completed(labels, np.ones(2, bool)).num_outputs == 4
  with pytest.raises(InputError, match='x and y of every point'):
    task.made.check(labels[:, :3], np.ones(2, bool))


BAD = [
  ('segmentation', lambda x: x + 0.5, r'picture 0, pixel \(0, 0\) is .*whole'),
  ('segmentation', lambda x: x + C, r'pixel .*raise num_classes'),
  ('segmentation', lambda x: x - 7, 'an ignored pixel is -1'),
  ('segmentation', lambda x: 0 * x - 1, r'no pixel .*all are -1'),
  ('segmentation', lambda x: x[0], 'one class number per pixel'),
  ('depth', lambda x: -x, 'set a missing pixel to 0'),
  ('depth', lambda x: np.where(x > 0, np.inf, x), 'depths are positive'),
  ('depth', lambda x: 0 * x, r'no pixel .*all are 0'),
  ('normals', lambda x: 2 * x, 'divide them by their length'),
  ('normals', lambda x: x[..., :2], 'one vector per pixel'),
]


@pytest.mark.parametrize(('kind', 'change', 'words'), BAD)
def test_bad_labels_name_the_pixel(kind, change, words):
  _, labels, _ = case(kind)
  bad = change(labels)
  with pytest.raises(InputError, match=words):
    Task('t', kind, **KINDS[kind]).made.check(bad, np.ones(len(bad), bool))


def test_bad_fields_are_told():
  with pytest.raises(InputError, match="averaging='pixles'.*'pixels'"):
    _ = Task('t', 'depth', averaging='pixles').made
  with pytest.raises(InputError, match='metric_batch=0'):
    _ = Task('t', 'normals', metric_batch=0).made
