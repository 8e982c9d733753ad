"""Every damage to a file is noticed, and no file of an earlier version."""

import json

import numpy as np
import pytest

from mtl_jax import records
from mtl_jax.records import digests, lines

CONTENT = {'name': 'caf\u00e9', 'lr': [1e-05, 2], 'more': {'b': None, 'a': 0.1}}
RECORDS = [{'kind': 'cell', 'x': 1}, {'kind': 'eval', 'y': 1e-07}]
RECORDS += [{'kind': 'done'}]


def flipped(content):
  """The content with each of its bits flipped in turn."""
  for place in range(len(content)):
    for bit in range(8):
      changed = bytearray(content)
      changed[place] ^= 1 << bit
      yield bytes(changed)


def test_every_flipped_bit_of_a_json_file_is_noticed_or_changes_nothing(
  tmp_path,
):
  path = tmp_path / 'a.json'
  digests.write(path, CONTENT)
  assert digests.read(path, '') == CONTENT
  whole, noticed = path.read_bytes(), 0
  for content in flipped(whole):
    path.write_bytes(content)
    try:
      # `1e-05` and `1E-05` are the same number.
      assert digests.read(path, '') == CONTENT
    except digests.DamagedError:
      noticed += 1
  assert noticed > 8 * len(whole) * 0.9


def test_every_flipped_bit_of_a_record_is_noticed(tmp_path):
  records.append(tmp_path, *RECORDS)
  assert list(records.read(tmp_path)) == RECORDS
  path = tmp_path / 'records.jsonl'
  for content in flipped(path.read_bytes()):
    path.write_bytes(content)
    problem = lines.problem(tmp_path)
    assert problem is not None, content
    assert not records.finished(tmp_path)


@pytest.mark.parametrize('content', [b'', b'{"a": 1', b'nonsense', b'\xff'])
def test_damaged_json_is_one_line_with_the_remedy(tmp_path, content):
  path = tmp_path / 'a.json'
  path.write_bytes(content)
  with pytest.raises(digests.DamagedError, match='damaged.*; run it') as error:
    digests.read(path, 'run it again')
  assert str(path) in str(error.value)
  assert '\n' not in str(error.value)


def test_what_has_no_digest_is_accepted(tmp_path):
  (tmp_path / 'config.json').write_text(json.dumps(CONTENT))
  (tmp_path / 'records.jsonl').write_text('{"kind": "done"}\n')
  np.save(tmp_path / 'x.npy', np.zeros(3))
  digests.verify(tmp_path / 'x.npy')
  assert digests.read(tmp_path / 'config.json', '') == CONTENT
  assert digests.of_cell(tmp_path) == []


def cell(folder):
  records.write_config(folder, CONTENT)
  records.append(folder, *RECORDS)
  digests.write_beside(folder / 'records.jsonl')
  (folder / 'best' / 'd').mkdir(parents=True)
  (folder / 'best' / 'd' / 'x').write_bytes(b'abc')
  digests.write_beside(folder / 'best')
  return folder


@pytest.mark.parametrize(
  'name', ['config.json', 'records.jsonl', 'best/d/x', 'best.digest.json']
)
def test_a_cell_names_the_file_that_is_damaged(tmp_path, name):
  folder = cell(tmp_path / 'cells' / 'a')
  assert digests.of_workdir(tmp_path) == []
  path = folder / name
  whole = path.read_bytes()
  for damaged in (b'', whole[: len(whole) // 2], b'\0' + whole[1:]):
    path.write_bytes(damaged)
    assert [p.path for p in digests.of_workdir(tmp_path)] == [path]
  path.unlink()
  missing = [p.path for p in digests.of_workdir(tmp_path)]
  # Without its digests a file is one of an earlier version.
  assert missing == ([] if name == 'best.digest.json' else [path])


def test_records_that_end_too_early_are_noticed(tmp_path):
  path = cell(tmp_path) / 'records.jsonl'
  whole = path.read_bytes().splitlines(keepends=True)
  path.write_bytes(b''.join(whole[:-1]))
  assert [p.path for p in digests.of_cell(tmp_path)] == [path]
