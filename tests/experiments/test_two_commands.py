"""Two commands on one workdir share its cells and print one table."""

import json
import subprocess

import pytest

from mtl_jax.records import made
from tests import children
from tests.experiments import test_compare
from tests.faults.exact import stopped


@pytest.mark.parametrize('schemes', ['hard,mmoe'])
def test_each_cell_is_trained_once(tmp_path, schemes):
  (tmp_path / 'toy.py').write_text(test_compare.CONFIG)
  jobs = [
    subprocess.Popen(
      test_compare.command(
        f'--config={tmp_path}/toy.py', f'--schemes={schemes}',
        f'--workdir={tmp_path}/w',
      ),
      cwd=test_compare.ROOT, env=children.environment(), text=True,
      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    for _ in range(2)
  ]  # fmt: skip
  ended = [job.communicate(timeout=200) for job in jobs]
  assert [job.returncode for job in jobs] == [0, 0], ended
  assert ended[0][0] == ended[1][0] != ''
  assert any('trains it' in errors for _, errors in ended)
  cells = list((tmp_path / 'w').glob('cells/*/records.jsonl'))
  assert len(cells) == 5  # Those of linear models and trees as well.
  for path in cells:
    kinds = [json.loads(line)['kind'] for line in path.read_text().splitlines()]
    assert kinds.count('done') == kinds.count('cell') == 1
    (job,) = made.read(path.parent)['jobs']
    assert job['command'].startswith('python -m experiments.compare --config=')
    assert job['began'] <= job['ended']
    assert stopped.doubled(path.parent) == []
