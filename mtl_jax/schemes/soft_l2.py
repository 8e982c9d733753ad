"""Soft sharing: a penalty on the squared distance between towers."""

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Duong, Cohn, Bird, Cook, ACL-IJCNLP 2015, for any number of tasks.

  The penalty is the mean over pairs of towers of the squared distance between
  their kernels and biases, `2/(K-1) sum_t |W_t - mean W|^2`. Normalization and
  heads are not penalized.

  Attributes:
    same_init: whether all towers start with the same parameters.
    implicit: whether the penalty is a proximal step after the optimizer's
      instead of a gradient. It is stable at any strength; a large one makes the
      towers equal.
  """

  separate = True
  towers = True
  penalised = True
  same_init: bool = True
  implicit: bool = False

  @nn.compact
  def __call__(self, x, train):
    towers = base.Encoder(self.stages, name='towers')
    features = base.stack(
      towers, self.num_tasks, x, train, same_init=self.same_init
    )
    return self.predict_stacked(features)

  def penalty(self, params):
    if self.num_tasks == 1 or self.implicit:
      return jnp.zeros(())
    weights = base.weights(params['towers'])  # each [K, ...]
    distances = [
      jnp.square(w - w.mean(0, keepdims=True)).sum() for w in weights
    ]
    return 2 / (self.num_tasks - 1) * sum(distances)

  def proximal(self, params, strength):
    if self.num_tasks == 1 or not self.implicit:
      return params
    # Share of a tower's distance that remains; 0 at infinite strength.
    share = 1 / (1 + 4 * strength / (self.num_tasks - 1))

    def draw(w):
      mean = w.mean(0, keepdims=True)
      return mean + share * (w - mean)

    return {**params, 'towers': base.map_weights(draw, params['towers'])}
