"""Which cells share programs: those whose training labels alone differ."""

import numpy as np
import pytest

from mtl_jax.cells import program_identity
from mtl_jax.cells.choices import Choice
from mtl_jax.data import scarce
from mtl_jax.data.checking import label_weights
from mtl_jax.tasks import Task
from tests import toy

FEW, MORE = (('sum', 0.2),), (('sum', 0.5), ('first', 9))
DATA = toy.load()
KNOWN = {'dataset': {'toy': {'scale': 1.0, 'labels': FEW}}, 'fingerprint': 'x'}


def of(data, labels=FEW, load=toy.load):
  dataset = Choice('dataset', 'toy', load, {'labels': labels}, {}, '')
  return program_identity.of(KNOWN, dataset, [data], data)


def few(labels=FEW, data=DATA):
  return scarce.keep(data, labels, 0)


def test_counts_of_labels_make_no_difference():
  assert of(few()) == of(few(MORE), MORE)
  assert 'labels' in KNOWN['dataset']['toy']


def test_without_hidden_labels_all_of_the_identity_counts():
  assert of(DATA, labels=()) == KNOWN


def test_a_field_of_this_name_may_mean_anything():
  def load(split_seed=None, labels=()):
    return toy.load(split_seed)

  assert of(few(), load=load) == KNOWN


def valid_hidden(data):
  mask = np.zeros_like(data.valid.mask)
  return data._replace(valid=data.valid._replace(mask=mask))


def of_three_classes(data):
  tasks = data.tasks[0], Task('first', 'multiclass', 3)
  return data._replace(tasks=tasks)


def one_label_a_row(data):
  mask = data.train.mask & np.array([True, False])
  return data._replace(train=data.train._replace(mask=mask))


def other_inputs(data):
  train = data.train._replace(inputs=2 * data.train.inputs)
  return data._replace(train=train)


@pytest.mark.parametrize(
  'change', [valid_hidden, of_three_classes, one_label_a_row, other_inputs]
)
def test_what_a_program_may_depend_on_counts(change):
  assert of(change(few())) != of(few())


def test_weights_that_are_made_of_known_labels_count():
  balanced = [label_weights.balanced(few(n)) for n in (FEW, (('first', 9),))]
  assert of(balanced[0]) != of(balanced[1])
