"""A cell of a table: one scheme with one balancer, all its seeds."""

import dataclasses
import functools
import pathlib
import platform
from typing import Any, NamedTuple

import jax

from mtl_jax import records, train
from mtl_jax.cells import build, identity, kept, settings, shapes, task_groups
from mtl_jax.cells.build import Resolved
from mtl_jax.cells.reading import Reading
from mtl_jax.cells.task_groups import Group
from mtl_jax.data.base import Data
from mtl_jax.devices import meshes
from mtl_jax.errors import InputError
from mtl_jax.plugins import parallel
from mtl_jax.resources import costs, free_memory, needed_memory, plans
from mtl_jax.train import selection

Run = tuple[int, dict[str, Any]]  # seed and setting of hyperparameters


class Chunk(NamedTuple):
  """Some runs of a cell, the number of the first, and the program's width."""

  first: int
  runs: list[Run]
  size: int

  @property
  def padded(self) -> list[Run]:
    """All chunks fit one program: the last run is repeated to fill it."""
    return self.runs + self.runs[-1:] * (self.size - len(self.runs))


class Facts(NamedTuple):
  """Of one run.

  Attributes:
    need: bytes, predicted.
    parameters: how many numbers are learned.
    flops: floating-point operations of a step.
  """

  need: needed_memory.Need
  parameters: int
  flops: int


@dataclasses.dataclass(frozen=True)
class Cell:
  """All that determines a cell's numbers, and how it is run.

  Attributes:
    resolved: the config with this cell's scheme and balancer, and what it
      names.
    datas: one per seed, or one for all.
    runs: all of them, setting by setting.
    comparable: what must be equal in all cells of a table.
    identity: `comparable` and what is this cell's own; names its folder.
    groups: subsets of the tasks that runs are trained on, one each, which their
      setting numbers; none where every run has all tasks.
  """

  resolved: Resolved
  datas: list[Data]
  runs: list[Run]
  comparable: dict
  identity: dict
  groups: tuple[Group, ...] = ()

  @property
  def config(self) -> Any:
    """With this cell's scheme and balancer."""
    return self.resolved.config

  @property
  def system(self) -> train.System:
    """What is compiled."""
    return self.resolved.system

  @functools.cached_property
  def traced(self) -> shapes.Traced:
    """Shapes of one run; where it cannot be trained, `InputError`."""
    data = task_groups.first(self.datas[0], self.groups)
    return shapes.try_shapes(self.resolved, data)

  @property
  def hash(self) -> str:
    return records.digest(self.identity)

  @property
  def name(self) -> str:
    name = f'{self.config.scheme}, {self.config.balancer}'
    if not self.groups:
      return name
    tasks = ', '.join(task.kind for task in self.system.tasks)
    count = len(self.groups)
    return f'{name}, {count} group{"s" * (count > 1)} of {tasks}'

  @functools.cached_property
  def reading(self) -> Reading:
    """What runs read of the data."""
    return Reading(self.datas, self.groups)

  @property
  def steps(self) -> int:
    """Gradient steps of all runs together."""
    return len(self.runs) * self.config.steps

  @property
  def sizes(self) -> selection.Sizes:
    """Of what is compiled."""
    config = self.config
    return selection.Sizes(
      config.steps // config.evals,
      config.batch_size,
      config.eval_batch_size,
      config.probe.batches,
    )

  @functools.cached_property
  def key(self) -> str:
    """Names what is kept of this cell from one job to the next."""
    chosen = [self.config[w] for w in ('scheme', 'balancer', 'encoder')]
    chosen += [task.kind for task in self.system.tasks]
    laid = [list(self.place[:3]), self.config.spread, list(self.sizes)]
    laid.append(self.reading.form)
    return kept.key(self.identity, laid, any('.' in name for name in chosen))

  @functools.cached_property
  def kept(self) -> kept.Kept | None:
    """What an earlier job has kept of this cell."""
    return kept.read(self.key) if kept.on() else None

  @functools.cached_property
  def facts(self) -> Facts:
    """What is known of a run; where it cannot be trained, `InputError`."""
    if self.kept:
      known = Facts(**self.kept.facts)
      return known._replace(need=needed_memory.Need(*known.need))
    need = needed_memory.need(
      self.system,
      self.sizes,
      self.traced.state,
      self.traced.step.jaxpr,
      self.reading.shapes(),
      self.place.batch,
    )
    size = self.traced.state.params.layout.size
    return Facts(need, size, costs.operations(self.traced.step.jaxpr))

  @property
  def need(self) -> needed_memory.Need:
    """Bytes, predicted."""
    return self.facts.need

  @functools.cached_property
  def place(self) -> plans.Place:
    """The devices, and what they can take now; all processes must ask."""
    laid = meshes.mesh_for(len(self.runs), self.config.mesh)
    free = free_memory.free_bytes(laid.size // jax.process_count())
    platform = laid.devices.flat[0].platform
    return plans.Place(platform, *laid.shape.values(), free)

  @functools.cached_property
  def plan(self) -> plans.Plan:
    """How many runs are trained in one program, and in what order."""
    asked = parallel.parse(self.config.parallel)
    return plans.choose(
      asked, len(self.runs), self.facts.parameters, self.need, self.place
    )

  def chunks(self) -> list[Chunk]:
    """Runs that are trained in one program, as many at a time as planned."""
    total = len(self.runs)
    size = meshes.round_up(self.plan.runs, self.config.mesh)
    starts = range(0, total, size)
    return [Chunk(i, self.runs[i : i + size], size) for i in starts]


def make(
  config: Any,
  datas: list[Data],
  groups: tuple[Group, ...] = (),
  workdir: pathlib.Path | None = None,
) -> Cell:
  """Builds a cell and tries its shapes; nothing is trained or written.

  With `groups`, of one shape, each is trained with every seed and setting.
  Shapes of a cell that is finished in `workdir` are not tried again.

  Raises:
    InputError: the config is wrong, or its parts do not go together.
  """
  _check_count(config, datas)
  data = task_groups.first(datas[0], groups)
  resolved = build.resolve(config, data.tasks, len(data.train.mask))
  chosen, system = resolved.choices, resolved.system
  numbered = task_groups.numbered(resolved.settings, groups)
  own = {
    'scheme': {chosen.scheme.name: chosen.scheme.fields},
    'balancer': {chosen.balancer.name: chosen.balancer.fields},
    'settings': numbered,
    'sources': identity.sources(chosen),
  }
  if system.balancer.needs_gram and config.gram_over != 'shared':
    own['gram_over'] = config.gram_over
  if config.probe.batches:
    own['probe'] = config.probe.to_dict()
  if groups:
    own['groups'] = task_groups.names(datas[0], groups)
  runs = [(seed, s) for s in numbered for seed in settings.seeds(config)]
  shared = identity.comparable(config, chosen, datas)
  own = {**shared, **own}
  cell = Cell(resolved, datas, runs, shared, own, groups)
  if not (workdir and records.finished(workdir / 'cells' / cell.hash)):
    _ = cell.facts
  return cell


def _check_count(config: Any, datas: list[Data]) -> None:
  wanted = config.seeds if config.resplit else 1
  if len(datas) < wanted:
    raise InputError(
      f'config.resplit=True takes a data set for each of {wanted} seeds, and '
      f'there is {len(datas)}; take cells.data(config, load), where '
      'load(split_seed) cuts the table by mtl_jax.data.splits, or set '
      'config.resplit=False'
    )


def header(cell: Cell) -> dict:
  """The cell's first record: what the report must know to read the rest."""
  data = cell.datas[0]
  sizes = {f'n_{k}': len(split.mask) for k, split in data.splits.items()}
  names = task_groups.names(data, cell.groups)
  return {
    'kind': 'cell',
    'hash': cell.hash,
    'dataset': data.card.name,
    'card': data.card._asdict(),
    'encoder': cell.config.encoder,
    'scheme': cell.config.scheme,
    'balancer': cell.config.balancer,
    'tasks': [_described(task) for task in cell.system.tasks],
    **({'groups': names} if names else {}),
    'comparable': cell.comparable,
    'split': _split(cell),
    **sizes,
    'seeds': list(settings.seeds(cell.config)),
    'versions': {'python': platform.python_version(), 'jax': jax.__version__},
  }


def _split(cell: Cell) -> str:
  """What seeds differ in besides training: data, rows' places, or nothing."""
  if not cell.config.resplit:
    return 'fixed'
  return 'drawn' if cell.datas[0].card.drawn else 'resplit'


def _described(task) -> dict:
  metrics = [[k, m.higher_is_better] for k, m in task.metrics.items()]
  chance = {k: m.chance for k, m in task.metrics.items()}
  return {
    'name': task.name,
    'kind': task.kind,
    'fields': dict(task.fields),
    'metrics': metrics,
    'chance': chance,
  }
