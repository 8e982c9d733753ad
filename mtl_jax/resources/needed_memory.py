"""Predicts the memory that training needs from shapes, without compiling."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from mtl_jax import train
from mtl_jax.data import sources
from mtl_jax.data.sources import Source
from mtl_jax.interference import grad_tag, probes
from mtl_jax.resources.live_memory import live, peak, size
from mtl_jax.resources.plans import Need
from mtl_jax.train import batches, selection
from mtl_jax.train.evaluation import predicted

# XLA reorders operations for speed, so that activations take up to twice the
# memory of the traced order. See tests/resources/test_needed_memory.py.
SLACK = 1.5
SPLITS = 'train', 'valid'  # on which interference is measured


def need(
  system: train.System,
  sizes: selection.Sizes,
  state: train.TrainState,
  step: Any,
  read: dict[str, Source],
  batch_devices: int = 1,
) -> Need:
  """Predicts the memory of the parts of a program that trains runs.

  Args:
    system: tasks, scheme, balancer and optimizer.
    sizes: numbers of steps and rows of a period.
    state: training state of one run, arrays or their shapes.
    step: jaxpr of one training step; the new state is the first of its results.
    read: by name of the split, shapes of the data that a run reads.
    batch_devices: number of devices that share the batch of a run.

  Returns:
    Bytes by part; activations, evaluation, drawing and probe count by the
    largest of them, since they are never in memory at the same time.
  """
  own = size(state)
  # Splits may be rows of the same table, which is in memory only once.
  tables = {
    id(x): x for x in jax.tree.leaves([s.shared for s in read.values()])
  }
  rows_each = math.prod(system.batches) * sizes.batch
  activations = live(step, in_place=len(jax.tree.leaves(state)))
  batch = int(SLACK * activations / batch_devices)
  order = jax.ShapeDtypeStruct((sizes.steps, rows_each), jnp.int32)
  at_once = max(
    _drawing(sizes.steps, rows_each, sources.size(read['train'])),
    batch,
    # The new best parameters of the tasks are made beside the old ones.
    int(SLACK * _evaluation(system, sizes, state, read))
    + size(state.best.of_tasks),
    _probe(system, sizes, state, read) if sizes.probe else 0,
  )
  return Need(
    shared=size(list(tables.values())),
    data=size([source[1:] for source in read.values()]) + size(order),
    state=own,
    step=at_once,
  )


def _drawing(steps: int, rows_each: int, count: int) -> int:
  """Peak memory of drawing the row numbers of all batches of a period."""

  def draw(key, first, num_rows):
    return batches.rows(key, first, steps, rows_each, count, num_rows)

  return peak(draw, jax.random.key(0), jnp.int32(0), jnp.int32(count))


def _evaluation(system, sizes, state, read) -> int:
  """Peak memory of the predictions of the largest split evaluated."""
  source = max((read['valid'], read['test']), key=sources.size)

  def evaluate(params, extra, split):
    return predicted(system, params.tree, extra, split, sizes.eval_batch)

  return peak(evaluate, state.params, state.extra, source)


def _probe(system, sizes, state, read) -> int:
  """Peak memory of what is measured of interference, in and after training."""
  number = jax.ShapeDtypeStruct((), jnp.float32)
  weights = jax.ShapeDtypeStruct((len(system.tasks),), jnp.float32)
  hp = train.Hp(*[number] * 4, task_weights=weights)
  asked = probes.Sampling(sizes.probe, sizes.batch)
  seed = count = jnp.int32(0)
  rows = [min(sizes.probe_rows, sources.size(read[n])) for n in SPLITS]
  batch = min(rows[0], sizes.eval_batch)

  def measure(hp, state, split):
    return probes.measure(system, asked, hp, seed, state, split, count)

  def features(best, split):
    return probes.features(system, rows[0], batch, best, split, count)

  def affinity(best, *splits):
    both = grad_tag.Rows(*rows)
    return grad_tag.measure(system, both, seed, best, splits, count)

  splits = [read[name] for name in SPLITS]
  found = [
    peak(measure, hp, state, splits[0]),
    peak(features, state.best, splits[0]),
  ]
  if not system.scheme.separate:
    found.append(peak(affinity, state.best, *splits))
  return max(found)
