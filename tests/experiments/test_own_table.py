"""A user's table on the command line: flags, mistakes, and what is shown."""

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from configs import table as config_of_table
from experiments import own_table
from mtl_jax.api import described
from mtl_jax.errors import InputError

from .test_start import begun

TASKS = '--config.datasets.table.tasks=("sick:binary",)'


@pytest.fixture
def path(tmp_path):
  rows = [f'{i * 7 % 50},{i % 2},{1 + i % 3},p{i // 2}' for i in range(60)]
  file = tmp_path / 'patients.csv'
  file.write_text('\n'.join(['age,sick,w,home', *rows]) + '\n')
  return str(file)


@pytest.fixture
def config(path):
  config = config_of_table.get_config()
  config.datasets.table.path = path
  config.datasets.table.tasks = ('sick:binary',)
  config.lock()
  return config


@pytest.fixture(autouse=True)
def parsed():
  """Flags can be read, also where no command has parsed any."""
  with flagsaver.flagsaver():
    flags.FLAGS.mark_as_parsed()
    yield


def test_flags_are_fields_of_the_table(config):
  with flagsaver.flagsaver(weights='w', group='home'):
    own_table.check(config)
  assert config.datasets.table.weights == 'w'
  assert config.datasets.table.group == 'home'
  assert config.datasets.table.split == ''


def test_flags_of_a_table_need_one(config):
  config.dataset = 'actg175'
  own_table.check(config)
  match = "--group is for tables, and config.dataset is 'actg175'"
  with (
    flagsaver.flagsaver(group='home'),
    pytest.raises(InputError, match=match),
  ):
    own_table.check(config)


def test_tables_of_tasks_are_checked_and_shown_too(config, path, tmp_path):
  with config.unlocked():
    config.dataset = 'several'
    config.datasets.several.tables = ((path, ('sick:binary',)),)
  with flagsaver.as_parsed(weights='w'):
    own_table.check(config)
  assert config.datasets.several.weights == 'w'
  described.write(described.lines(config, None), tmp_path)
  assert "weights from 'w'" in (tmp_path / 'data.md').read_text()
  config.datasets.several.tables = (path,)
  with pytest.raises(InputError, match='give pairs of a file and its tasks'):
    own_table.check(config)


def test_what_was_inferred_is_printed_and_written(config, tmp_path, capsys):
  config.verbose = 0
  described.show(config, None)
  assert not capsys.readouterr().out
  config.verbose = 1
  described.show(config, None)
  described.write(described.lines(config, None), tmp_path)
  shown = capsys.readouterr().out.strip()
  assert shown == (tmp_path / 'data.md').read_text().strip()
  assert '| age | number | 0 | 0 to 49, mean' in shown
  described.show(config, None)  # once in a process
  assert not capsys.readouterr().out


def test_a_file_that_has_changed_is_read_again(config, path):
  first = own_table._read(config)
  assert own_table._read(config) is first
  with open(path, 'a') as file:
    file.write('99,1,1,p30\n')
  assert len(own_table._read(config).frame) == 61


@pytest.mark.parametrize(
  ('flags', 'said'),
  [
    ((TASKS, '--split=w'), "split: column 'w' says train, valid or test"),
    (('--config.datasets.table.tasks=("sik:binary",)',), "did you mean 'sick'"),
  ],
)
def test_a_bad_table_needs_no_jax_and_leaves_nothing(
  path, tmp_path, flags, said
):
  (line, code), modules = begun(
    'experiments.compare',
    '--config=configs/table.py',
    f'--config.datasets.table.path={path}',
    f'--workdir={tmp_path}/w',
    *flags,
  )
  assert said in line
  assert code == 'code 2'
  assert not modules & {'jax', 'flax', 'optax', 'sklearn', 'matplotlib'}
  assert not (tmp_path / 'w').exists()


def test_seeds_of_one_table_differ_in_rows_alone(config):
  config.datasets.table.drop = ('home',)
  found = own_table._read(config)
  one, other = found(0), found(1)
  assert not np.array_equal(np.sort(one.test.rows), np.sort(other.test.rows))
  assert one.train.inputs.shape == other.train.inputs.shape
