"""Where the time of a program goes: its operations' times, by part of ours."""

import collections
import pathlib
import re
from collections.abc import Iterator

import jax

# What holds other operations is not counted besides them.
HOLDERS = {'while', 'call', 'conditional', 'async-start', 'async-done'}
_INSTRUCTION = re.compile(
  r'^\s*(?:ROOT )?%?([\w.-]+) = .*?\s([a-z][a-z0-9-]*)\('
)
_OP_NAME = re.compile(r'op_name="([^"]*)"')
# Names that JAX and XLA put into a path, not we.
_THEIRS = re.compile(
  r'while|body|cond|closed_call|shard_map|checkpoint|remat\d*|pjit|'
  r'branch_\d+_fun|custom_[jv]vp_call|arguments|None'
)


def newest(folder: pathlib.Path) -> pathlib.Path:
  """The profiler's own file of the latest trace in `folder`."""
  return max(folder.rglob('*.xplane.pb'), key=lambda p: p.stat().st_mtime)


def parts(trace: pathlib.Path, compiled: str) -> list[tuple[str, float]]:
  """Each part's share of the time of all operations, the costliest first.

  Args:
    trace: an .xplane.pb of the program's run.
    compiled: the program's HLO text, which names what each operation is of.
  """
  names = instructions(compiled)
  times = collections.Counter()
  for operation, nanoseconds in _events(trace):
    if operation in names:
      times[names[operation]] += nanoseconds
  total = sum(times.values())
  return [(name, time / total) for name, time in times.most_common()]


def instructions(compiled: str) -> dict[str, str]:
  """`{'dot.3': 'shared_encoder/stage_0/Dense_0, backward'}`."""
  found = {}
  for line in compiled.splitlines():
    match = _INSTRUCTION.match(line)
    if match and match[2] not in HOLDERS:
      path = _OP_NAME.search(line)
      found[match[1]] = part(path[1]) if path else f'{match[2]} by XLA'
  return found


def part(path: str) -> str:
  """Modules and named scopes of a path; else its operation."""
  *scopes, operation = path.split('/')
  inside = [i for i, scope in enumerate(scopes) if 'Scheme' in scope]
  if inside:
    scopes = scopes[inside[0] + 1 :]
  kept = [s for s in scopes if s.isidentifier() and not _THEIRS.fullmatch(s)]
  name = '/'.join(kept) or ('scheme' if inside else operation)
  return name + (', backward' if 'transpose(' in path else '')


def _events(trace: pathlib.Path) -> Iterator[tuple[str, float]]:
  """Operations and their nanoseconds: of accelerators, else of the CPU."""
  planes = list(jax.profiler.ProfileData.from_file(str(trace)).planes)
  own = [p for p in planes if p.name.startswith('/device:')]
  for plane in own or planes:
    lines = list(plane.lines)
    # A TPU lists an operation on several lines; a GPU on those of its streams.
    ops = [line for line in lines if line.name == 'XLA Ops']
    for line in ops or lines:
      for event in line.events:
        yield _operation(event, bool(own)), event.duration_ns


def _operation(event, on_device: bool) -> str:
  """A kernel is named after what it computes; its statistics name its op."""
  stats = dict(event.stats) if on_device else {}
  return str(stats.get('hlo_op', event.name)).lstrip('%')
