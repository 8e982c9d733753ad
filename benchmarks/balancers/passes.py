"""Times one backward pass with stored task gradients against two passes.

A step of `mgda` on `hard` is compiled in two ways, chosen by `balancing.KEPT`.
One stores the task gradients from which the Gram matrix is computed, and adds
them up by their weights. The other discards them and computes the weighted sum
by a second backward pass.
"""

import pathlib
import statistics
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks import results
from benchmarks.balancers import resumed
from configs import default
from mtl_jax import train
from mtl_jax.cells import build, settings
from mtl_jax.cells.choices import choice
from mtl_jax.data.base import Split
from mtl_jax.resources import costs
from mtl_jax.schemes import base as schemes
from mtl_jax.tasks import Task
from mtl_jax.train import balancing

# Bytes of gradients that may be stored; the names are parts of CSV columns.
WAYS = {'kept': 2**62, 'twice': 0}
SAME = ('network', 'tasks', 'batch')
SECONDS = 0.3  # of each way in a round, at least
# Vocabulary, length of sentences, side of images, width of vectors.
WORDS, LENGTH, SIDE, WIDTH = 10_000, 40, 32, 19


class Case(NamedTuple):
  """A network and what it is trained on.

  Attributes:
    network: its name in the table.
    encoder: a file of mtl_jax/encoders.
    fields: of the encoder.
    tasks: how many, with one output each.
    batch: rows of a batch.
    rounds: how often both ways are timed.
  """

  network: str
  encoder: str
  fields: dict[str, Any]
  tasks: int
  batch: int = 64
  rounds: int = 5

  @property
  def name(self) -> str:
    """What the progress line shows."""
    return f'{self.network}, {self.tasks} tasks, batch of {self.batch}'

  @property
  def key(self) -> dict[str, str]:
    """The cells by which its row in balancer_passes.csv is recognised."""
    return {k: str(getattr(self, k)) for k in (*SAME, 'rounds')}


LSTM = {'vocab_size': WORDS, 'embedding': 128, 'width': 64}
WIDE = {'widths': (2048, 2048)}
CASES = (
  Case('mlp 64-64', 'mlp', {'widths': (64, 64)}, 5),
  Case('lstm, 10,000 words', 'lstm', LSTM, 2),
  Case('mlp 2048-2048', 'mlp', WIDE, 5),
  Case('mlp 2048-2048', 'mlp', WIDE, 20),
  Case('mlp 2048-2048', 'mlp', WIDE, 20, 512),
  Case('resnet 16-32-64', 'resnet', {}, 2),
  Case('resnet 16-32-64', 'resnet', {}, 10),
  Case('resnet18', 'resnet18', {}, 2, 8),
  Case('resnet18', 'resnet18', {}, 10, 8),
)


def system(case: Case) -> train.System:
  """Builds the system whose step is compiled."""
  config = default.get_config()
  config.encoder, config.balancer = case.encoder, 'mgda'
  config.encoders[case.encoder].update(case.fields)
  config.batch_size = case.batch
  kinds = ['binary' if t % 2 else 'regression' for t in range(case.tasks)]
  tasks = tuple(Task(f'task_{t}', kind) for t, kind in enumerate(kinds))
  return build.system(config, tasks)


def batch(case: Case) -> Split:
  """Draws a batch of the type and shape that the encoder reads."""
  draw, rows = np.random.default_rng(0), case.batch
  inputs = {
    'mlp': lambda: draw.normal(size=(rows, WIDTH)).astype(np.float32),
    'lstm': lambda: draw.integers(1, WORDS, (rows, LENGTH), np.int32),
  }.get(
    case.encoder,
    lambda: draw.integers(256, size=(rows, SIDE, SIDE, 3), dtype=np.uint8),
  )()
  labels = draw.integers(2, size=(case.tasks, rows)).astype(np.float32)
  return Split(inputs, tuple(labels), np.ones((rows, case.tasks), bool))


class Steps:
  """A program that trains any number of steps on one batch.

  Args:
    case: what is trained.
    stored: bytes of gradients that the step may store.
  """

  def __init__(self, case: Case, stored: int):
    made, rows = system(case), batch(case)
    config = default.get_config()
    (setting, *_) = settings.settings(
      config, choice(config, 'scheme'), case.tasks
    )
    hp = settings.hp([setting])
    self.hp = jax.tree.map(lambda x: jnp.asarray(x[0]), hp)
    self.batch = jax.device_put(rows)
    self.state = jax.jit(
      lambda hp: train.init(made, hp, jnp.int32(0), self.batch.inputs[:2])
    )(self.hp)

    def many(count, hp, state, batch):
      def one(i, state):
        key = jax.random.fold_in(jax.random.key(0), i)
        return train.step(made, hp, state, batch, key)[0]

      return lax.fori_loop(0, count, one, state)

    jitted = jax.jit(many, donate_argnums=2)
    # `KEPT` is read while the step is traced, which `lower` does.
    with _storing(stored):
      lowered = jitted.lower(1, self.hp, self.state, self.batch)
    self.run = lowered.compile()

  def train(self, count: int) -> float:
    """Trains `count` steps and returns milliseconds per step."""
    began = time.perf_counter()
    self.state = self.run(count, self.hp, self.state, self.batch)
    jax.block_until_ready(self.state)
    return 1000 * (time.perf_counter() - began) / count

  @property
  def temporary(self) -> int:
    """Bytes of temporary memory, as the compiler reports them."""
    return self.run.memory_analysis().temp_size_in_bytes


class _storing:
  """Sets the bytes of gradients that steps traced inside may store."""

  def __init__(self, stored: int):
    self.new = stored

  def __enter__(self):
    self.old, balancing.KEPT = balancing.KEPT, self.new

  def __exit__(self, *_):
    balancing.KEPT = self.old


def measure(case: Case) -> dict[str, str]:
  """Times both ways in turn and returns the measured columns of the row."""
  ways = {way: Steps(case, stored) for way, stored in WAYS.items()}
  # The second call of each, after the one that warms up.
  first = max(steps.train(1) and steps.train(1) for steps in ways.values())
  each = max(1, round(1000 * SECONDS / first))
  times = {way: [] for way in ways}
  for number in range(case.rounds):
    for way in sorted(ways, reverse=bool(number % 2)):
      times[way].append(ways[way].train(each))
  shared, _ = schemes.split(ways['kept'].state.params.tree)
  params = costs.parameters(shared)
  ratios = results.ratios(times['twice'], times['kept'])
  low, high = results.spread(ratios)
  return {
    'params_shared': str(params),
    'kept_bytes': str(4 * params * case.tasks),  # float32
    **{f'{way}_ms': f'{statistics.median(times[way]):.4g}' for way in ways},
    'ratio': f'{statistics.median(ratios):.3g}',
    'ratio_low': f'{low:.3g}',
    'ratio_high': f'{high:.3g}',
    **{f'{way}_temp_bytes': str(s.temporary) for way, s in ways.items()},
    'device': jax.devices()[0].device_kind,
    'versions': f'jax {jax.__version__}',
  }


def run(path: pathlib.Path, count: int) -> None:
  """Measures the cases that the CSV file does not have yet.

  Args:
    path: balancer_passes.csv.
    count: rounds of each case.
  """
  points = [case._replace(rounds=count) for case in CASES]
  order = {tuple(p.key.values())[:3]: i for i, p in enumerate(points)}

  def place(row):
    return order.get(tuple(row[k] for k in SAME), len(order))

  resumed.run(path, points, measure, SAME, place)
