"""A call of Python and a command are one: same cells, same files."""

import jax
import pandas as pd
import pytest

import mtl_jax as mtl
from mtl_jax.data import base
from tests import small, toy
from tests.experiments import test_compare

quick = small.quick

CONFIG = test_compare.CONFIG.replace('1200, 60', '20, 2')


@pytest.fixture(scope='module')
def asked(tmp_path_factory):
  """A configuration file, a workdir, and a call that has trained in it."""
  jax.devices()  # Other tests have as many devices as they would without this.
  folder = tmp_path_factory.mktemp('api')
  (folder / 'toy.py').write_text(CONFIG)
  config, workdir = str(folder / 'toy.py'), folder / 'w'
  return config, workdir, mtl.compare(config, ['hard'], workdir=workdir)


def kept(folder):
  return {p: p.read_bytes() for p in folder.rglob('records.jsonl')}


def test_the_command_finds_the_cells_and_makes_the_same_table(asked):
  config, workdir, result = asked
  before = kept(workdir)
  assert len(before) == 4  # single, hard, linear models, trees
  table = (workdir / 'table.csv').read_bytes()
  done = test_compare.run(
    'compare', f'--config={config}', '--schemes=hard', f'--workdir={workdir}',
    script='experiments.main',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  assert kept(workdir) == before
  assert (workdir / 'table.csv').read_bytes() == table
  assert result.sentence in done.stdout
  assert '>mtl-jax compare --config=' in (workdir / 'report.html').read_text()


def test_the_same_call_trains_nothing_and_has_the_same_numbers(asked):
  config, workdir, result = asked
  before = kept(workdir)
  again = mtl.compare(config, 'hard', workdir=workdir)
  assert kept(workdir) == before
  pd.testing.assert_frame_equal(again.long, result.long)
  text = result.long.to_csv(index=False, lineterminator='\n')
  assert (workdir / 'table.csv').read_text() == text


def test_it_shows_its_answer_and_table(asked):
  result = asked[-1]
  html = result._repr_html_()
  assert result.sentence in html
  assert '<td>hard</td>' in html
  assert result.sentence in repr(result)
  assert [*result.table.index][:4] == ['reference', 'trees', 'single', 'hard']
  found = result.verdicts.set_index(['scheme', 'task'])
  assert found.index[0] == ('reference', 'ALL')
  assert found.loc[('hard', 'ALL'), 'metric'] == 'delta_m'
  assert ('single', 'sum') not in found.index
  assert len(found) == 3 * 3


def test_save_writes_what_a_workdir_has(asked, tmp_path):
  config, workdir, result = asked
  result.save(tmp_path / 'saved')
  names = {p.relative_to(workdir) for p in workdir.rglob('*') if p.is_file()}
  saved = {
    p.relative_to(tmp_path / 'saved')
    for p in (tmp_path / 'saved').rglob('*')
    if p.is_file()
  }
  assert saved == names
  (tmp_path / 'other').mkdir()
  (tmp_path / 'other' / 'thesis.tex').write_text('')
  with pytest.raises(mtl.InputError, match='other files'):
    result.save(tmp_path / 'other')


def test_figures_are_those_of_this_result(asked):
  result = asked[-1]
  drawn = (result.workdir / 'figures' / 'differences.png').read_bytes()
  assert result.figures['differences']._repr_png_() == drawn


def test_without_a_workdir_the_call_finds_its_cells_too(
  asked, tmp_path, monkeypatch
):
  monkeypatch.setenv('MTL_JAX_CACHE', str(tmp_path))
  call = {'schemes': 'hard', 'reference': False, 'dataset': 'tests.toy'}
  config = asked[0]
  first = mtl.compare(config, **call)
  assert first.workdir.parent == tmp_path / 'tables'
  assert not (first.workdir / 'table.csv').exists()
  before = kept(tmp_path)
  again = mtl.compare(config, **call)
  assert again.workdir == first.workdir
  assert kept(tmp_path) == before
  assert {f.name for f in first.folders} <= {f.name for f in asked[-1].folders}


def test_mistakes_are_errors_of_python(asked):
  config = asked[0]
  for call, said in (
    ({'schemes': ['hrad']}, "did you mean 'hard'"),
    ({'balancers': 'equl'}, "did you mean 'equal'"),
    ({'tune': 1}, 'tune=1; give 2 to 1000 draws'),
    ({'seeds': 0}, 'config.seeds is 0'),
  ):
    with pytest.raises(mtl.InputError, match=said):
      mtl.compare(config, **call)


def test_data_in_memory_have_one_split():
  from mtl_jax.api import given

  data = toy.load(0)
  made = given.experiment(given.Given(data, 2, None, {}), 'compare')
  assert not made.config.resplit
  assert made.load(split_seed=3) is data
  assert isinstance(made.load(), base.Data)
