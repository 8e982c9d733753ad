"""The site is whole, and what its pages show runs, with little training."""

import functools
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from mtl_jax.data import files
from tests import children, small
from tests.experiments import test_compare

quick = small.quick

DOCS = pathlib.Path(__file__).parents[1] / 'docs'
QUESTIONS = sorted(path.stem for path in DOCS.glob('questions/*.md'))
MTL_JAX = [sys.executable, '-m', 'experiments.main']
KINDS = '*.md', 'questions/*.md', 'notebooks/*.ipynb'
SMALL = {'seeds': 3, 'steps': 8, 'evals': 2}


def read(page):
  return (DOCS / page).read_text('utf-8')


def blocks(page, language):
  return re.findall(rf'```{language}\n(.*?)```', read(page), re.DOTALL)


def entries(page):
  """The pages that a page's toctrees name."""
  found = re.findall(r'```\{toctree\}\n(.*?)```', read(page), re.DOTALL)
  lines = [x for block in found for x in block.splitlines() if x]
  names = [re.sub(r'.*<(.*)>', r'\1', x) for x in lines if x[0] != ':']
  return {n.removesuffix('.md') for n in names}


def test_every_page_is_reached_from_the_first():
  pages = [path for kind in KINDS for path in DOCS.glob(kind)]
  own = {str(p.relative_to(DOCS).with_suffix('')) for p in pages} - {'index'}
  assert entries('index.md') == own | {'results/README'}


def test_the_list_of_columns_is_that_of_a_report():
  from mtl_jax.report.compare import glossary

  said = ' '.join(read('concepts.md').split())
  texts = glossary.LINES | {glossary.WHOLE: glossary.WHOLE_LINE}
  for name, text in texts.items():
    line = f'- **{name}**: {text.format(margin=1)}'
    assert ' '.join(line.split()) in said, line


def test_every_module_of_the_reference_is_one():
  import importlib.util

  named = re.findall(r'^   (mtl_jax[\w.]*)$', read('api.md'), re.MULTILINE)
  assert len(named) > 10
  assert [name for name in named if not importlib.util.find_spec(name)] == []


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """Somewhere else, with a configuration that trains in a moment."""
  made = tmp_path_factory.mktemp('site')
  text = test_compare.CONFIG.replace('2, 1200, 60', '3, 8, 2')
  (made / 'toy.py').write_text(text)
  return made


def run(command, folder, *more, **others):
  """A command as it is shown, and what makes it short."""
  words = shlex.split(command.replace('\\\n', ' '))
  starts = {'python': [sys.executable], 'mtl-jax': MTL_JAX}
  start = starts.get(words[0])
  words = [*start, *words[1:]] if start else ['sh', '-c', command]
  env = children.environment(PYTHONPATH=str(DOCS.parent), **others)
  return subprocess.run(
    [*words, *more], cwd=folder, capture_output=True, text=True, env=env,
    timeout=300, check=False,
  )  # fmt: skip


@pytest.mark.parametrize('page', sorted({*QUESTIONS} - {'predict'}))
def test_the_commands_of_a_question_are_taken_as_they_stand(page, tmp_path):
  """As far as the last check before training; Python, below, goes on."""
  commands = blocks(f'questions/{page}.md', 'sh')
  assert commands
  for command in commands:
    done = run(command, tmp_path, '--config.steps=-1')
    assert 'config.steps is -1' in done.stderr, command


@pytest.fixture
def shorter(folder, monkeypatch):
  """Functions of the Python interface train little, on the toy."""
  import mtl_jax

  def of(function):
    @functools.wraps(function)
    def call(data, **given):
      config = str(folder / 'toy.py') if data == 'actg175' else data
      return function(config, **given | SMALL)

    return call

  for name in ('compare', 'fit', 'interference', 'transfer'):
    monkeypatch.setattr(mtl_jax, name, of(getattr(mtl_jax, name)))
  monkeypatch.chdir(folder)


# The notebook of interference makes the call of the page on hurt; claims are a
# command alone.
@pytest.mark.parametrize(
  'page', sorted({*QUESTIONS} - {'predict', 'hurt', 'claims'})
)
def test_the_python_of_a_question_runs(page, shorter):
  (code,) = blocks(f'questions/{page}.md', 'python')
  exec(code, {})  # noqa: S102 - it is the page's own.


def test_the_quick_start_goes_from_a_csv_to_predictions(raw, tmp_path):
  """In order, in an empty folder; `pip install` is left to install-check."""
  folder = {'MTL_JAX_FILES': raw('actg175')}
  _, shown = blocks('quickstart.md', 'sh')
  lines = shown.replace('\\\n', ' ').splitlines()
  more = [f'--config.{key}={value}' for key, value in SMALL.items()]
  for line in lines:
    given = more if ' compare ' in line else []
    done = run(line, tmp_path, *given, **folder)
    assert done.returncode == 0, done.stderr
  new = (tmp_path / 'new.csv').read_text().splitlines()
  made = (tmp_path / 'predictions.csv').read_text().splitlines()
  assert len(made) == len(new) == 4
  assert made[0].startswith('row,cd420,cd420_sd,cens=1,')
  assert (tmp_path / 'out/first/report.html').exists()


def test_the_python_of_the_quick_start_runs_and_its_model_predicts(
  raw, tmp_path, shorter
):
  files.unpack(['actg175'], '.', raw('actg175'))
  (code,) = blocks('quickstart.md', 'python')
  exec(code, {})  # noqa: S102 - it is the page's own.
  assert pathlib.Path('first/table.md').exists()
  # New rows, and the model that the page has saved.
  lines = pathlib.Path('ACTG175.csv').read_text().splitlines()[:3]
  pathlib.Path('new.csv').write_text('\n'.join(lines))
  (code,) = blocks('questions/predict.md', 'python')
  exec(code.replace('CELL', "'model'"), {})  # noqa: S102
  (command,) = blocks('questions/predict.md', 'sh')
  assert run(command.replace('CELL', 'model'), '.').returncode == 0
  assert len(pathlib.Path('predictions.csv').read_text().splitlines()) == 3
