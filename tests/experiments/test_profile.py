"""A profile has every part, and its numbers are those of the cell."""

import gzip
import json
import subprocess
import sys

import jax
import pytest

from experiments import profile
from mtl_jax.programs import compiled, profiling, run_functions
from mtl_jax.resources import costs
from tests import small
from tests.experiments import test_compare
from tests.run import test_table

quick = small.quick


@pytest.fixture(scope='module')
def profiled(tmp_path_factory):
  folder = tmp_path_factory.mktemp('profile')
  cell = test_table.make(scheme='cross_stitch', balancer='pcgrad')
  return cell, folder, profiling.profile(cell, folder, repeats=3)


def test_every_number_is_positive_and_the_whole_is_its_parts(profiled):
  _, _, found = profiled
  numbers = (found.compile_seconds, found.step_seconds, found.bytes, found.peak)
  assert all(number > 0 for number in numbers)
  assert 0 < found.share < 1
  memory = dict(found.memory)
  assert memory.pop('total') == sum(memory.values()) > 0
  assert sum(share for _, share in found.parts) == pytest.approx(1)
  shares = [share for _, share in found.parts]
  assert shares == sorted(shares, reverse=True)


def test_operations_are_counted_of_one_step_of_one_run(profiled):
  cell, _, found = profiled
  inputs = compiled.Programs(cell).inputs(cell.chunks()[0])
  step = run_functions.one_step(cell, inputs)
  assert found.flops == costs.flops(*step)
  assert found.runs == len(cell.runs)


def test_parts_are_named_after_modules_and_the_steps_own(profiled):
  names = ' '.join(name for name, _ in profiled[2].parts)
  for name in ('heads', 'backward', 'balance', 'update'):
    assert name in names


def test_the_trace_is_what_a_profiler_opens(profiled):
  _, folder, found = profiled
  (path,) = (folder / 'trace').rglob('perfetto_trace.json.gz')
  with gzip.open(path, 'rt') as file:
    events = json.load(file)['traceEvents']
  assert any(event.get('dur') for event in events)
  assert str(folder / 'trace') == found.trace


def test_what_is_printed_names_all_and_five_parts(profiled):
  text = profile.lines(profiled[2])
  for name in ('compile', 'step', 'FLOPs', 'bytes', 'memory', 'share', 'trace'):
    assert any(line.startswith(name) for line in text)
  assert sum(line.startswith('  ') for line in text) == profile.SHOWN


def test_the_peak_is_of_all_devices():
  assert profiling.peak_flops(size=64, repeats=2) > 0
  assert jax.device_count() >= 1


def test_a_mistake_is_one_line_and_exit_code_2(tmp_path):
  done = subprocess.run(
    [sys.executable, '-m', 'experiments.profile', '--scheme=hrad',
     '--config=configs/actg175.py', f'--workdir={tmp_path}/w'],
    cwd=test_compare.ROOT, capture_output=True, text=True, check=False,
  )  # fmt: skip
  assert done.returncode == 2
  (line,) = done.stderr.splitlines()
  assert "did you mean 'hard'" in line
  assert not (tmp_path / 'w').exists()
