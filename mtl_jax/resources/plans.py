"""How many runs one program trains, and in what order."""

from typing import NamedTuple

from mtl_jax.plugins.parallel import Asked

HEADROOM = 0.8  # of free memory is planned with: predictions are no promises
# On a CPU runs side by side pay while they are this small; measured by
# benchmarks/growth/__main__.py, see docs/growth.md.
SMALL_PARAMETERS = 1_000
SMALL_STEP = 1_000_000  # bytes


class Need(NamedTuple):
  """Bytes of a program's parts.

  Attributes:
    shared: on each device, read by all of its runs.
    data: that a run has for itself.
    state: of a run: parameters, the best ones, moments.
    step: of a run while it is trained: activations, gradients, batches.
  """

  shared: int
  data: int
  state: int
  step: int

  def on_device(self, runs: int, side_by_side: bool) -> int:
    """With so many runs on the device."""
    if side_by_side or runs == 1:  # New states take the place of old ones.
      return self.shared + runs * (self.data + self.state + self.step)
    # The run at work is copied, and new states are kept until all have theirs.
    kept = runs * (self.data + 2 * self.state)
    return self.shared + kept + self.state + self.step


class Place(NamedTuple):
  """Where a cell is to be trained.

  Attributes:
    platform: cpu, gpu or tpu.
    rows: devices among which runs are spread.
    batch: devices that share the batch of a run.
    free: bytes left on each device, None where that is not known.
  """

  platform: str
  rows: int
  batch: int
  free: int | None


class Plan(NamedTuple):
  """What is done.

  Attributes:
    side_by_side: runs of a device are trained at once, else in turn.
    runs: of one program.
    needed: bytes on each device.
    fits: whether they are there.
  """

  side_by_side: bool
  runs: int
  needed: int
  fits: bool


def choose(
  asked: Asked, total: int, parameters: int, need: Need, place: Place
) -> Plan:
  """The most runs that fit, or as many as asked.

  Args:
    asked: from `parse`.
    total: runs of the cell.
    parameters: of one run.
    need: bytes of a run.
    place: where.
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
  """Numbers of runs to try: all, half of them, ..., one per device.

  Coarse, so that a little less memory tomorrow does not change the program.
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
  if place.platform == 'cpu':  # Runs' data are made beside where they will lie.
    needed = max(needed, need.shared + 2 * each * need.data)
  fits = place.free is None or needed <= HEADROOM * place.free
  return Plan(together, runs, needed, fits)


def describe(plan: Plan, total: int, place: Place) -> str:
  """The plan in one line, for the user."""
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
  """`12345678 -> '12 MB'`."""
  for unit in ('bytes', 'kB', 'MB'):
    if size < 999.5:
      return f'{size:.3g} {unit}'
    size /= 1000
  return f'{size:.3g} GB'
