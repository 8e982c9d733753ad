"""What a sharing scheme is, and what it is made of.

The name of a top-level submodule or parameter says who learns it: `shared...`
is reached by two or more task losses, `aux_...` by none, any other by exactly
one. A test proves it for every scheme from the Jacobian.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.base.linear_heads import (
  drawn,
  linear,
  of_modules,
  read_out,
  read_out_each,
)
from mtl_jax.schemes.base.towers import (
  Features,
  alter,
  summary,
  unstack,
  values,
)


class Group(NamedTuple):
  """How a scheme wants some of its parameters trained.

  Attributes:
    lr: multiplies their learning rate.
    decays: whether their kernels take weight decay.
    moves: (step, steps) -> whether they move in this step; None is always.
      The optimizer's moments go on while they rest. Where their gradient is 0
      till then, Adam's bias correction is over as they begin, and their first
      dozen steps are two to four times as long.
  """

  lr: float = 1.0
  decays: bool = True
  moves: Callable[[Array, int], Bool[Array, '']] | None = None


class Scheme(nn.Module):
  """Base of all schemes.

  Attributes:
    stages: the encoder, a tuple of module factories.
    heads: one module factory per task.
    resize: factor -> the encoder's stages with so many times the channels, or
      None where that is not known.
    warm_start: steps in which the towers are trained apart, as in `single`,
      before they meet; only for schemes that have `towers`.
    mix: how the names of the top-level parameters that mix tasks begin
      (stitches, gates): they take the learning rate times `mix_lr` and no
      weight decay.
    separate: no task's loss reaches another's parameters, so each tower is
      clipped by its own norm and kept at its own best step. Private parameters
      are then stacked `[K, ...]`, but for `head_0`, `head_1`, ...
    penalised: a penalty is added to the task losses, see `penalty`, `charge`.
    own_rows: trains only where each row has the label of one task alone.
  """

  stages: tuple[Callable, ...]
  heads: tuple[Callable, ...]
  resize: Callable[[float], tuple[Callable, ...]] | None = None
  mix_lr: float = 1.0
  warm_start: int = 0
  mix: ClassVar[tuple[str, ...]] = ()
  separate: ClassVar[bool] = False
  towers: ClassVar[bool] = False
  penalised: ClassVar[bool] = False
  own_rows: ClassVar[bool] = False

  def __post_init__(self):
    ranges.at_least(0, warm_start=self.warm_start, mix_lr=self.mix_lr)
    if self.warm_start and not self.towers:
      raise ValueError(
        f'warm_start is {self.warm_start}, and this scheme has no towers that '
        'could be trained apart first; set it to 0'
      )
    super().__post_init__()

  @property
  def num_tasks(self) -> int:
    return len(self.heads)

  def group(self, name: str) -> Group:
    """How the top-level parameter `name` is trained."""
    if not (self.mix and name.startswith(self.mix)):
      return Group()
    if not self.warm_start:
      return Group(self.mix_lr, decays=False)
    return Group(self.mix_lr, False, lambda step, _: step >= self.warm_start)

  def check(self, steps: int) -> None:
    """Raises `ValueError` where so few steps leave it none for a part."""

  def restart(self, steps: int) -> int:
    """At which of `steps` all but `mix` is trained anew; 0 is never."""
    del steps
    return 0

  def penalty(self, params: Any) -> Float[Array, '']:
    """Coupling between parameters; scaled by the traced `hp.penalty`."""
    del params
    return jnp.zeros(())

  def proximal(self, params: Any, strength: Float[Array, '']) -> Any:
    """Where a coupling takes the parameters after the optimizer's step.

    `strength` is the learning rate times `hp.penalty`. Stable however large,
    where the gradient step of a `penalty` is not.
    """
    del strength
    return params

  def now(self, what: str, default: Any) -> Any:
    """What is told of a step: `step`, `steps`, `mask` `[B, K]` of labels.

    Where the scheme is applied outside training, `default` stands in.
    """
    return self.get_variable('now', what, default)

  @property
  def alone(self) -> Bool[Array, ''] | bool:
    """Whether the towers have not met yet, see `warm_start`."""
    later = self.warm_start
    return self.now('step', later) < later if later else False

  @property
  def recording(self) -> bool:
    """Whether what is charged or read goes anywhere, as in a training step."""
    return self.is_mutable_collection('intermediates')

  def add_penalty(self, value: Float[Array, '']) -> None:
    """Adds to the penalty what depends on the batch; times `hp.penalty`.

    Raises:
      ValueError: the class does not say that it is `penalised`.
    """
    if not self.penalised:
      raise ValueError('a scheme that charges needs `penalised = True`')
    self.sow(
      'intermediates',
      'penalty',
      value.astype(jnp.float32),
      reduce_fn=jnp.add,
      init_fn=lambda: jnp.zeros(()),
    )

  def record(self, name: str, value: Array, *axes: str) -> None:
    """Tells the records what the scheme does: `axes` name those of `value`.

    `use` over `expert` is watched for a collapse.
    """
    key = f'{name} ({", ".join(axes)})' if axes else name
    self.sow(
      'intermediates',
      key,
      jax.lax.stop_gradient(value).astype(jnp.float32),
      reduce_fn=lambda _, new: new,
      init_fn=lambda: None,
    )

  def last_shared(self, features: Features, name: str = 'last') -> Features:
    """Marks features that tasks share and behind which no parameter is shared.

    With `config.gram_over='features'` tasks' gradients are compared by them. A
    scheme marks nothing twice under one name.
    """
    if self.is_initializing():
      return features
    numbers = values(features)
    if self.is_mutable_collection('spots'):
      self.put_variable('spots', name, numbers)
    spot = self.get_variable('spots', name, None)
    return features if spot is None else alter(lambda h: h + spot, features)

  def predict(self, features: Iterable) -> Sequence[Array]:
    """Each task's head on its features: K predictions `[B, num_outputs]`."""
    features = list(features)
    self._show(lambda: jnp.stack([summary(h) for h in features]))
    if linear(self.heads) and all(h is features[0] for h in features):
      rows = summary(features[0])
      return self._read(read_out, rows, rows.shape[-1])
    heads = [head(name=f'head_{t}') for t, head in enumerate(self.heads)]
    return tuple(head(h) for head, h in zip(heads, features, strict=True))

  def predict_stacked(self, features: Features) -> Sequence[Array]:
    """The same of K towers' features on an axis 0: `[K, B, ...]`.

    Heads with as many outputs are one product.
    """
    rows = jax.vmap(summary)(features)  # [K, B, C]
    self._show(lambda: rows)
    if linear(self.heads):
      return self._read(read_out_each, rows, rows.shape[-1])
    heads = [head(name=f'head_{t}') for t, head in enumerate(self.heads)]
    parts = unstack(features, len(heads))
    return tuple(head(h) for head, h in zip(heads, parts, strict=True))

  def _read(
    self, product: Callable, rows: Array, channels: int
  ) -> Sequence[Array]:
    """All linear heads at once, whether their weights come stacked or not."""
    stacks = self.get_variable('heads', 'stacks', None)
    if stacks is not None:
      return product(stacks, rows)
    if self.is_initializing() and not self.is_mutable_collection('by_name'):
      stacks = drawn(self.scope.rngs['params'], self.heads, channels)
      for own in stacks:
        self.put_variable('params', *own.named)
      return product(stacks, rows)
    heads = [head(name=f'head_{t}') for t, head in enumerate(self.heads)]
    return tuple(product(of_modules(heads, rows), rows))

  def _show(self, read: Callable[[], Array]) -> None:
    """Leaves what the heads read where that is asked for, `[K, B, C]`."""
    if self.is_mutable_collection('features') and not self.is_initializing():
      self.put_variable('features', 'read', read())
