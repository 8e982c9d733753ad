"""Published generators of pictures of two glyphs, by the authors' names."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mtl_jax.data.glyphs import composing, pairing
from mtl_jax.errors import InputError, nearest


class Generator(NamedTuple):
  """How pictures are made.

  Attributes:
    source: publication, and code if it was published.
    pair: which glyphs meet, a function of `pairing`.
    corners: where they are, a function of `composing`.
    overlap: what is seen where both are.
    resize: size of the picture, a function of `composing`.
    per_glyph: most pictures per glyph; 0 is any number.
    leaks: whether it was published with pictures made before they are split.
  """

  source: str
  pair: Callable
  corners: Callable
  overlap: Callable
  resize: Callable
  per_glyph: int
  leaks: bool = True


GENERATORS = {
  'sener_koltun': Generator(
    'Sener and Koltun, NeurIPS 2018, isl-org/MultiObjectiveOptimization',
    pairing.each_once,
    composing.fixed,
    np.maximum,
    composing.nearest,
    per_glyph=1,
  ),
  'kurin': Generator(
    'Kurin et al., NeurIPS 2022, yobibyte/unitary-scalarization-dmtl',
    pairing.each_once,
    composing.fixed,
    np.maximum,
    composing.nearest,
    per_glyph=1,
    leaks=False,
  ),
  # The overlap is not published, and `max` is what the others take.
  'pareto_mtl': Generator(
    'Lin et al., NeurIPS 2019, in words only',
    pairing.other_class,
    composing.free,
    np.maximum,
    composing.whole,
    per_glyph=2,
  ),
  'cpmtl': Generator(
    'Ma et al., ICML 2020, mit-gfx/ContinuousParetoMTL',
    pairing.permuted,
    composing.diagonal,
    composing.add,
    composing.nearest,
    per_glyph=1,
  ),
  'pamal': Generator(
    'Dimitriadis et al., ICML 2023, nik-dim/pamal',
    pairing.any_two,
    composing.fixed,
    np.maximum,
    composing.bicubic,
    per_glyph=0,
  ),
}


WHERE = 'config.datasets.multi_fashion'


def of(name: str, leak: bool, where: str = WHERE) -> Generator:
  """Returns a generator.

  Args:
    name: one of `GENERATORS`.
    leak: whether pictures are made before they are split.
    where: section of the data set's config, for messages.

  Raises:
    InputError: if the name is unknown, or the generator does not leak.
  """
  if name not in GENERATORS:
    raise InputError(
      f'{where}.generator is {name!r}; {nearest(name, GENERATORS)}'
    )
  if leak and not GENERATORS[name].leaks:
    raise InputError(
      f'{where}.leak is True, and generator {name!r} '
      "splits the glyphs first; take generator 'sener_koltun', which differs "
      'by the leak alone, or leak=False'
    )
  return GENERATORS[name]
