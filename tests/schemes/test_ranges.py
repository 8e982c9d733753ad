"""Fields that no training can have are refused by name, with a remedy."""

import pytest

from tests import small

OUT_OF_RANGE = [
  ('adapters', {'reduction': 0}, 'reduction is 0; take 1 or more'),
  ('adapters', {'frozen_from': 0.0}, 'frozen_from is 0.0; take more than 0'),
  ('adashare', {'block': 0}, 'block is 0; take 1 or more'),
  ('adashare', {'warmup': 1.0}, 'warmup is 1.0; take a share of the search'),
  ('adashare', {'cooling': 0.0}, 'cooling is 0.0; take more than 0'),
  ('adashare', {'sparsity': -1.0}, 'sparsity is -1.0; take 0 or more'),
  ('cgc', {'own': 0, 'shared': 0}, 'a task needs an expert'),
  ('cross_stitch', {'own': 5.0}, 'own is 5.0; take a share between 0 and 1'),
  ('cross_stitch', {'warm_start': -5}, 'warm_start is -5; take 0 or more'),
  ('dmtrl', {'rank': -1}, 'rank is -1; take 0 or more'),
  ('dselect_k', {'entropy': -1.0}, 'entropy is -1.0; take 0 or more'),
  ('dselect_k', {'gamma': 0.0}, 'gamma is 0.0; take more than 0'),
  ('film', {'embedding': -3}, 'embedding is -3; take 0 or more'),
  ('hard', {'mix_lr': -1.0}, 'mix_lr is -1.0; take 0 or more'),
  ('hard', {'split_at': -7}, 'split_at is -7; take -1 or more'),
  ('ltb', {'num_nodes': -1}, 'num_nodes is -1; take 0 or more'),
  ('ltb', {'temperature': 0.0}, 'temperature is 0.0; take more than 0'),
  ('ltb', {'warmup': 1.0}, 'warmup is 1.0; take a share of the search'),
  ('mmoe', {'balance': -1.0}, 'balance is -1.0; take 0 or more'),
  ('mmoe', {'num_experts': 0}, 'num_experts is 0; take 1 or more'),
  ('mmoe', {'tower_from': -2}, 'tower_from is -2; take -1 or more'),
  ('omoe', {'tower_from': 3}, 'tower_from is 3, and the encoder has 2 stages'),
  ('nddr', {'own': -0.1}, 'own is -0.1; take a share between 0 and 1'),
  ('ple', {'levels': -7}, 'levels is -7; take -1 or more'),
  ('ple', {'own': 0}, 'own is 0; take 1 or more'),
  ('shared_private', {'adversarial': -1.0}, 'adversarial is -1.0; take 0'),
  ('shared_private', {'share': 1.0}, 'share is 1.0; take a share'),
  ('sluice', {'subspaces': 0}, 'subspaces is 0; take 1 or more'),
  ('snr', {'num_subnets': 0}, 'num_subnets is 0; take 1 or more'),
]


@pytest.mark.parametrize(('name', 'fields', 'text'), OUT_OF_RANGE)
def test_it_is_said_what_is_out_of_range(name, fields, text):
  with pytest.raises(ValueError, match=text.replace('.', r'\.')):
    small.scheme(name, **fields)


def test_a_search_that_leaves_policies_no_steps_is_refused():
  scheme = small.scheme('adashare', block=20)
  scheme.check(100)
  with pytest.raises(ValueError, match='block=20 leaves no steps for policies'):
    scheme.check(90)
