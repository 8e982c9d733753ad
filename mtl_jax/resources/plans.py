"""Chooses how many runs one program trains, and in what order."""

from typing import NamedTuple

from mtl_jax.plugins.parallel import Asked

HEADROOM = 0.8  # share of the free memory to use: predictions are not exact
# On a CPU, training runs side by side is faster up to these sizes of a run;
# measured by benchmarks/growth/__main__.py, see docs/growth.md.
SMALL_PARAMETERS = 1_000
SMALL_STEP = 1_000_000  # bytes


class Need(NamedTuple):
  """Memory that the parts of a program need, in bytes.

  Attributes:
    shared: data on each device that all of its runs read.
    data: data of one run alone.
    state: parameters, best parameters and optimizer state of one run.
    step: activations, gradients and batches while one run is trained.
  """

  shared: int
  data: int
  state: int
  step: int

  def on_device(self, runs: int, side_by_side: bool) -> int:
    """Returns the bytes that a number of runs needs on one device.

    Args:
      runs: number of runs on the device.
      side_by_side: whether they are trained at once, else in turn.

    Returns:
      The total, with the shared data.
    """
    if side_by_side or runs == 1:  # New states overwrite old ones.
      return self.shared + runs * (self.data + self.state + self.step)
    # The loop over runs (`lax.map`) copies the state of the current run, and
    # stacks the new states while the old ones still exist.
    all_runs = runs * (self.data + 2 * self.state)
    return self.shared + all_runs + self.state + self.step


class Place(NamedTuple):
  """The devices that train a cell.

  Attributes:
    platform: cpu, gpu or tpu.
    rows: number of devices over which runs are spread.
    batch: number of devices that share the batch of a run.
    free: free bytes on each device, None if it is not known.
  """

  platform: str
  rows: int
  batch: int
  free: int | None


class Plan(NamedTuple):
  """How the runs of a cell are trained.

  Attributes:
    side_by_side: whether the runs of a device are trained at once, else in
      turn.
    runs: number of runs that one program trains.
    needed: predicted bytes on each device.
    fits: whether so much memory is free.
  """

  side_by_side: bool
  runs: int
  needed: int
  fits: bool


def choose(
  asked: Asked, total: int, parameters: int, need: Need, place: Place
) -> Plan:
  """Chooses the largest number of runs that fits, or the number asked for.

  Args:
    asked: value of `config.parallel`, from `parallel.parse`.
    total: number of runs of the cell.
    parameters: number of parameters of one run.
    need: predicted memory.
    place: devices that train the cell.

  Returns:
    The plan. If no number of runs fits, the one with the fewest runs; if a
    number was asked for, a plan with it whether it fits or not.
  """
  together = asked.mode == 'vmap' or (
    asked.mode == 'auto' and _pays(parameters, need, place.platform)
  )
  if asked.runs:
    return _plan(min(asked.runs, total), together, need, place)
  plans = [_plan(runs, together, need, place) for runs in _sizes(total, place)]
  return next((plan for plan in plans if plan.fits), plans[-1])


def _pays(parameters: int, need: Need, platform: str) -> bool:
  """Whether runs side by side are faster than one after the other."""
  small = parameters <= SMALL_PARAMETERS and need.step <= SMALL_STEP
  return platform != 'cpu' or small


def _sizes(total: int, place: Place) -> list[int]:
  """Numbers of runs to try: all, a half, a quarter, ..., one per device.

  The steps are coarse so that a small change of the free memory does not
  change the program.
  """
  sizes, parts = [total], 2
  while sizes[-1] > place.rows:
    each = -(-total // parts)
    sizes.append(-(-each // place.rows) * place.rows)
    parts *= 2
  return sizes


def _plan(runs: int, together: bool, need: Need, place: Place) -> Plan:
  each = -(-runs // place.rows)
  needed = need.on_device(each, together)
  if place.platform == 'cpu':
    # The data of the runs are copied in host memory to where they are used.
    needed = max(needed, need.shared + 2 * each * need.data)
  fits = place.free is None or needed <= HEADROOM * place.free
  return Plan(together, runs, needed, fits)


def describe(plan: Plan, total: int, place: Place) -> str:
  """Describes a plan to the user in one line.

  Args:
    plan: plan to describe.
    total: number of runs of the cell.
    place: devices that train the cell.

  Returns:
    A line such as '8 runs in one program, side by side on one device (GPU);
    about 3 GB on a device'.
  """
  count = f'{plan.runs} run{"s" * (plan.runs > 1)}'
  if plan.runs < total:
    count = f'{total} runs, {plan.runs} at a time'
  rows = min(place.rows, plan.runs)
  order = 'side by side' if plan.side_by_side else 'one after the other'
  where = f'each of {rows} devices' if rows > 1 else 'one device'
  if place.batch > 1:
    where = f'{rows} x {place.batch} devices'
  return (
    f'{count} in one program, {order} on {where} ({place.platform.upper()}); '
    f'about {amount(plan.needed)} on a device'
  )


def amount(size: int | float) -> str:
  """Formats a number of bytes: `12345678 -> '12.3 MB'`."""
  for unit in ('bytes', 'kB', 'MB'):
    if size < 999.5:
      return f'{size:.3g} {unit}'
    size /= 1000
  return f'{size:.3g} GB'
