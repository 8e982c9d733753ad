"""Sketches of the schemes with two tasks, A and B, and two stages.

A sketch has columns of boxes. Columns are joined by `*` (all to all), by `=`
(each box to that in the same row) or by pairs of rows, `{00 10}`. A box is a
kind and a text, in which `/` starts a new line; an empty entry leaves the row
empty. The kind says which tasks learn the parameters:

- `S` both tasks, `A` or `B` one of them;
- `M` mixes features of the tasks, `MA` or `MB` for one of them;
- `O`, `OA`, `OB` is not learned; `x` is the input.

`|` after a kind makes a box as tall as the figure, `+` taller, `-` flatter.
"""

from typing import NamedTuple


class Sketch(NamedTuple):
  """A sketch of a scheme.

  Boxes are named by column and row, from 0: `20` is the first box of the third
  column.

  Attributes:
    flow: columns of boxes and what joins them.
    more: other arrows: `20>41` direct, `20^50` dashed above all boxes, `20_51`
      dashed below them.
    ties: penalties between two boxes, `10-11 text`.
  """

  flow: str
  more: tuple[str, ...] = ()
  ties: tuple[str, ...] = ()


HEADS = 'A head, B head'
STEM = 'x * S stage 1 * '
EXPERTS = STEM + 'S expert, S expert, S expert * '
ONE = 'x * A stage 1, B stage 1 = A stage 2, B stage 2 = '
FIRST, SECOND = (f'S stage {i}/of A, S stage {i}/of B' for i in (1, 2))
MODULATED = 'x * S stage 1 * {0} * S stage 2 * {0} = '
GATES = 'MA gate, MB gate = '

SKETCHES = {
  'adapters': Sketch(MODULATED.format('A adapter, B adapter') + HEADS),
  'adashare': Sketch(
    STEM + 'S stage 2 * MA use/or skip, MB use/or skip = ' + HEADS,
    more=('10^30', '10_31'),
  ),
  'cgc': Sketch(
    STEM + 'A expert, S expert, B expert {00 10 11 21} ' + GATES + HEADS,
    more=('10^30', '10_31'),
  ),
  'cross_stitch': Sketch(
    f'x * {FIRST} * M| stitch * {SECOND} * MA stitch, MB stitch = {HEADS}'
  ),
  'dmtrl': Sketch(
    'x {00 04} A stage 1, MA factors, S factors, MB factors, B stage 1 '
    '{00 44} A stage 2, MA factors, S factors, MB factors, B stage 2 '
    '{00 44} A head, , , , B head',
    more=tuple(
      f'{i}{a}>{i}{b}' for i in (1, 2) for a, b in ('21', '10', '23', '34')
    ),
  ),
  'dselect_k': Sketch(EXPERTS + 'MA select k, MB select k = ' + HEADS),
  'film': Sketch(
    MODULATED.format('MA scale/and shift, MB scale/and shift') + HEADS
  ),
  'hard': Sketch(STEM + 'S stage 2 * ' + HEADS),
  'hard_wide': Sketch('x * S+ stage 1 * S+ stage 2 * ' + HEADS),
  'ltb': Sketch(
    'x * S stage 1, S stage 1 * M choice, M choice = S stage 2, S stage 2 * '
    'MA choice, MB choice = ' + HEADS
  ),
  'mmoe': Sketch(EXPERTS + GATES + HEADS, more=('10^30', '10_31')),
  'moore': Sketch(EXPERTS + 'O| Gram-/Schmidt * MA blend, MB blend = ' + HEADS),
  'mtan': Sketch(
    STEM + 'A mask, S stage 2, B mask {00 22} S carry, , S carry '
    '= A mask, , B mask = A head, , B head',
    more=('21>40', '21>42'),
  ),
  'nddr': Sketch(
    f'x * {FIRST} * M reduce/to A, M reduce/to B = {SECOND} * '
    f'MA reduce, MB reduce = {HEADS}'
  ),
  'omoe': Sketch(EXPERTS + 'M gate * ' + HEADS, more=('10^30',)),
  'ple': Sketch(
    'x * S expert 1/of A, S expert 1, S expert 1/of B '
    '{00 10 01 11 21 12 22} MA gate, M gate, MB gate = '
    'A expert 2, S expert 2, B expert 2 {00 10 11 21} ' + GATES + HEADS
  ),
  'shared_private': Sketch(
    'x * A stage 1, S stage 1, B stage 1 = A stage 2, S stage 2, B stage 2 '
    '{00 10 11 21} ' + HEADS,
    ties=('20-21 apart', '21-22 apart'),
  ),
  'single': Sketch(ONE + HEADS),
  'single_small': Sketch(
    'x * A- stage 1, B- stage 1 = A- stage 2, B- stage 2 = ' + HEADS
  ),
  'sluice': Sketch(
    f'x * {FIRST} * M| alpha * {SECOND} * MA alpha, MB alpha = '
    f'MA beta, MB beta = {HEADS}',
    more=('20^50', '20_51'),
  ),
  'snr': Sketch(
    'x * S stage 1, S stage 1, S stage 1 * M| switches * '
    'S stage 2, S stage 2, S stage 2 * MA switches, MB switches = ' + HEADS
  ),
  'soft_l2': Sketch(ONE + HEADS, ties=('10-11 near', '20-21 near')),
  'soft_trace': Sketch(ONE + HEADS, ties=('10-11 low rank', '20-21 low rank')),
  'task_routing': Sketch(MODULATED.format('OA mask, OB mask') + HEADS),
}
