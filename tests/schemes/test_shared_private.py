"""Shared-private: both features, their overlap, and the discriminator."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from mtl_jax.schemes import base, shared_private
from tests import small
from tests.cells.test_build import make, message
from tests.schemes import plain, reference
from tests.schemes.test_reductions import assert_same

quick = small.quick

K = len(small.TASKS)


def case(**fields):
  """A scheme, rows, and parameters in numpy."""
  scheme, x = small.scheme('shared_private', **fields), small.inputs()
  return scheme, x, jax.device_get(small.params(scheme, x))


def features(params, x):
  """What the shared encoder makes of the rows, and what each tower does."""

  def run(encoder):
    h = np.asarray(x)
    for i in range(2):
      h = reference.layer(encoder[f'stage_{i}'], h)
    return h

  towers = [run(small.take(params['towers'], t)) for t in range(K)]
  return run(params['shared_encoder']), towers


def test_heads_read_the_shared_features_beside_the_own():
  scheme, x, params = case()
  out, _ = reference.run(scheme, {'params': params}, x)
  shared, own = features(params, x)
  both = [np.concatenate([shared, h], axis=1) for h in own]
  reference.close(out, plain.heads(params, both))


@pytest.mark.parametrize(
  ('share', 'shared', 'own'),
  [(0.5, (8, 4), (8, 4)), (0.25, (4, 2), (12, 6)), (0.75, (12, 6), (4, 2))],
)
def test_a_task_reads_as_many_channels_as_one_encoder_has(share, shared, own):
  scheme = small.scheme('shared_private', share=share)
  scheme = scheme.clone(
    resize=lambda factor: small.stages(
      widths=tuple(round(factor * width) for width in (16, 8))
    )
  )
  params = small.params(scheme, small.inputs())
  for i in range(2):
    one = params['shared_encoder'][f'stage_{i}']['Dense_0']['bias']
    other = params['towers'][f'stage_{i}']['Dense_0']['bias']
    assert (one.shape, other.shape) == ((shared[i],), (K, own[i]))
  assert params['head_1']['Dense_0']['kernel'].shape == (8, 3)


# --- Where it is another scheme


def half(name):
  """A scheme of the encoder with half the channels."""
  scheme = small.scheme(name)
  return scheme.clone(stages=scheme.resize(0.5))


@pytest.mark.parametrize(
  ('name', 'encoder'), [('hard', 'shared_encoder'), ('single', 'towers')]
)
def test_heads_that_read_one_part_are_hard_or_single(name, encoder):
  """Without penalty: as if the other part had no channels."""
  split, other = small.split(), half(name)
  actual = small.losses(small.scheme('shared_private'), split)
  desired = small.losses(other, split)
  params = small.params(small.scheme('shared_private'), split.inputs)
  unread = {'shared_encoder', 'towers'} - {encoder}
  rest = {part: params[part] for part in unread}
  drawn = small.params(other, split.inputs)
  own = {k: v for k, v in drawn.items() if 'head' in k}
  edge = [(0, 2), (0, 0)] if name == 'hard' else [(2, 0), (0, 0)]

  def widened(heads):
    return {
      t: {'Dense_0': {**head['Dense_0'], 'kernel': jnp.pad(kernel, edge)}}
      for t, head in heads.items()
      for kernel in [head['Dense_0']['kernel']]
    }

  assert_same(
    lambda w, h: actual({encoder: w, **rest, **widened(h)}),
    lambda w, h: desired({encoder: w, **h}),
    drawn[encoder],
    own,
  )


def test_texts_are_read_beside_each_other_too():
  """With the padding mask of either encoder, they are the same."""
  scheme = small.scheme('shared_private', 'transformer')
  words = jnp.array([[3, 1, 2], [4, 0, 0]])
  params = {'params': small.params(scheme, words)}
  short, _ = reference.run(scheme, params, words)
  longer, _ = reference.run(scheme, params, jnp.pad(words, [(0, 0), (0, 2)]))
  reference.close(short, longer, 1e-5)


# --- What it costs


def overlap(params, x):
  """Eq. 15 over the square of the rows."""
  shared, own = features(params, x)
  return sum(np.square(shared.T @ h).sum() for h in own) / len(x) ** 2


def cross_entropy(params, x, mask):
  """Of the task that a row is from; rows without a label do not count."""
  shared, _ = features(params, x)
  logits = plain.dense(params['aux_discriminator'], shared)
  losses = -special.log_softmax(logits, axis=1)[
    np.arange(len(x)), mask.argmax(axis=1)
  ]
  return losses[mask.any(axis=1)].mean()


def own_rows(rows=8):
  """One label a row, the last two rows without any."""
  mask = np.eye(K, dtype=bool)[np.arange(rows) % K]
  mask[-2:] = False
  return mask


@pytest.mark.parametrize('adversarial', [0.0, 0.7])
def test_penalties_are_overlap_and_discriminator(adversarial):
  scheme, x, params = case(orthogonality=0.3, adversarial=adversarial)
  mask = own_rows(len(x))
  key = jax.random.key(0)
  _, recorded = reference.run(scheme, {'params': params}, x, key, 0, 1, mask)
  penalized = 0.3 * overlap(params, x)
  assert ('aux_discriminator' in params) == (adversarial > 0)
  if adversarial:
    loss = cross_entropy(params, x, mask)
    np.testing.assert_allclose(recorded['discriminator loss'], loss, rtol=1e-4)
    penalized += adversarial * loss
  np.testing.assert_allclose(recorded['penalty'], penalized, rtol=1e-4)


def test_nothing_is_penalized_if_both_weights_are_0():
  scheme, x, params = case(orthogonality=0.0)
  assert reference.run(scheme, {'params': params}, x)[1] == {}


def test_rows_without_a_label_cost_nothing():
  scheme, x, params = case(orthogonality=0.0, adversarial=1.0)
  mask = np.zeros((len(x), K), bool)
  key = jax.random.key(0)
  _, recorded = reference.run(scheme, {'params': params}, x, key, 0, 1, mask)
  assert recorded['penalty'] == 0


def penalty(scheme, x, mask):
  """`params -> ` the penalty that the scheme adds."""

  def function(params):
    now = {'step': 0, 'steps': 1, 'mask': jnp.array(mask)}
    _, result = scheme.apply(
      {'params': params, 'now': now}, x, True, mutable=['intermediates']
    )
    return result['intermediates']['penalty']

  return jax.jit(jax.grad(function))


def moved(gradients):
  """Whether any of them is not 0."""
  return any(map(np.any, jax.tree.leaves(gradients)))


def test_discriminator_learns_and_the_encoder_unlearns():
  """The same loss, its gradient turned round on its way down."""
  scheme, x, params = case(orthogonality=0.0, adversarial=0.5)
  mask = own_rows(len(x))
  gradients = penalty(scheme, x, mask)(params)
  encoder = base.Encoder(scheme.resize(0.5))
  known, tasks = mask.any(axis=1), mask.argmax(axis=1)

  @jax.jit
  @jax.grad
  def plainly(params):
    shared = encoder.apply({'params': params['shared_encoder']}, x, True)
    last = params['aux_discriminator']
    logits = shared @ last['kernel'] + last['bias'][None]
    result = jax.nn.log_softmax(logits)[np.arange(len(x)), tasks]
    return -0.5 * jnp.where(known, result, 0).sum() / known.sum()

  expected = plainly(params)
  small.close(
    gradients['aux_discriminator'], expected['aux_discriminator'], 1e-4
  )
  turned = jax.tree.map(jnp.negative, expected['shared_encoder'])
  small.close(gradients['shared_encoder'], turned, 1e-4)
  sizes = [np.abs(x).max() for x in jax.tree.leaves(turned)]
  assert min(sizes) > 1e-4
  assert not moved(gradients['towers'])


def test_reversal_changes_no_value():
  x = jnp.arange(6.0).reshape(2, 3)
  value, pullback = jax.vjp(shared_private.reverse, x)
  np.testing.assert_array_equal(value, x)
  np.testing.assert_array_equal(pullback(x + 1)[0], -(x + 1))


def test_overlap_reaches_both_encoders_and_no_head():
  scheme, x, params = case(orthogonality=1.0)
  gradients = penalty(scheme, x, own_rows(len(x)))(params)
  reached = {name for name, tree in gradients.items() if moved(tree)}
  assert reached == {'shared_encoder', 'towers'}


def test_no_task_loss_reaches_the_discriminator():
  scheme, split = small.scheme('shared_private', adversarial=1.0), small.split()
  params = small.params(scheme, split.inputs)
  rows = jax.jit(jax.jacrev(small.losses(scheme, split)))(params)
  assert not moved(rows['aux_discriminator'])
  assert moved(rows['shared_encoder'])


# --- What is refused


def test_adversary_needs_rows_of_one_task():
  schemes = {'shared_private': {'adversarial': 0.05}}
  text = message(scheme='shared_private', schemes=schemes)
  assert 'own_rows=True, or config.schemes.shared_private.adv' in text
  assert make(scheme='shared_private', schemes=schemes, own_rows=True)


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_a_share_of_none_or_all_is_refused(share):
  with pytest.raises(ValueError, match='that is single.*that is hard'):
    small.scheme('shared_private', share=share)


def test_an_encoder_of_unknown_widths_is_refused():
  with pytest.raises(ValueError, match='does not declare its WIDTHS'):
    small.scheme('shared_private').clone(resize=None)
