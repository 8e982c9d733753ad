"""Checks shapes by tracing, before anything is compiled."""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax import train
from mtl_jax.cells import encoder_inputs, names, settings
from mtl_jax.cells.build import Resolved
from mtl_jax.data import stacked, views
from mtl_jax.data.base import Data, Split
from mtl_jax.errors import InputError
from mtl_jax.schemes import base as schemes
from mtl_jax.train import noise
from mtl_jax.train.recorded import Recorded, record


class Traced(NamedTuple):
  """The traced functions of one run.

  Attributes:
    init: makes the first state.
    step: takes a training step on a batch.
  """

  init: Recorded
  step: Recorded

  @property
  def state(self) -> train.TrainState:
    """Shapes of the run's state."""
    return self.init.shapes


def try_shapes(resolved: Resolved, data: Data) -> Traced:
  """Traces the first state and one step of a run on these rows.

  Args:
    resolved: from `build.resolve`.
    data: one data set of the cell.

  Raises:
    InputError: the parts cannot take a step on these inputs.
  """
  config, system = resolved.config, resolved.system
  encoder_inputs.check(resolved.choices.encoder, data)
  _check_words(resolved, data)
  _check_rows(resolved, data)
  hp = jax.tree.map(lambda x: x[0], settings.hp(resolved.settings[:1]))

  def traced(function, *arguments):
    of_system = functools.partial(function, system)
    scheme = resolved.choices.scheme
    # Whatever the scheme raises becomes one line that names it.
    return scheme.call(lambda: record(of_system, *arguments))

  rows = views.first(data.train, 2).inputs
  init = traced(train.init, hp, np.int32(0), rows)
  _check_shared(config, system, init.shapes.params.shapes)
  # A test proves the names of the package's own schemes.
  if '.' in config.scheme:
    state = jax.jit(lambda hp, rows: init(hp, np.int32(0), rows))(hp, rows)
    scheme = resolved.choices.scheme
    scheme.call(lambda: names.check(resolved, state, rows))
  key = noise.draws(jax.random.key(0))
  rows = batch(system, config, data)
  return Traced(init, traced(train.step, hp, init.shapes, rows, key))


def batch(system: train.System, config: Any, data: Data) -> Split:
  """Returns the shapes of the rows that one step of one run reads.

  Args:
    system: its balancer may need several batches.
    config: a whole one.
    data: one data set of the cell.

  Returns:
    `[batch_size, ...]`, or `[batches, batch_size, ...]` for several batches.
  """
  leading = (*system.batches, config.batch_size)
  one = views.first(data.train, 1)
  # Labels are packed as in the programs, see `programs.inputs`.
  one = one._replace(labels=stacked.packed(one.labels))
  return jax.tree.map(
    lambda x: jax.ShapeDtypeStruct((*leading, *x.shape[1:]), x.dtype), one
  )


def _check_shared(config: Any, system: train.System, params: dict) -> None:
  groups = [system.scheme.group(name) for name in schemes.split(params)[0]]
  # A scheme may train a group only for a part of the steps.
  times = (0, config.steps // 2, config.steps - 1)
  trained = any(
    group.moves is None or any(group.moves(at, config.steps) for at in times)
    for group in groups
  )
  if system.balancer.per_task and not trained:
    raise InputError(
      f'balancer {config.balancer!r} combines gradients of shared parameters, '
      f'and scheme {config.scheme!r} trains none; use balancer equal or '
      'uncertainty, or a scheme with shared parameters, such as hard'
    )


def _check_rows(resolved: Resolved, data: Data) -> None:
  most = int(data.train.mask.sum(1).max())
  scheme = resolved.choices.scheme
  if resolved.system.scheme.own_rows and most > 1:
    raise InputError(
      f'scheme {scheme.name!r} needs rows with a label of one task each, and a '
      f'row has labels of {most} tasks; set config.own_rows=True, or '
      f'{scheme.where}.adversarial=0'
    )


def _check_words(resolved: Resolved, data: Data) -> None:
  encoder = resolved.choices.encoder
  size = encoder.fields.get('vocab_size')
  if not size:
    return
  tokens = views.first(data.train, 1).inputs
  if not isinstance(tokens, np.ndarray):
    return
  largest = max(int(split.inputs.max()) for split in data.splits.values())
  if tokens.dtype.kind in 'iu' and largest >= size:
    raise InputError(
      f'word number {largest} is not below {encoder.where}.vocab_size={size}; '
      f'set it to {largest + 1} or more'
    )
