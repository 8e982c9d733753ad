"""Configurations by name, and keys that a call of Python sets."""

import numpy as np
import pytest

from configs import actg175, default
from mtl_jax.api import configured, given
from mtl_jax.errors import InputError


def changed(**changes):
  config = default.get_config().lock()
  configured.put(config, changes)
  return config


def test_dotted_keys_and_dictionaries_set_the_same():
  nested = changed(steps=7, hp={'lr': (1e-3, 3e-3)})
  dotted = changed(**{'hp.lr': [1e-3, 3e-3], 'steps': 7})
  assert nested.to_json() == dotted.to_json()
  assert nested.hp.lr == (1e-3, 3e-3)


def test_one_value_stands_for_a_tuple_of_it():
  config = changed(**{'hp.lr': np.float32(0.5), 'primary': 'sick'})
  assert config.hp.lr == (0.5,)
  assert type(config.hp.lr[0]) is float
  assert config.primary == ('sick',)


@pytest.mark.parametrize(
  ('changes', 'said'),
  [
    ({'stpes': 3}, "config: unknown key 'stpes'; did you mean 'steps'"),
    ({'hp.lrr': 3}, "config.hp: unknown key 'lrr'; did you mean 'lr'"),
    ({'hp': 3}, 'config.hp is a section; set one of: balancer, clip, lr'),
    ({'steps.x': 3}, "config.steps is no section; 'steps.x' cannot be set"),
    ({'steps': 'many'}, "config.steps is 'many'; it must be a int, such as"),
    (
      {'schemes.mmeo.num_experts': 3},
      "config.schemes: unknown key 'mmeo'; did you mean 'mmoe'",
    ),
  ],
)
def test_a_mistake_is_one_line(changes, said):
  with pytest.raises(InputError) as error:
    changed(**changes)
  assert said in str(error.value)
  assert '\n' not in str(error.value)


def test_a_file_of_the_users_has_a_section_of_its_own():
  config = default.get_config().lock()
  configured.put(config, {'schemes.mine.width': 3}, ['my_lab.mine'])
  assert config.schemes.mine.width == 3
  config = changed(schemes={'mine': {'width': 3}}, scheme='my_lab.mine')
  assert config.schemes.mine.width == 3


def test_a_name_is_a_configuration_or_a_data_set():
  named = configured.read('actg175')
  assert named.to_json() == actg175.get_config().to_json()
  assert configured.read('configs/actg175.py').to_json() == named.to_json()
  assert configured.read('tfds').dataset == 'tfds'


def test_a_table_is_no_configuration_and_a_folder_hides_none(
  tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'actg175').mkdir()
  assert configured.resolved('actg175').endswith('actg175.py')
  (tmp_path / 'patients.csv').write_text('age,y\n1,2\n')
  with pytest.raises(InputError, match=r'table\.path=patients\.csv'):
    configured.resolved('patients.csv')


@pytest.mark.parametrize(
  ('data', 'said'),
  [
    ('actg157', "no configuration file 'actg157'; did you mean 'actg175'"),
    ('none.py', "no configuration file 'none.py'"),
    ([1, 2], 'data is a list; give mtl_jax.frame'),
  ],
)
def test_data_that_are_none(data, said):
  with pytest.raises(InputError, match=said):
    given.experiment(given.Given(data, None, None, {}), 'compare')


def test_a_call_is_told_as_it_was_typed():
  asked = given.Given('actg175', 3, None, {'steps': 5})
  made = given.experiment(asked, 'compare', schemes=['hard'], tune=None)
  assert made.command == (
    "mtl_jax.compare('actg175', schemes=['hard'], steps=5, seeds=3)"
  )
  assert (made.config.seeds, made.config.steps, made.folder) == (3, 5, None)
