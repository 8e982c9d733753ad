"""docs/schemes.md: every scheme is on it, as the code has it now."""

import pathlib

import jax
import pytest

from benchmarks.schemes import page as schemes_page
from benchmarks.schemes import pictures
from benchmarks.schemes.sketches import SKETCHES, Sketch
from mtl_jax.schemes import base
from tests import small

quick = small.quick

DOCS = pathlib.Path(__file__).parents[2] / 'docs'
TEXT = (DOCS / 'schemes.md').read_text(encoding='utf-8')
AGAIN = 'run python -m benchmarks.schemes'
every = pytest.mark.parametrize('name', schemes_page.NAMES)


@every
def test_a_scheme_has_a_section_a_picture_and_a_sketch(name):
  sketch = schemes_page.sketch(name)  # or an error that says what to do
  assert f'\n### {name}\n' in TEXT, f'no section on {name}: {AGAIN}'
  assert f'](#{name})' in TEXT, f'{name} is not in the table: {AGAIN}'
  path = DOCS / 'schemes' / f'{name}.svg'
  assert path.exists(), f'no picture of {name}: {AGAIN}'
  assert path.stat().st_size < 30_000
  drawn = pictures.drawn_from(path.read_text(encoding='utf-8'))
  assert drawn == str(sketch), f'another sketch of {name} was drawn: {AGAIN}'


def test_a_scheme_without_a_sketch_is_an_error(monkeypatch):
  monkeypatch.delitem(SKETCHES, 'hard')
  with pytest.raises(LookupError, match=r"'hard'.*sketches.py.*run"):
    schemes_page.sketch('hard')


def test_nothing_is_left_of_schemes_that_are_gone():
  pictures = {path.stem for path in (DOCS / 'schemes').glob('*')}
  assert set(SKETCHES) == pictures == set(schemes_page.NAMES)
  assert TEXT.count('\n### ') == len(SKETCHES)


def test_the_printed_costs_are_those_of_the_code(actg175):
  rows = schemes_page.data()
  hard, *others = (
    schemes_page.find(name, rows) for name in ('hard', 'single', 'film')
  )
  for described in others:
    printed = TEXT.split(f'\n### {described.name}\n')[1].split('\n###')[0]
    assert schemes_page.lines(described, hard) in printed, AGAIN


def kinds(names, mix):
  """Who learns it and whether it mixes, as kinds of boxes."""
  boxes = set()
  for name in names:
    shared, mixes = name.startswith('shared'), name.startswith(mix)
    if not name.startswith('head_'):
      boxes.add(('M' if mixes else '') + ('' if shared else 'A') or 'S')
  return boxes


@every
def test_a_picture_shows_who_learns_what(name):
  """Kinds of boxes are kinds of parameters, the heads left out."""
  scheme, x = small.scheme(name), small.inputs()
  start = jax.eval_shape(lambda: scheme.init(jax.random.key(0), x, False))
  boxes, _ = pictures.read(SKETCHES[name])
  shown = [box for box in boxes.values() if not box.text.startswith('head')]
  # What belongs to B looks like what belongs to A; the rest is not learned.
  drawn = {box.kind.replace('B', 'A') for box in shown}
  drawn -= {'x', 'O', 'OA'}
  assert drawn == kinds(start['params'], scheme.mix)


@every
def test_a_picture_leads_from_the_input_to_every_head(name):
  boxes, arrows = pictures.read(SKETCHES[name])
  arrows += [(how[:2], how[3:]) for how in SKETCHES[name].more]
  reached, size = {'00'}, 0
  while len(reached) > size:
    size = len(reached)
    reached |= {b for a, b in arrows if a in reached}
  # All but the factors that weights are made of.
  own = {n for n, box in boxes.items() if 'factors' not in box.text}
  assert own <= reached
  assert [b.text for b in boxes.values()][-2:] == ['head A', 'head B']


@every
def test_boxes_of_a_picture_do_not_overlap_or_leave_it(name):
  boxes = list(pictures.read(SKETCHES[name])[0].values())
  (axes,) = pictures.draw(SKETCHES[name]).axes
  low, high = axes.get_ylim()
  for i, one in enumerate(boxes):
    assert low < one.y - one.height / 2
    assert one.y + one.height / 2 < high
    for other in boxes[:i]:
      apart = abs(one.x - other.x) > pictures.WIDTH
      above = abs(one.y - other.y) > (one.height + other.height) / 2
      assert apart or above, (one, other)


def test_a_sketch_is_read_as_boxes_and_arrows():
  flow = 'x * S up/down, B- low {00 11} MA| gate, , O in = A head'
  boxes, arrows = pictures.read(Sketch(flow))
  assert {k: (b.kind, b.text) for k, b in boxes.items()} == {
    '00': ('x', ''),
    '10': ('S', 'up\ndown'),
    '11': ('B', 'low B'),
    '20': ('MA', 'gate A'),
    '22': ('O', 'in'),
    '30': ('A', 'head A'),
  }
  # The empty box takes no arrow.
  joined = [('00', '10'), ('00', '11'), ('10', '20'), ('20', '30')]
  assert arrows == joined


@pytest.mark.parametrize(
  ('names', 'text'),
  [
    ([], 'none'),
    (['gates'], '`gates`'),
    (['head_1', 'head_0', 'a'], '`a`, `head_*`'),
    (['a_0_b', 'a_10_b', 'a_0_c'], '`a_*_b`, `a_0_c`'),
  ],
)
def test_names_that_differ_in_numbers_are_one(names, text):
  assert schemes_page.named(names) == text


class Sourced(base.Scheme):
  """One, 2019, arXiv:1901.00001.

  And Two,
  2020, for the rest.

  It does this.

  No source, 2022.
  """


class Bare(base.Scheme):
  """A control.

  It does this.
  """


@pytest.mark.parametrize(
  ('scheme', 'text'),
  [
    (Bare, 'A control.'),
    (Sourced, 'One, 2019, arXiv:1901.00001. And Two, 2020, for the rest.'),
  ],
)
def test_the_source_ends_before_the_first_paragraph_without_a_year(
  scheme, text
):
  assert schemes_page.source(scheme((), ())) == text
