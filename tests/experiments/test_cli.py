"""What is typed, and what a config file says, is checked before all else."""

import sys

import pytest

from configs import default
from experiments import cli
from mtl_jax.api import configured
from mtl_jax.errors import InputError


def test_a_key_that_a_config_made_up_names_the_nearest():
  config = default.get_config()
  config.step = 5
  with pytest.raises(InputError, match="'step'; did you mean 'steps'"):
    configured.check_keys(config)


def test_so_does_a_hyperparameter():
  config = default.get_config()
  config.hp.lrr = (1.0,)
  with pytest.raises(InputError, match="'lrr'; did you mean 'lr'"):
    configured.check_keys(config)


def test_our_configs_are_found_from_any_folder(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  found = cli.resolved('--config=configs/actg175.py')
  assert found.endswith('configs/actg175.py')
  assert found != '--config=configs/actg175.py'
  (tmp_path / 'configs').mkdir()
  (tmp_path / 'configs' / 'actg175.py').write_text('')
  assert cli.resolved('--config=configs/actg175.py').count('/') == 1


def test_our_configs_are_found_by_name():
  found = cli.resolved('--config=actg175')
  assert found.endswith('configs/actg175.py')
  assert cli.resolved('--config=nothing') == '--config=nothing'
  assert cli.resolved('--workdir=actg175') == '--workdir=actg175'


def test_a_space_after_config_is_as_good_as_a_sign(monkeypatch):
  monkeypatch.setattr(sys, 'argv', ['x', '--config', 'a.py', '--steps=3'])
  assert cli._arguments() == ['x', '--config=a.py', '--steps=3']
