"""The base class of sharing schemes.

The name of a top-level submodule or parameter determines who learns it:
`shared...` is reached by the losses of two or more tasks, `aux_...` by none,
any other by exactly one. A test verifies it for every scheme with the Jacobian.
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
  """How a group of parameters is trained.

  Attributes:
    lr: multiplier of the learning rate.
    decays: whether weight decay applies to their kernels.
    moves: (step, steps) -> whether they are updated in this step; None is
      always. The optimizer's moments are updated while the parameters are
      frozen. If their gradient is 0 until then, Adam's bias correction has
      ended when they begin, and their first dozen steps are two to four times
      as long.
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
      None if the encoder does not declare its `WIDTHS`.
    mix_lr: multiplier of the learning rate of mixing parameters, see `mix`.
    warm_start: number of steps in which the towers are trained separately, as
      in `single`, before they exchange features; only if `towers`.
    mix: prefixes of the names of top-level parameters that mix tasks
      (stitches, gates): their learning rate is multiplied by `mix_lr`, and they
      have no weight decay.
    separate: no task's loss reaches another task's parameters, so each tower
      is clipped by its own norm, and its own best step is selected. Private
      parameters are then stacked `[K, ...]`, except `head_0`, `head_1`, ...
    towers: one tower per task, which `warm_start` can train separately.
    penalised: a penalty is added to the task losses, see `penalty` and
      `add_penalty`.
    penalised_by: names of the fields that weigh this penalty: it is nothing
      where all of them are 0. () is one that no field weighs.
    own_rows: trains only on data where each row has the label of one task.
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
  penalised_by: ClassVar[tuple[str, ...]] = ()
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
    """The number of tasks, K."""
    return len(self.heads)

  def group(self, name: str) -> Group:
    """How the top-level parameter `name` is trained."""
    if not (self.mix and name.startswith(self.mix)):
      return Group()
    if not self.warm_start:
      return Group(self.mix_lr, decays=False)
    return Group(self.mix_lr, False, lambda step, _: step >= self.warm_start)

  def check(self, steps: int) -> None:
    """Raises `ValueError` if a phase of the scheme would get no steps."""

  def restart(self, steps: int) -> int:
    """The step at which all parameters but `mix` are trained anew.

    Args:
      steps: number of training steps.

    Returns:
      The step; 0 is never.
    """
    del steps
    return 0

  def penalty(self, params: Any) -> Float[Array, '']:
    """A penalty on the parameters, weighted by `hp.penalty`.

    Args:
      params: the scheme's parameters, by top-level name.

    Returns:
      The penalty before weighting, differentiable.
    """
    del params
    return jnp.zeros(())

  def proximal(self, params: Any, strength: Float[Array, '']) -> Any:
    """A proximal step on the parameters, after the optimizer's step.

    It is stable at any strength, unlike the gradient step of a `penalty`.

    Args:
      params: the scheme's parameters, by top-level name.
      strength: the learning rate times `hp.penalty`.

    Returns:
      The new parameters.
    """
    del strength
    return params

  def now(self, what: str, default: Any) -> Any:
    """A variable of the current training step.

    Args:
      what: `step`, `steps` (their number), or `mask`, `[B, K]`: which labels
        are known.
      default: value outside training.

    Returns:
      The value, or `default`.
    """
    return self.get_variable('now', what, default)

  @property
  def alone(self) -> Bool[Array, ''] | bool:
    """Whether the towers are still trained separately, see `warm_start`."""
    later = self.warm_start
    return self.now('step', later) < later if later else False

  @property
  def recording(self) -> bool:
    """Whether penalties and records are collected, as in a training step."""
    return self.is_mutable_collection('intermediates')

  def add_penalty(self, value: Float[Array, '']) -> None:
    """Adds a penalty of the current batch, weighted by `hp.penalty`.

    Args:
      value: the penalty before weighting, differentiable.

    Raises:
      ValueError: the class does not declare `penalised = True`.
    """
    if not self.penalised:
      raise ValueError('a scheme that adds a penalty needs `penalised = True`')
    self.sow(
      'intermediates',
      'penalty',
      value.astype(jnp.float32),
      reduce_fn=jnp.add,
      init_fn=lambda: jnp.zeros(()),
    )

  def record(self, name: str, value: Array, *axes: str) -> None:
    """Adds a diagnostic value to the records; `compare` plots it.

    Args:
      name: name of the value. `use` over the axis `expert` is checked for a
        collapse to few experts.
      value: an array; it is recorded in float32, without gradient.
      *axes: a name for each axis of `value`.
    """
    key = f'{name} ({", ".join(axes)})' if axes else name
    self.sow(
      'intermediates',
      key,
      jax.lax.stop_gradient(value).astype(jnp.float32),
      # A module may be applied twice: the last value is recorded.
      reduce_fn=lambda _, new: new,
      init_fn=lambda: None,
    )

  def last_shared(self, features: Features, name: str = 'last') -> Features:
    """Marks the last features that tasks share.

    With `config.gram_over='features'` the gradients of tasks are compared with
    respect to these features.

    Args:
      features: shared features; no parameter after them is shared.
      name: identifies them; a scheme uses each name once.

    Returns:
      The features, to be used in place of the argument.
    """
    if self.is_initializing():
      return features
    numbers = values(features)
    if self.is_mutable_collection('spots'):
      self.put_variable('spots', name, numbers)
    # The gradient of the added zeros is that of the features.
    spot = self.get_variable('spots', name, None)
    return features if spot is None else alter(lambda h: h + spot, features)

  def predict(self, features: Iterable) -> Sequence[Array]:
    """Applies each task's head to its features.

    Args:
      features: of each of K tasks, `[B, ..., C]`.

    Returns:
      K predictions, each `[B, num_outputs]`.
    """
    features = list(features)
    self._show(lambda: jnp.stack([summary(h) for h in features]))
    # Identity, not equality: the features are tracers.
    if linear(self.heads) and all(h is features[0] for h in features):
      rows = summary(features[0])
      return self._read(read_out, rows, rows.shape[-1])
    heads = [head(name=f'head_{t}') for t, head in enumerate(self.heads)]
    return tuple(head(h) for head, h in zip(heads, features, strict=True))

  def predict_stacked(self, features: Features) -> Sequence[Array]:
    """Applies each task's head to stacked features.

    Heads with the same number of outputs are one matrix product.

    Args:
      features: of K towers on axis 0, `[K, B, ..., C]`.

    Returns:
      K predictions, each `[B, num_outputs]`.
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
    """Evaluates all linear heads at once, given stacked weights or not."""
    stacks = self.get_variable('heads', 'stacks', None)
    if stacks is not None:
      return product(stacks, rows)
    # Heads are drawn at once: a thousand modules would be slow to trace.
    if self.is_initializing() and not self.is_mutable_collection('by_name'):
      stacks = drawn(self.scope.rngs['params'], self.heads, channels)
      for own in stacks:
        self.put_variable('params', *own.named)
      return product(stacks, rows)
    heads = [head(name=f'head_{t}') for t, head in enumerate(self.heads)]
    return tuple(product(of_modules(heads, rows), rows))

  def _show(self, read: Callable[[], Array]) -> None:
    """Stores the inputs of the heads, `[K, B, C]`, if they are requested."""
    if self.is_mutable_collection('features') and not self.is_initializing():
      self.put_variable('features', 'read', read())
