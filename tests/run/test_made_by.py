"""What a trained cell says of how it was made."""

import jax
import pytest

from mtl_jax.records import made
from mtl_jax.run import made_by
from tests import small
from tests.models.test_models import trained

quick = small.quick


@pytest.fixture(scope='module')
def case(tmp_path_factory):
  made_by.COMMAND[0] = 'python -m a --b'
  try:
    yield trained(tmp_path_factory.mktemp('workdir'))
  finally:
    made_by.COMMAND[0] = ''


def test_a_finished_cell_says_what_determines_it(case):
  cell, folder = case
  known = made.read(folder)
  (job,) = known['jobs']
  assert job['began'] < job['ended']
  assert known['config']['encoders']['mlp']['widths'] == [4]
  assert (known['runs'], known['groups'], known['row']) == (2, [], '')
  digests = job['code']['digests']
  assert digests.items() >= cell.identity['sources'].items()
  assert 'kind binary' in digests
  assert job['versions']['jax'] == jax.__version__
  assert job['devices']['count'] == jax.device_count()
  assert job['precision']['compute'] == 'float32'
  assert job['program']['runs'] == 2
  assert job['command'] == 'python -m a --b'


def test_flags_that_only_write_do_not_count(monkeypatch):
  flags = '--xla_dump_to=/x --xla_cpu_enable_fast_math=true'
  monkeypatch.setenv('XLA_FLAGS', flags)
  assert made_by._flags()['XLA_FLAGS'] == '--xla_cpu_enable_fast_math=true'
