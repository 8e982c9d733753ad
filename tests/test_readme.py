"""The README's commands run, its links lead somewhere, its lists are whole."""

import pathlib
import re
import shlex
import subprocess
import sys

from absl import flags

from experiments import compare, profile, report, search  # noqa: F401
from mtl_jax import data, plugins
from mtl_jax.train import optimizers, schedules

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')
PAGES = [ROOT / 'README.md', *(ROOT / 'docs').rglob('*.md')]


def test_make_knows_its_two_commands():
  for target in re.findall(r'^make (\w+)', README, re.MULTILINE):
    done = subprocess.run(
      ['make', '--dry-run', target], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, target


def test_every_flag_that_is_shown_is_one():
  shown = set(re.findall(r'--(\w+)(?=[=\s`])', README)) - {'help'}
  assert {'schemes', 'balancers', 'workdir', 'config'} <= shown
  assert shown <= set(flags.FLAGS)


def test_every_choice_is_listed():
  for name in (
    *plugins.names('mtl_jax.schemes'),
    *plugins.names('mtl_jax.balancers'),
    *plugins.names('mtl_jax.encoders'),
    *optimizers.OPTIMIZERS,
    *schedules.SCHEDULES,
  ):
    assert f'`{name}`' in README, name
  # These are set by another config: `several` by that of a table.
  others = {'tfds', 'several', 'rendered_scenes'}
  for name in set(data.names()) - others | {'dense'}:
    assert f'configs/{name}.py' in README


def test_links_lead_to_files():
  for page in PAGES:
    for link in re.findall(r'\]\(([^)#]+)\)', page.read_text('utf-8')):
      assert (page.parent / link).exists(), (page.name, link)


def test_the_example_command_is_taken_as_it_stands(tmp_path):
  """As far as its own check of the data: that needs no training."""
  command = re.search(
    r'```sh\n(python -m experiments.compare.*?)```', README, re.DOTALL
  ).group(1)
  words = shlex.split(command.replace('\\\n', ' '))
  words[0] = sys.executable
  done = subprocess.run(
    [*words, f'--workdir={tmp_path}/w', '--config.steps=-1'],
    cwd=ROOT, capture_output=True, text=True, check=False,
  )  # fmt: skip
  assert 'config.steps is -1' in done.stderr
