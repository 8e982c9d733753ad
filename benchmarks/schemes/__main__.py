"""Every scheme on one page: a picture, what is shared, what it costs.

Counts what a step of each scheme costs on ACTG 175, nothing is trained:

python -m benchmarks.schemes
"""

import inspect
import pathlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from benchmarks import markdown
from benchmarks.schemes.pictures import svg
from benchmarks.schemes.sketches import SKETCHES, Sketch
from configs import actg175
from mtl_jax import plugins
from mtl_jax.cells import build, shapes
from mtl_jax.data.base import Data
from mtl_jax.report.layout import human
from mtl_jax.resources import costs
from mtl_jax.schemes import base

PAGE = pathlib.Path('docs/schemes.md')
NAMES = plugins.names('mtl_jax.schemes')
YEAR = re.compile(r'\b(19|20)\d\d\b')


class Found(NamedTuple):
  """A scheme as it is built for these data, and what a step of it costs."""

  name: str
  scheme: base.Scheme
  params: dict[str, int]  # by top-level name
  flops: int

  @property
  def count(self) -> int:
    return sum(self.params.values())


def data() -> Data:
  """The rows that shapes are taken from."""
  config = actg175.get_config()
  config.seeds = 1
  return build.data(config)[0]


def find(name: str, rows: Data) -> Found:
  """Builds a scheme with the options of `configs/actg175.py`."""
  config = actg175.get_config()
  config.scheme = name
  resolved = build.resolve(config, rows.tasks)
  traced = shapes.try_shapes(resolved, rows)
  tree = traced.state.params.shapes
  params = {k: costs.parameters(part) for k, part in tree.items()}
  flops = costs.operations(traced.step.jaxpr)
  return Found(name, resolved.system.scheme, params, flops)


def sketch(name: str) -> Sketch:
  """The scheme's drawing; raises `LookupError` where there is none."""
  if name not in SKETCHES:
    raise LookupError(
      f'mtl_jax/schemes/{name}.py has no sketch: add {name!r} to SKETCHES in '
      'benchmarks/schemes/sketches.py, then run python -m '
      'benchmarks.schemes'
    )
  return SKETCHES[name]


def section(found: Found, hard: Found) -> str:
  """Heading, source, picture and three lines."""
  name = found.name
  about = f'{headline(found.scheme)} {source(found.scheme)}'
  picture = f'![{name}: who learns what](schemes/{name}.svg)'
  parts = [f'### {name}', markdown.wrapped(about), picture, lines(found, hard)]
  return '\n\n'.join(parts)


def headline(scheme: base.Scheme) -> str:
  """The first line of the scheme's file."""
  return inspect.getmodule(type(scheme)).__doc__.split('\n')[0]


def source(scheme: base.Scheme) -> str:
  """The docstring's first paragraph, and those after it that name a year."""
  first, *others = inspect.getdoc(type(scheme)).split('\n\n')
  found = [first]
  for paragraph in others:
    if not YEAR.search(paragraph):
      break
    found.append(paragraph)
  return ' '.join(' '.join(found).split())


def lines(found: Found, hard: Found) -> str:
  """What is shared, what is a task's own and what mixes, what it costs."""
  shared, rest = base.split(found.params)
  mixing = {k for k in found.params if k.startswith(found.scheme.mix)}
  faster = mixing and found.scheme.mix_lr != 1
  text = [
    f'- Shared: {named(shared)}.',
    f'- Own: {named(rest)}; of all these mix: {named(mixing)}'
    + (f' (learning rate × {found.scheme.mix_lr:g})' if faster else '')
    + ('; it can charge a penalty.' if found.scheme.penalised else '.'),
    cost(found, hard),
  ]
  return '\n'.join(map(markdown.wrapped, text))


def cost(found: Found, hard: Found) -> str:
  """Parameters, and operations of a step, over those of `hard`."""
  return (
    f'- Cost: {found.count / hard.count:.2f} × the parameters of `hard` '
    f'({found.count:,}), {found.flops / hard.flops:.2f} × the FLOPs of a step '
    f'({human(found.flops)}).'
  )


def named(names: Iterable[str]) -> str:
  """`a_*` for `a_0` and `a_1`; none where there is nothing."""
  alike: dict[str, list[str]] = {}
  for name in sorted(names):
    alike.setdefault(re.sub(r'\d+', '*', name), []).append(name)
  shown = [key if len(own) > 1 else own[0] for key, own in alike.items()]
  return ', '.join(f'`{name}`' for name in shown) or 'none'


def table(found: list[Found], hard: Found) -> str:
  """All schemes, the cheapest step first."""
  rows = sorted(found, key=lambda f: f.flops)
  return markdown.table(
    ('scheme', 'parameters', 'over hard', 'FLOPs a step', 'over hard'),
    [
      [
        f'[`{f.name}`](#{f.name})',
        f'{f.count:,}',
        f'{f.count / hard.count:.2f}',
        human(f.flops),
        f'{f.flops / hard.flops:.2f}',
      ]
      for f in rows
    ],
  )


def write(path: pathlib.Path) -> None:
  """The pictures beside the page, and what stands between its marks."""
  rows = data()
  found = [find(name, rows) for name in NAMES]
  hard = next(f for f in found if f.name == 'hard')
  folder = path.parent / 'schemes'
  folder.mkdir(exist_ok=True)
  for name in NAMES:
    text = svg(name, sketch(name))
    (folder / f'{name}.svg').write_text(text, encoding='utf-8')
  text = path.read_text(encoding='utf-8')
  text = markdown.put(text, 'costs', f'\n{table(found, hard)}\n')
  sections = '\n\n'.join(section(f, hard) for f in found)
  text = markdown.put(text, 'schemes', f'\n{sections}\n')
  path.write_text(text, encoding='utf-8')


if __name__ == '__main__':
  write(PAGE)
