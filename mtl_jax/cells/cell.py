"""A cell of a table: one scheme with one balancer, all its seeds."""

import dataclasses
import functools
import pathlib
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from mtl_jax import records, train
from mtl_jax.cells import (
  build,
  changed,
  encoder_inputs,
  identity,
  initial,
  program_identity,
  sampling,
  scoring,
  settings,
  shapes,
  streamed,
  task_groups,
  trace_cache,
)
from mtl_jax.cells.build import Resolved
from mtl_jax.cells.chunks import Chunk, Run
from mtl_jax.cells.initial import Initial
from mtl_jax.cells.reading import Reading
from mtl_jax.cells.task_groups import Group
from mtl_jax.data import views
from mtl_jax.data.base import Data
from mtl_jax.data.sources import Source
from mtl_jax.devices import meshes
from mtl_jax.errors import InputError
from mtl_jax.plugins import parallel
from mtl_jax.processes import hosts
from mtl_jax.resources import costs, free_memory, needed_memory, plans
from mtl_jax.train import evaluation, selection


class Facts(NamedTuple):
  """What training one run takes; it is cached with the traced programs.

  Attributes:
    need: predicted memory.
    parameters: number of learned parameters.
    flops: floating-point operations of one training step.
    predict_flops: of predicting all tasks of one row.
  """

  need: needed_memory.Need
  parameters: int
  flops: int
  predict_flops: int


@dataclasses.dataclass(frozen=True)
class Cell:
  """A scheme and a balancer of a table: its runs, and how they are trained.

  Attributes:
    resolved: the config with this cell's scheme and balancer, and the objects
      that it names.
    datas: one data set per seed, or one for all.
    runs: all seeds of the first setting, then of the next.
    comparable: what must be equal in all cells of a table.
    identity: `comparable` and what differs between cells; its digest names the
      folder of the cell.
    groups: subsets of the tasks. A run is trained on the one that its setting
      numbers; `()` where every run is trained on all tasks.
    initial: trained parameters that the runs start from, or None.
  """

  resolved: Resolved
  datas: list[Data]
  runs: list[Run]
  comparable: dict
  identity: dict
  groups: tuple[Group, ...] = ()
  initial: Initial | None = None

  @property
  def config(self) -> Any:
    """The config, with this cell's scheme and balancer."""
    return self.resolved.config

  @property
  def system(self) -> train.System:
    """Scheme, balancer, tasks and optimizer, which are compiled."""
    return self.resolved.system

  @functools.cached_property
  def traced(self) -> shapes.Traced:
    """The traced programs of one run; `InputError` where tracing fails."""
    data = task_groups.first(self.datas[0], self.groups)
    return shapes.try_shapes(self.resolved, data)

  @property
  def hash(self) -> str:
    """Name of the cell's folder: a digest of its identity."""
    return records.digest(self.identity)

  @property
  def name(self) -> str:
    """Scheme and balancer, for messages; they do not name the cell alone."""
    name = f'{self.config.scheme}, {self.config.balancer}'
    if not self.groups:
      return name
    tasks = ', '.join(task.kind for task in self.system.tasks)
    count = len(self.groups)
    return f'{name}, {count} group{"s" * (count > 1)} of {tasks}'

  @functools.cached_property
  def scales(self) -> Float[np.ndarray, 'datas tasks']:
    """Units of the losses or metrics of all tasks, see `scoring.scales`."""
    return scoring.scales(self.datas, self.config.select)

  def counted(self, setting: dict) -> Float[np.ndarray, 'tasks']:
    """1 for each task that the score of a run counts, else 0.

    Args:
      setting: of the run; it numbers the tasks where runs have groups.
    """
    own = [self.groups[setting['group']]] if self.groups else []
    names = scoring.names(self.datas[0], own)[0]
    return scoring.counted(names, self.config.primary)

  @functools.cached_property
  def reading(self) -> Reading:
    """The data as the runs read it."""
    return Reading(self.datas, self.groups)

  @functools.cached_property
  def sampling(self) -> sampling.Rule:
    """How its batches are drawn."""
    return sampling.of(self.config, self.datas)

  @property
  def steps(self) -> int:
    """Gradient steps of all runs together."""
    return len(self.runs) * self.config.steps

  @property
  def evals(self) -> int:
    """Evaluations of a run; fewer than asked where rounding makes them so."""
    return -(-self.config.steps // self.sizes.steps)

  @property
  def last_steps(self) -> int:
    """Steps before the last evaluation; the other periods may be longer."""
    return self.config.steps - (self.evals - 1) * self.sizes.steps

  @property
  def sizes(self) -> selection.Sizes:
    """Sizes that are compiled into the programs."""
    config = self.config
    return selection.Sizes(
      build.period(config),
      config.batch_size,
      config.eval_batch_size,
      config.probe.batches,
      config.probe.rows,
    )

  @functools.cached_property
  def cache_key(self) -> str:
    """Key of this cell's traced programs, see `trace_cache`."""
    chosen = [self.config[w] for w in ('scheme', 'balancer', 'encoder')]
    chosen += [task.kind for task in self.system.tasks]
    sizes = [list(self.place[:3]), self.config.spread, list(self.sizes)]
    sizes.append(self.reading.form)
    if streamed.asked(self.config):  # Programs read blocks of batches.
      sizes += ['stream', self.blocks(self.sizes.steps)]
    # A dotted path names a user's file, which may import others.
    of_user = any('.' in name for name in chosen)
    trained = task_groups.first(self.datas[0], self.groups)
    dataset = self.resolved.choices.dataset
    known = program_identity.of(self.identity, dataset, self.datas, trained)
    return trace_cache.key(known, sizes, of_user)

  @functools.cached_property
  def cached(self) -> trace_cache.Entry | None:
    """What an earlier job has cached of this cell."""
    return trace_cache.read(self.cache_key) if trace_cache.enabled() else None

  @functools.cached_property
  def facts(self) -> Facts:
    """What one run takes; `InputError` where it cannot be trained."""
    if self.cached:
      facts = Facts(**self.cached.facts)
      # JSON has made a list of it.
      return facts._replace(need=needed_memory.Need(*facts.need))
    need = needed_memory.need(
      self.system,
      self.sizes,
      self.traced.state,
      self.traced.step.jaxpr,
      self._read(),
      self.place.batch,
    )
    size = self.traced.state.params.layout.size
    flops = costs.operations(self.traced.step.jaxpr)
    return Facts(need, size, flops, self._predict_flops())

  def _read(self) -> dict[str, Source]:
    """By split, shapes of what a run reads."""
    read = self.reading.shapes()
    if not streamed.asked(self.config):
      return read
    steps = max(self.blocks(self.sizes.steps))
    rows = streamed.ALIVE * steps * self.config.batch_size
    return read | {'train': streamed.shapes(self.datas[0], rows)}

  def blocks(self, steps: int) -> tuple[int, ...]:
    """The steps of each block of a period, see `streamed.lengths`."""
    if not streamed.asked(self.config):
      return (steps,)
    several, size = self.system.batches, self.config.batch_size
    one = streamed.step_bytes(self.datas[0], several, size)
    return streamed.lengths(steps, one)

  def _predict_flops(self) -> int:
    state, row = self.traced.state, views.first(self.datas[0].train, 1).inputs

    def predict(params, extra, row):
      return evaluation.predict(self.system, params.stacks, extra, row, 1)

    return costs.flops(predict, state.params, state.extra, row)

  @property
  def need(self) -> needed_memory.Need:
    """Predicted memory of one run, in bytes."""
    return self.facts.need

  @functools.cached_property
  def place(self) -> plans.Place:
    """The devices and their free memory now; all processes must ask."""
    mesh = meshes.mesh_for(len(self.runs), self.config.mesh)
    free = free_memory.free_bytes(mesh.size // jax.process_count())
    platform = mesh.devices.flat[0].platform
    return plans.Place(platform, *mesh.shape.values(), free)

  @functools.cached_property
  def plan(self) -> plans.Plan:
    """How many runs are trained in one program, and whether side by side."""
    asked = parallel.parse(self.config.parallel)
    return plans.choose(
      asked, len(self.runs), self.facts.parameters, self.need, self.place
    )

  def chunks(self) -> list[Chunk]:
    """The runs in chunks of the planned size, each trained in one program."""
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
  """Makes a cell and checks its shapes; nothing is trained or written.

  Args:
    config: a whole one.
    datas: one data set per seed if `config.resplit`, else one for all seeds.
    groups: subsets of the tasks, all of one shape, see `task_groups.by_shape`;
      each is trained with every seed and setting.
    workdir: shapes of a cell that is finished in it are not checked again.

  Returns:
    The cell.

  Raises:
    InputError: the config is wrong, or its parts do not fit together.
  """
  _check_count(config, datas)
  config = build.with_steps(config, datas)
  scoring.check_primary(config.primary, datas[0].tasks)
  streamed.check(config, datas, groups)
  data = task_groups.first(datas[0], groups)
  config = encoder_inputs.completed(config, datas)
  resolved = build.resolve(config, data.tasks, len(data.train.mask))
  numbered = task_groups.numbered(resolved.settings, groups)
  runs = [(seed, s) for s in numbered for seed in settings.seeds(config)]
  begun = initial.read(config.init_from) if config.init_from else None
  shared = identity.comparable(config, resolved.choices, datas)
  named = {**shared, **_distinct(resolved, numbered, begun)}
  if groups:
    named['groups'] = task_groups.names(datas[0], groups)
  cell = Cell(resolved, datas, runs, shared, named, groups, begun)
  # All processes must agree on it: tracing asks all of them for their memory.
  done = workdir and records.finished(workdir / 'cells' / cell.hash)
  if not hosts.from_process_0(bool(done)):
    _ = cell.facts  # traces the cell, which raises `InputError`
    changed.check(cell)
  return cell


def _distinct(
  resolved: Resolved, numbered: list[dict], begun: Initial | None
) -> dict:
  """What the identity of a cell has besides what a table's cells share."""
  config, chosen = resolved.config, resolved.choices
  # Keys that most cells lack are left out, so that their digests do not change.
  distinct = {
    'scheme': {chosen.scheme.name: chosen.scheme.fields},
    'balancer': {chosen.balancer.name: chosen.balancer.fields},
    'settings': numbered,
    'sources': identity.sources(chosen),
  }
  if resolved.system.balancer.needs_gram and config.gram_over != 'shared':
    distinct['gram_over'] = config.gram_over
  if config.probe.batches:
    distinct['probe'] = config.probe.to_dict()
    measured = identity.digest_of_named(identity.PROBES)
    distinct['sources'] |= {'probe': measured}
  return distinct | changed.named(config, begun)


def _check_count(config: Any, datas: list[Data]) -> None:
  wanted = config.seeds if config.resplit else 1
  if len(datas) < wanted:
    raise InputError(
      f'config.resplit=True needs one data set for each of {wanted} seeds, '
      f'and there is {len(datas)}; use cells.data(config, load), where '
      'load(split_seed) splits the table by mtl_jax.data.splits, or set '
      'config.resplit=False'
    )
