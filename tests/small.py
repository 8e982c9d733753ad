"""Small tasks, rows, schemes and systems that many tests build on."""

import functools
import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import encoders, plugins, train
from mtl_jax.data.base import Split
from mtl_jax.schemes import base
from mtl_jax.tasks import Task, normals
from mtl_jax.train import optimizers, schedules
from mtl_jax.train.losses import task_losses

TASKS = (
  Task('sick', 'binary'),
  Task('kind', 'multiclass', 3),
  Task('age', 'regression'),
)

MAPS = (
  Task('parts', 'segmentation', 3),
  Task('depth', 'depth'),
  Task('normals', 'normals'),
)

DENSE = 'deeplab', 'segnet', 'unet'  # predict maps, of `MAPS`
ENCODERS = tuple(
  name for name in plugins.names('mtl_jax.encoders') if name not in DENSE
)
SCHEMES = tuple(plugins.names('mtl_jax.schemes'))
BALANCERS = tuple(plugins.names('mtl_jax.balancers'))

# Fields that keep an encoder small; a file without an entry takes its own.
_FIELDS = {
  'mlp': {'widths': (6, 4)},
  'lenet': {'channels': (2, 4), 'size': 2, 'width': 6},
  'lenet_sener_koltun': {
    'channels': (4, 8),
    'size': 1,  # 6 x 6 pixels are too few for more
    'width': 6,
    'dropout': 0.0,
  },
  'resnet': {'widths': (4, 6), 'depths': (1, 1), 'norm': 'group'},
  'resnet18': {'width': 2, 'stem': 'large'},
  'unet': {'widths': (2, 4), 'depth': 1},
  'segnet': {'widths': (3, 4)},
  'deeplab': {
    'widths': (2, 2),
    'depths': (1, 1),
    'strides': (2, 1),
    'dilations': (1, 2),
    'stem': 'small',
    'norm': 'group',
    'head': 4,
    'rates': (1, 2),
  },
  'gru': {'vocab_size': 7, 'embedding': 4, 'width': 6},
  'lstm': {'vocab_size': 7, 'embedding': 4, 'width': 6},
  'message_passing': {'width': 4, 'edge_width': 3, 'rounds': 2, 'queries': 2},
  'mixed': {
    'widths': (6, 4),
    'levels': (3, 4),
    'embedding': 2,
    'vocab_size': 7,
    'word_width': 2,
    'reader': 'mean',
    'channels': (2,),
    'image_width': 2,
  },
  'transformer': {
    'vocab_size': 7,
    'width': 4,
    'heads': 2,
    'depth': 1,
    'mlp_ratio': 2,
    'max_len': 6,
  },
}


@pytest.fixture(autouse=True, scope='module')
def quick():
  """For modules that compile much and compute little: `quick = small.quick`.

  Halves the time; what is proved does not rest on XLA's optimizations.
  """
  before = jax.config.read('jax_disable_most_optimizations')
  jax.config.update('jax_disable_most_optimizations', True)
  yield
  jax.config.update('jax_disable_most_optimizations', before)


def stages(encoder='mlp', **fields):
  """The stages of an encoder that trains in a moment."""
  module = importlib.import_module(f'mtl_jax.encoders.{encoder}')
  return module.make(**{**_FIELDS.get(encoder, {}), **fields})


def inputs(encoder='mlp', rows=8, seed=0):
  """Rows that the encoder takes: vectors, images, words or molecules."""
  draw = np.random.default_rng(seed)
  lengths = 1 + draw.integers(5, size=(rows, 1))
  words = draw.integers(1, 7, size=(rows, 5)) * (np.arange(5) < lengths)
  kinds = [
    jnp.array(np.float32(draw.normal(size=(rows, 5)))),
    jnp.array(np.uint8(draw.integers(256, size=(rows, 6, 6, 1)))),
    jnp.array(np.int32(words)),
  ]
  if encoder == 'mixed':
    names = 'numbers', 'image', 'text', 'categories'
    return dict(zip(names, [*kinds, kinds[2][:, :2] % 3], strict=True))
  if encoder == 'message_passing':
    atoms = np.array([0, 6, 1, 8, 7, 9, 1])[words]
    places = draw.normal(size=(rows, 5, 3))
    return {
      'atoms': jnp.array(np.int8(atoms)),
      'positions': jnp.array(np.float32(places)),
    }
  known = {'mlp': 0, 'lenet': 1, 'resnet': 1, 'resnet18': 1}
  known['lenet_sener_koltun'] = 1
  known |= dict.fromkeys(('gru', 'lstm', 'transformer'), 2)
  if encoder in DENSE:
    return jnp.array(np.uint8(draw.integers(256, size=(rows, 8, 8, 3))))
  if encoder in known:
    return kinds[known[encoder]]
  return next(x for x in kinds if _takes(encoder, x))


def _takes(encoder, x):
  module = base.Encoder(stages(encoder))
  try:
    jax.eval_shape(lambda: module.init(jax.random.key(0), x, False))
  except Exception:  # noqa: BLE001 - whatever it is, it is a refusal.
    return False
  return True


def split(encoder='mlp', tasks=TASKS, rows=8, seed=0, known=1.0):
  """A split; `known` is the share of labels that are there."""
  draw = np.random.default_rng(seed + 1)
  drawn = {
    'binary': lambda n: draw.integers(2, size=n),
    'multiclass': lambda n: draw.integers(3, size=n),
    'regression': lambda n: draw.normal(size=n),
    'count': lambda n: draw.poisson(2, size=n),
    'segmentation': lambda n: draw.integers(-1, 3, size=(n, 8, 8)),
    'depth': lambda n: np.abs(draw.normal(2, 1, size=(n, 8, 8))),
    'normals': lambda n: normals.unit(draw.normal(size=(n, 8, 8, 3))),
  }
  drawn['ordinal'] = drawn['multiclass']
  labels = tuple(
    jnp.array(np.float32(drawn[task.kind](rows)))
    if task.kind not in ('multiclass', 'ordinal', 'segmentation')
    else jnp.array(np.int32(drawn[task.kind](rows)))
    for task in tasks
  )
  mask = draw.random((rows, len(tasks))) < known
  return Split(inputs(encoder, rows, seed), labels, jnp.array(mask))


def scheme(name='hard', encoder='mlp', tasks=TASKS, **fields):
  """A scheme over a small encoder, one head per task."""
  return _scheme(name, encoder, tasks, tuple(fields.items()))


@functools.cache
def _scheme(name, encoder, tasks, fields):
  module = importlib.import_module(f'mtl_jax.schemes.{name}')
  heads = tuple(_head(encoder, task) for task in tasks)
  resize = functools.partial(resized, encoder)
  # A stage can be skipped only where its features keep their shape.
  skips = name == 'adashare' and encoder in ('mlp', 'mixed')
  chosen = stages(encoder, widths=(6, 6)) if skips else stages(encoder)
  return module.Scheme(chosen, heads, resize, **dict(fields))


def _head(encoder, task):
  if not task.dense:
    return functools.partial(base.Head, task.num_outputs)
  module = importlib.import_module(f'mtl_jax.encoders.{encoder}')
  fields = plugins.fields(module.make) | _FIELDS[encoder]
  return module.dense_head(task.num_outputs, **fields)


def resized(encoder, factor):
  """The small encoder's stages with so many times the channels."""
  module = importlib.import_module(f'mtl_jax.encoders.{encoder}')
  given = plugins.fields(module.make) | _FIELDS[encoder]
  return module.make(**encoders.resized(given, module.WIDTHS, factor))


def params(scheme, x, seed=0):
  """Parameters away from any symmetry that the start may have."""
  leaves, tree = jax.tree.flatten(_shapes(scheme, *_shape_of(x)))
  draw = np.random.default_rng(seed)
  return jax.tree.unflatten(
    tree,
    [jnp.array(np.float32(draw.normal(0, 0.5, x.shape))) for x in leaves],
  )


def _shape_of(x):
  """Shapes of a pytree, which can be hashed."""
  leaves, tree = jax.tree.flatten(x)
  return tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in leaves), tree


@functools.cache
def _shapes(scheme, leaves, tree):
  return _variables(scheme, leaves, tree)['params']


@functools.cache
def _variables(scheme, leaves, tree):
  def start(x):
    return scheme.init(jax.random.key(0), x, False)

  return jax.eval_shape(start, jax.tree.unflatten(tree, leaves))


@functools.partial(jax.jit, static_argnums=0)
def begun(scheme, x, seed=0):
  """Variables as a training begins with them; one program for equal shapes."""
  return scheme.init(jax.random.key(seed), x, False)


def extra(scheme, x, seed=0):
  """What a scheme carries besides parameters, as it starts."""
  if set(_variables(scheme, *_shape_of(x))) == {'params'}:
    return {}
  return _extra(scheme, x, seed)


@functools.partial(jax.jit, static_argnums=0)
def _extra(scheme, x, seed):
  # Parameters are not returned, so that nothing that draws them is compiled.
  variables = begun(scheme, x, seed)
  return {k: v for k, v in variables.items() if k != 'params'}


def told(split, step=40, steps=100):
  """What training tells a scheme; by default in the midst of any search."""
  return {'step': step, 'steps': steps, 'mask': split.mask}


def system(
  name='hard',
  encoder='mlp',
  balancer='equal',
  tasks=TASKS,
  rule='plain',
  **fields,
):
  """A system; one for equal arguments, so that it is compiled once.

  `balancer` is a name or a `Balancer`, `rule` one of adam, adamw, sgd (with
  momentum) and plain (without).
  """
  chosen = scheme(name, encoder, tasks, **fields)
  return _system(chosen, balancer, tasks, rule)


@functools.cache
def _system(chosen, balancer, tasks, rule):
  if isinstance(balancer, str):
    balancer = importlib.import_module(f'mtl_jax.balancers.{balancer}').make()
  rules = optimizers.OPTIMIZERS | {'plain': lambda: optimizers.sgd(0.0)}
  optimizer = optimizers.make(*rules[rule](), schedules.constant(1), chosen)
  return train.System(chosen, balancer, tasks, optimizer)


def hp(lr=0.1, weight_decay=0.0, penalty=0.0, clip=0.0, task_weights=(1, 1, 1)):
  """Hyperparameters of one run."""
  numbers = (lr, weight_decay, penalty, clip, task_weights)
  return optimizers.Hp(*(jnp.array(x, jnp.float32) for x in numbers))


@functools.partial(jax.jit, static_argnums=0)
def _init(system, hp, seed, inputs, drawn):
  state = train.init(system, hp, seed, inputs)
  if drawn is None:
    return state
  # Nothing of the first draw is left, and none of it is compiled.
  at = state.params.replace(drawn)
  return state._replace(params=at, best=state.best._replace(params=at))


def start(system, split, hp, seed=0, noise=True, at=None):
  """A first state, at `at` or at parameters without symmetry.

  Without `noise` at those that a training begins with.
  """
  drawn = at
  if noise and at is None:
    drawn = params(system.scheme, split.inputs, seed)
  return _init(system, hp, jnp.array(seed), split.inputs, drawn)


def losses(scheme, split, tasks=TASKS):
  """`params -> [K]` raw task losses, as at evaluation.

  Like `slopes`, of one program for equal schemes and shapes.
  """
  carried = extra(scheme, split.inputs)
  return lambda params: _losses(scheme, tasks, params, carried, split)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _losses(scheme, tasks, params, carried, split):
  predictions = scheme.apply({'params': params, **carried}, split.inputs, False)
  return task_losses(tasks, predictions, split)


def slopes(scheme, split, tasks=TASKS):
  """`params, weights, seed -> [K]` losses of a step and their weighted slope.

  As in training, in the midst of a search: with what is drawn there.
  """
  carried = extra(scheme, split.inputs)
  return lambda params, weights, seed: _slopes(
    scheme, tasks, params, weights, seed, carried, split
  )


@functools.partial(jax.jit, static_argnums=(0, 1))
def _slopes(scheme, tasks, params, weights, seed, carried, split):
  variables = {**carried, 'now': told(split)}
  keys = jax.random.split(jax.random.key(seed))
  rngs = dict(zip(('dropout', 'gates'), keys, strict=True))

  def total(params):
    predictions, _ = scheme.apply(
      {'params': params, **variables},
      split.inputs,
      True,
      rngs=rngs,
      mutable=list(carried),
    )
    found = task_losses(tasks, predictions, split)
    return weights @ found, found

  slope, found = jax.grad(total, has_aux=True)(params)
  return found, slope


def close(a, b, tolerance=1e-5):
  """Asserts that two pytrees agree in structure and in every number."""
  assert jax.tree.structure(a) == jax.tree.structure(b)
  jax.tree.map(
    lambda x, y: np.testing.assert_allclose(
      x, y, rtol=tolerance, atol=tolerance
    ),
    a,
    b,
  )


def same(a, b):
  """Asserts that two pytrees agree bit for bit."""
  assert jax.tree.structure(a) == jax.tree.structure(b)
  jax.tree.map(np.testing.assert_array_equal, a, b)


def pile(trees):
  """Pytrees stacked on a leading axis."""
  return jax.tree.map(lambda *leaves: jnp.array(np.stack(leaves)), *trees)


def take(tree, index):
  """One entry of a leading axis."""
  return jax.tree.map(lambda leaf: leaf[index], tree)
