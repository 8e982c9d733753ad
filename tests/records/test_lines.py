"""Records can be read, whatever happened while they were written."""

import numpy as np
import pytest

from mtl_jax import records


def test_numpy_values_are_json_and_nan_is_null(tmp_path):
  values = {'a': np.float32(0.5), 'b': np.arange(2), 'c': float('nan')}
  records.append(tmp_path, {'kind': 'x', **values})
  assert list(records.read(tmp_path)) == [
    {'kind': 'x', 'a': 0.5, 'b': [0, 1], 'c': None}
  ]


def test_an_incomplete_last_line_is_skipped(tmp_path):
  records.append(tmp_path, {'kind': 'eval'})
  with open(tmp_path / 'records.jsonl', 'a') as file:
    file.write('{"kind": "do')
  assert not records.finished(tmp_path)
  records.append(tmp_path, {'kind': 'done'})
  assert [r['kind'] for r in records.read(tmp_path)] == ['eval', 'done']
  assert records.finished(tmp_path)


def test_what_stays_is_as_it_was_written(tmp_path):
  records.append(tmp_path, *({'kind': 'x', 'run': i} for i in range(4)))
  path = tmp_path / 'records.jsonl'
  lines = path.read_text().splitlines(keepends=True)
  path.write_text(''.join(lines) + '{"kind": "do')
  records.drop(tmp_path, lambda line: line['run'] != 1)
  assert path.read_text() == ''.join([lines[0], *lines[2:]])


def test_a_digest_does_not_depend_on_the_order_of_keys():
  assert records.digest({'a': 1, 'b': 2}) == records.digest({'b': 2, 'a': 1})
  assert records.digest({'a': 1}) != records.digest({'a': 2})


def test_flat_names_every_leaf():
  tree = {'a': {'b': 1, 'c': {}}, 'd': [2]}
  assert records.flat(tree) == {'a.b': 1, 'a.c': {}, 'd': [2]}


def test_an_invalid_line_in_the_middle_is_an_error(tmp_path):
  path = tmp_path / 'records.jsonl'
  path.write_text('{"kind": "cell"}\nnonsense\n{"kind": "done"}\n')
  with pytest.raises(ValueError, match='Expecting value'):
    list(records.read(tmp_path))
