"""The generated parts of docs/schemes.md: `python -m benchmarks.schemes`."""

import inspect
import pathlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from benchmarks import markdown
from benchmarks.schemes import pictures
from benchmarks.schemes.sketches import SKETCHES, Sketch
from configs import actg175
from mtl_jax import plugins
from mtl_jax.cells import build, shapes
from mtl_jax.data import base as data_base
from mtl_jax.report import layout
from mtl_jax.resources import costs
from mtl_jax.schemes import base

NAMES = plugins.names('mtl_jax.schemes')
YEAR = re.compile(r'\b(19|20)\d\d\b')


class Described(NamedTuple):
  """A scheme and the costs of a training step.

  Attributes:
    name: that of its file.
    scheme: built for the tasks of ACTG 175.
    params: numbers of parameters by top-level name.
    flops: floating-point operations of a step.
  """

  name: str
  scheme: base.Scheme
  params: dict[str, int]
  flops: int

  @property
  def count(self) -> int:
    """Number of parameters."""
    return sum(self.params.values())


def data() -> data_base.Data:
  """Returns the data set that schemes are built for."""
  config = actg175.get_config()
  config.seeds = 1
  return build.data(config)[0]


def find(name: str, rows: data_base.Data) -> Described:
  """Builds a scheme with the options of `configs/actg175.py`.

  Args:
    name: a file of mtl_jax/schemes.
    rows: the data set that gives tasks and shapes.
  """
  config = actg175.get_config()
  config.scheme = name
  resolved = build.resolve(config, rows.tasks)
  # Only traced: nothing is compiled, and the counts are exact.
  traced = shapes.try_shapes(resolved, rows)
  trees = traced.state.params.shapes
  params = {k: costs.parameters(tree) for k, tree in trees.items()}
  flops = costs.operations(traced.step.jaxpr)
  return Described(name, resolved.system.scheme, params, flops)


def sketch(name: str) -> Sketch:
  """Returns the sketch of a scheme.

  Raises:
    LookupError: the scheme has no sketch; the message names the file to edit.
  """
  if name not in SKETCHES:
    raise LookupError(
      f'mtl_jax/schemes/{name}.py has no sketch: add {name!r} to SKETCHES in '
      'benchmarks/schemes/sketches.py, then run python -m '
      'benchmarks.schemes'
    )
  return SKETCHES[name]


def section(described: Described, hard: Described) -> str:
  """Returns a scheme's section: heading, source, figure and three lines.

  Args:
    described: the scheme.
    hard: hard sharing, which costs are relative to.
  """
  name = described.name
  about = f'{headline(described.scheme)} {source(described.scheme)}'
  picture = f'![{name}: who learns what](schemes/{name}.svg)'
  text = lines(described, hard)
  parts = [f'### {name}', markdown.wrapped(about), picture, text]
  return '\n\n'.join(parts)


def headline(scheme: base.Scheme) -> str:
  """Returns the first line of the docstring of the scheme's module."""
  return inspect.getmodule(type(scheme)).__doc__.split('\n')[0]


def source(scheme: base.Scheme) -> str:
  """Returns where a scheme was published, from its class' docstring.

  That is the first paragraph and those after it, up to the first that names no
  year.
  """
  first, *others = inspect.getdoc(type(scheme)).split('\n\n')
  paragraphs = [first]
  for paragraph in others:
    if not YEAR.search(paragraph):
      break
    paragraphs.append(paragraph)
  return ' '.join(' '.join(paragraphs).split())


def lines(described: Described, hard: Described) -> str:
  """Returns three lines: shared parameters, task-specific ones, and costs.

  Args:
    described: the scheme.
    hard: hard sharing, which costs are relative to.
  """
  scheme = described.scheme
  shared, rest = base.split(described.params)
  # `mix` is a tuple of prefixes of top-level names.
  mixing = {k for k in described.params if k.startswith(scheme.mix)}
  faster = mixing and scheme.mix_lr != 1
  text = [
    f'- Shared: {named(shared)}.',
    f'- Task-specific: {named(rest)}; mixing parameters: {named(mixing)}'
    + (f' (learning rate × {scheme.mix_lr:g})' if faster else '')
    + ('; can have an auxiliary loss.' if scheme.penalised else '.'),
    cost(described, hard),
  ]
  return '\n'.join(map(markdown.wrapped, text))


def cost(described: Described, hard: Described) -> str:
  """Returns the line on parameters and operations, relative to `hard`.

  Args:
    described: the scheme.
    hard: hard sharing.
  """
  params, flops = described.count, described.flops
  return (
    f'- Cost: {params / hard.count:.2f} × the parameters of `hard` '
    f'({params:,}), {flops / hard.flops:.2f} × the FLOPs of a step '
    f'({layout.human(flops)}).'
  )


def named(names: Iterable[str]) -> str:
  """Lists names, with `a_*` for `a_0` and `a_1`; 'none' if there are none."""
  # Only names that differ in nothing but their numbers are merged.
  alike: dict[str, list[str]] = {}
  for name in sorted(names):
    alike.setdefault(re.sub(r'\d+', '*', name), []).append(name)
  shown = [key if len(own) > 1 else own[0] for key, own in alike.items()]
  return ', '.join(f'`{name}`' for name in shown) or 'none'


def table(described: list[Described], hard: Described) -> str:
  """Returns the table of costs.

  Args:
    described: all schemes; the table is sorted by FLOPs.
    hard: hard sharing, which costs are relative to.
  """
  rows = sorted(described, key=lambda f: f.flops)
  return markdown.table(
    ('scheme', 'parameters', 'over hard', 'FLOPs a step', 'over hard'),
    [
      [
        f'[`{f.name}`](#{f.name})',
        f'{f.count:,}',
        f'{f.count / hard.count:.2f}',
        layout.human(f.flops),
        f'{f.flops / hard.flops:.2f}',
      ]
      for f in rows
    ],
  )


def write(path: pathlib.Path) -> None:
  """Writes the figures next to the page, and the page's generated parts."""
  rows = data()
  described = [find(name, rows) for name in NAMES]
  hard = next(one for one in described if one.name == 'hard')
  folder = path.parent / 'schemes'
  folder.mkdir(exist_ok=True)
  for name in NAMES:
    text = pictures.svg(name, sketch(name))
    (folder / f'{name}.svg').write_text(text, encoding='utf-8')
  text = path.read_text(encoding='utf-8')
  text = markdown.put(text, 'costs', f'\n{table(described, hard)}\n')
  sections = '\n\n'.join(section(one, hard) for one in described)
  text = markdown.put(text, 'schemes', f'\n{sections}\n')
  path.write_text(text, encoding='utf-8')
