"""What presets train, and what they refuse."""

import subprocess
import sys
import types

import pytest

from benchmarks.multi_fashion import presets
from mtl_jax.cells import build
from mtl_jax.cells.choices import choice
from mtl_jax.errors import InputError
from mtl_jax.train import schedules


def device(platform):
  return types.SimpleNamespace(platform=platform)


def test_full_is_refused_without_an_accelerator():
  with pytest.raises(InputError, match='GPU or TPU.*--preset=cpu'):
    presets.refuse('full', [device('cpu'), device('cpu')])
  presets.refuse('full', [device('gpu')])
  presets.refuse('cpu', [device('cpu')])


@pytest.mark.parametrize('name', presets.PRESETS)
def test_every_row_is_a_valid_config_of_the_same_budget(name):
  for recipe, size in presets.PRESETS[name].sizes.items():
    configs = presets.configs(recipe, size)
    assert [*configs] == [*presets.TRAINED[recipe]]
    for config in configs.values():
      build.check(config)
      choice(config, 'encoder').made()
      data = config.datasets.multi_fashion
      assert [data[f'num_{s}'] for s in ('train', 'valid', 'test')] == [
        *size.pairs
      ]
      assert (config.seeds, config.epochs) == (size.seeds, size.epochs)


def test_both_kinds_of_random_weights_are_two_rows():
  configs = presets.configs('kurin', presets.PRESETS['smoke'].sizes['kurin'])
  draws = [
    configs[row].balancers.rlw.draw for row in ('rlw_normal', 'rlw_dirichlet')
  ]
  assert draws == ['normal', 'dirichlet']
  assert len(configs) == 14


def test_the_rate_falls_at_each_epoch():
  size = presets.Size((2560, 1, 1), 20, 1)
  config = presets.configs('kurin', size)['equal']
  rate = schedules.step(200, **config.schedules.step)
  assert rate(9) == 1
  assert rate(15) == pytest.approx(0.95)
  assert rate(199) == pytest.approx(0.95**19)


@pytest.mark.parametrize(
  ('flags', 'told'),
  [
    (['--preset=cpus', '--workdir={}/w', '--out={}/o'], "did you mean 'cpu'"),
    (['--workdir={}/w'], '--out is missing'),
  ],
)
def test_bad_input_ends_with_one_line(tmp_path, flags, told):
  flags = [flag.format(tmp_path) for flag in flags]
  done = subprocess.run(
    [sys.executable, '-m', 'benchmarks.multi_fashion', *flags],
    capture_output=True, text=True, timeout=100, check=False,
  )  # fmt: skip
  assert done.returncode == 2
  assert done.stderr.count('\n') == 1
  assert told in done.stderr
  assert not any(tmp_path.iterdir())
