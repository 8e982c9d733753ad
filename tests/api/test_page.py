"""The blocks of docs/python.md run, one after the other."""

import pathlib
import re

import jax

from tests import small

quick = small.quick

PAGE = pathlib.Path(__file__).parents[2] / 'docs' / 'python.md'


def test_the_page_runs_and_its_model_is_trained_already(
  tmp_path, monkeypatch, capsys
):
  jax.devices()
  monkeypatch.setenv('MTL_JAX_CACHE', str(tmp_path))
  monkeypatch.chdir(tmp_path)
  blocks = re.findall(
    r'```python\n(.*?)```', PAGE.read_text('utf-8'), re.DOTALL
  )
  names = {}
  *before, last = blocks
  for block in before:
    exec(block, names)
  assert names['result'].sentence in capsys.readouterr().out
  assert (tmp_path / 'out/first/report.html').is_file()
  trained = {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')}
  exec(last, names)
  found = {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')}
  assert found == trained
  assert 'score' in names['model'].predict(names['table'].head())
