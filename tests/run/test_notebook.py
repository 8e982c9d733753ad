"""Progress in a notebook: a bar and a line, no log."""

import sys
import types

from mtl_jax.run import notebook
from mtl_jax.run.progress import Live


def test_a_terminal_has_the_progress_of_commands():
  assert type(notebook.live(5)) is Live
  assert not notebook.inside()


def test_a_kernel_has_a_bar(monkeypatch):
  shell = types.SimpleNamespace(kernel=object())
  ipython = types.SimpleNamespace(get_ipython=lambda: shell)
  monkeypatch.setitem(sys.modules, 'IPython', ipython)
  assert notebook.inside()
  live = notebook.live(40)
  assert isinstance(live, notebook.InNotebook)
  live.begin('hard & <equal>')
  assert 'hard &amp; &lt;equal&gt;: compiling; 0 of 40 steps' in live.html()
  live.compiled(1.0)
  live.advance(10, {'sick': 0.5})
  assert '<progress value=10 max=40>' in live.html()
  assert '10 of 40 steps' in live.html()
  assert 'sick 0.500' in live.html()
  assert type(notebook.live(40, quiet=True)) is Live


def test_nothing_to_train_is_told():
  live = notebook.InNotebook(0)
  assert 'nothing is trained' in live.html()


def test_lines_go_where_they_are_read(monkeypatch, capsys):
  notebook.say('a')
  assert capsys.readouterr().err == 'a\n'
  monkeypatch.setattr(notebook, 'inside', lambda: True)
  notebook.say('b')
  assert capsys.readouterr().out == 'b\n'
