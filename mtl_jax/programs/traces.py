"""Attributes the time of a traced program to modules and named scopes."""

import collections
import pathlib
import re
from collections.abc import Iterator

import jax

# The time of these is that of the operations inside, which are counted.
CONTAINERS = {'while', 'call', 'conditional', 'async-start', 'async-done'}
_INSTRUCTION = re.compile(
  r'^\s*(?:ROOT )?%?([\w.-]+) = .*?\s([a-z][a-z0-9-]*)\('
)
_OP_NAME = re.compile(r'op_name="([^"]*)"')
# Names that JAX and XLA add to a path.
_ADDED = re.compile(
  r'while|body|cond|closed_call|shard_map|checkpoint|remat\d*|pjit|'
  r'branch_\d+_fun|custom_[jv]vp_call|arguments|None'
)


def newest(folder: pathlib.Path) -> pathlib.Path:
  """The profiler's file of the newest trace in `folder`."""
  return max(folder.rglob('*.xplane.pb'), key=lambda p: p.stat().st_mtime)


def parts(trace: pathlib.Path, compiled: str) -> list[tuple[str, float]]:
  """Computes the share of each part in the time of all operations.

  Args:
    trace: an .xplane.pb file of the program.
    compiled: HLO text of the program, in which operations have names.

  Returns:
    (name, share), the largest first.
  """
  names = instructions(compiled)
  times = collections.Counter()
  for operation, nanoseconds in _events(trace):
    if operation in names:
      times[names[operation]] += nanoseconds
  total = sum(times.values())
  return [(name, time / total) for name, time in times.most_common()]


def instructions(compiled: str) -> dict[str, str]:
  """Part of each operation, such as `{'dot.3': 'shared/Dense_0, backward'}`."""
  names = {}
  for line in compiled.splitlines():
    match = _INSTRUCTION.match(line)
    if match and match[2] not in CONTAINERS:
      path = _OP_NAME.search(line)
      names[match[1]] = part(path[1]) if path else f'{match[2]} by XLA'
  return names


def part(path: str) -> str:
  """Shortens a path to its modules and named scopes, or to its operation."""
  *scopes, operation = path.split('/')
  inside = [i for i, scope in enumerate(scopes) if 'Scheme' in scope]
  if inside:
    scopes = scopes[inside[0] + 1 :]
  named = [s for s in scopes if s.isidentifier() and not _ADDED.fullmatch(s)]
  name = '/'.join(named) or ('scheme' if inside else operation)
  return name + (', backward' if 'transpose(' in path else '')


def _events(trace: pathlib.Path) -> Iterator[tuple[str, float]]:
  """Operations with their nanoseconds; on the CPU without an accelerator."""
  planes = list(jax.profiler.ProfileData.from_file(str(trace)).planes)
  on_devices = [p for p in planes if p.name.startswith('/device:')]
  for plane in on_devices or planes:
    lines = list(plane.lines)
    # A TPU lists an operation on several lines, a GPU on one per stream.
    ops = [line for line in lines if line.name == 'XLA Ops']
    for line in ops or lines:
      for event in line.events:
        yield _operation(event, bool(on_devices)), event.duration_ns


def _operation(event, on_device: bool) -> str:
  """The name of the HLO operation of an event."""
  # On a GPU an event has the name of its kernel; its statistics have the other.
  stats = dict(event.stats) if on_device else {}
  return str(stats.get('hlo_op', event.name)).lstrip('%')
