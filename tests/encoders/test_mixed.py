"""Columns, text and images: the encoder `mixed` and what it is told."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from mtl_jax import cells
from mtl_jax.cells import encoder_inputs
from mtl_jax.data import base as data_base
from mtl_jax.encoders import mixed, mlp
from mtl_jax.errors import InputError
from mtl_jax.schemes import base
from mtl_jax.tasks import Task
from tests import small

quick = small.quick


@functools.partial(jax.jit, static_argnums=0)
def begun(module, x):
  features, variables = module.init_with_output(jax.random.key(3), x, False)
  return features, variables['params']


@pytest.mark.parametrize('wrap', [lambda x: x, lambda x: {'numbers': x}])
def test_numbers_alone_are_those_of_mlp(wrap):
  x = small.inputs('mlp')
  plain = begun(base.Encoder(mlp.make((6, 4))), x)
  small.same(begun(base.Encoder(mixed.make((6, 4))), wrap(x)), plain)


def test_first_layer_reads_what_every_tower_makes():
  x = small.inputs('mixed')
  module = base.Encoder(small.stages('mixed')[:1])
  _, params = begun(module, x)
  own = params['stage_0']
  kernel = own['Dense_0']['kernel']
  # 5 numbers, 4 of the categories, 2 of the text and 2 of the image.
  assert kernel.shape == (5 + 4 + 2 + 2, 6)
  own['Dense_0']['kernel'] = kernel[:11]
  del x['image']
  actual = module.apply({'params': params}, x, False)
  own, x = jax.device_get((own, x))
  # The second column's categories begin behind the three of the first.
  columns = own['category']['embedding'][x['categories'] + [[0, 3]]]
  words = own['word']['embedding'][x['text']] * (x['text'] > 0)[..., None]
  means = words.sum(1) / (x['text'] > 0).sum(1, keepdims=True)
  joined = [x['numbers'], columns.reshape(8, -1), means]
  expected = np.concatenate(joined, axis=1) @ own['Dense_0']['kernel']
  small.close(actual, np.maximum(expected, 0))


def test_padding_of_text_changes_nothing():
  x = {'text': jnp.array([[3, 1, 2], [4, 0, 0]])}
  module = base.Encoder(small.stages('mixed', reader='lstm'))
  features, params = begun(module, x)
  longer = {'text': jnp.pad(x['text'], [(0, 0), (0, 3)])}
  other = module.apply({'params': params}, longer, False)
  np.testing.assert_allclose(other, features, rtol=1e-6)


def load(split_seed=None, rows=60):
  """Numbers, categories and text; the last category is rare."""
  draw = np.random.default_rng(split_seed or 0)
  inputs = {
    'numbers': draw.normal(size=(rows, 2)).astype(np.float32),
    'categories': np.int32(draw.integers(3, size=(rows, 2))),
    'text': np.int32(draw.integers(1, 9, size=(rows, 4))),
  }
  inputs['categories'][-1, 1] = 5 + (split_seed or 0)
  labels = (np.arange(rows) % 2).astype(np.int32)
  table = data_base.Split(inputs, (labels,), np.ones((rows, 1), bool))
  order = np.arange(rows)
  parts = order[20:], order[:10], order[10:20]
  card = data_base.Card('drawn', 'here', 'none', 'none', 'by row', {})
  return data_base.cut(table, parts, [Task('odd', 'binary')], card)


def asked(**fields):
  config = default.get_config()
  config.encoder, config.seeds = 'mixed', 2
  config.encoders.mixed.update(fields)
  return config


def test_sizes_are_those_of_all_seeds_and_stand_in_the_config():
  config = asked(widths=(4,), word_width=2, reader='mean')
  made = cells.make(config, cells.data(config, load))
  found = made.config.encoders.mixed
  assert (found.levels, found.vocab_size) == ((3, 7), 9)
  assert config.encoders.mixed.levels == ()  # that of the caller is as it was
  # 2 + 2 * 8 + 2 inputs; 10 categories of 8 channels, 9 words of 2.
  towers = 10 * 8 + 9 * 2 + (2 + 16 + 2 + 1) * 4
  assert made.facts.parameters == towers + 4 + 1
  again = cells.make(made.config, made.datas)
  assert again.hash == made.hash


@pytest.mark.parametrize(
  ('fields', 'words'),
  [
    ({'levels': (3, 5)}, ['mixed.levels', '(3, 5)', '(3, 7)', 'set it']),
    ({'levels': (9,)}, ['mixed.levels', '(9,)', '(3, 7)']),
    ({'vocab_size': 8}, ['mixed.vocab_size', ' 8', ' 9']),
    ({'reader': 'gru'}, ["'gru'", 'lstm, mean']),
    ({'widths': ()}, ['widths', 'one at least']),
  ],
)
def test_fields_that_do_not_fit_are_one_line(fields, words):
  config = asked(**fields)
  with pytest.raises(InputError) as caught:
    cells.make(config, cells.data(config, load))
  assert all(word in str(caught.value) for word in words)
  assert '\n' not in str(caught.value)


def test_other_encoders_and_other_names_are_refused():
  config = asked()
  data = load()
  for name, words in (('mlp', 'takes one'), ('mixed', 'numbers, categories')):
    config.encoder = name
    renamed = {'columns': data.train.inputs['numbers']}
    train = data.train._replace(inputs=renamed)
    chosen = cells.build.choice(config, 'encoder')
    with pytest.raises(InputError, match=words):
      encoder_inputs.check(chosen, data._replace(train=train))
