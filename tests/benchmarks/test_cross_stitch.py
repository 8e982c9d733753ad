"""Cross-stitch's ablations: rows, claims, the ensemble, and the page."""

import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks.cross_stitch import claims, page, paper, runs, tables, variants
from benchmarks.cross_stitch.claims import FAILS, HOLDS, OPEN
from experiments.made import answering
from experiments.search import with_changes
from mtl_jax import cells
from mtl_jax.api.experiment import Experiment
from mtl_jax.data import fashion_tasks
from mtl_jax.data.raw import fashion_mnist
from mtl_jax.launchers import base, local
from mtl_jax.report.runs import Eval, Run

STEPS = paper.PRESETS['cpu'].steps
LOSS = {'item': 1.0, 'hidden': 0.5}
# Gains over `single` in %, in the order that the paper claims.
LEVELS = {
  'own 0.1': 1,
  'own 0.5': 2,
  'own 0.7': 3,
  'lr x 1': 1,
  'lr x 100': 4,
  'lr x 1000': 4,
  'from scratch': 2,
  variants.SPLIT: 1,
  variants.ENSEMBLE: 2,
  'cross_stitch': 4,
}


def frame(levels=LEVELS, seeds=10, failed=('lr x 10000',)):
  """cross_stitch.csv of rows with these gains, and noise of .2 %."""
  draw, lines = np.random.default_rng(0), []
  names = [*variants.rows(STEPS), variants.SPLIT, variants.ENSEMBLE]
  for name in names:
    for seed in range(seeds):
      up = 0.01 * levels.get(name, 0) + 0.002 * draw.normal()
      item, hidden = 0.7 * (1 + up), 0.1 * (1 - up)
      out = name in failed
      measures = {'item': np.nan, 'hidden': np.nan} if out else {}
      lines.append(
        {'preset': 'cpu', 'row': name, 'seed': seed, 'score': 0.5}
        | {'item': item, 'hidden': hidden, 'diverged': int(out)}
        | measures
      )
  return pd.DataFrame(lines)


def verdicts(table):
  return [claim.verdict for claim in claims.judged(table)]


def test_published_gains_are_those_of_the_tables():
  # Table 1: 34.6 to 34.0 degrees of 34.8, and 18.2 to 18.9 % of 18.4.
  wanted = 50 * (0.6 / 34.8 + 0.7 / 18.4)
  assert paper.gain('T1', 'cross_stitch', 'own 0.1') == pytest.approx(wanted)
  for claim in claims.judged(frame()):
    assert all(part.published is None or part.published > 0
               for part in claim.parts), claim  # fmt: skip


def test_every_row_builds_and_changes_the_usual_network_in_one_value():
  config = runs.config(paper.PRESETS['cpu'])
  rows = variants.rows(config.steps)
  usual = rows['cross_stitch'].changes
  for row in rows.values():
    cells.check(with_changes(config, row.changes))
    if row.changes['scheme'] == 'cross_stitch' and row.changes != usual:
      other = {k for k, v in row.changes.items() if usual.get(k) != v}
      assert len(other) == 1
  assert rows[variants.SECOND].changes['noise_seed'] != config.noise_seed
  shown = sum(tables.in_groups(config.steps).values(), [])
  hidden = {variants.SECOND}
  assert {*rows} - hidden == {*shown} - {variants.SPLIT, variants.ENSEMBLE}


def test_claims_hold_where_they_are_true():
  assert verdicts(frame()) == [HOLDS] * 9


def test_claims_do_not_hold_where_rows_change_places():
  judged = verdicts(frame({name: -gain for name, gain in LEVELS.items()}))
  # Only what diverges remains.
  assert judged == [FAILS] * 3 + [HOLDS] + [FAILS] * 5
  assert verdicts(frame(failed=()))[3] == FAILS
  # A row of which no run was tested is worse than others.
  assert verdicts(frame(failed=('cross_stitch',)))[0] == FAILS


def test_few_seeds_show_nothing():
  assert verdicts(frame(seeds=1)) == [OPEN] * 9
  part = claims.judged(frame())[4].parts[0]
  assert 0 < part.smallest < 1
  assert part.low < part.value < part.high


def test_gains_are_relative_to_single():
  gained = claims.gains(frame())
  assert gained['single'].abs().max() == 0
  for row, level in LEVELS.items():
    assert gained[row].mean() == pytest.approx(level, abs=0.3)


@pytest.mark.parametrize(
  ('loss', 'wanted'),
  [
    (LOSS, False),
    (LOSS | {'item': 2.4}, True),
    (LOSS | {'hidden': 1.1}, True),
    (LOSS | {'hidden': None}, True),
    (LOSS | {'hidden': float('nan')}, True),
  ],
)
def test_a_run_diverges_if_a_constant_is_better(loss, wanted):
  evaluation = Eval(1, {}, train_loss=loss)
  assert runs.diverged(Run(0, {}, (evaluation,), test={})) == wanted
  assert runs.diverged(Run(0, {}, (evaluation,)))


@pytest.fixture
def glyphs(monkeypatch):
  """160 pictures in place of Fashion-MNIST."""
  draw = np.random.default_rng(0)
  pictures = draw.integers(0, 256, (160, 28, 28), np.uint8)
  items = np.arange(160, dtype=np.uint8) % 10
  made = fashion_mnist.Glyphs(
    pictures[:120], items[:120], pictures[120:], items[120:]
  )
  monkeypatch.setattr(fashion_mnist, 'read', lambda *_: made)
  fashion_tasks._table.cache_clear()
  yield
  fashion_tasks._table.cache_clear()


@pytest.mark.usefixtures('glyphs')
def test_the_ensemble_of_one_network_is_that_network(tmp_path, monkeypatch):
  single = variants.rows(4)['single']
  # The second training is the first one, which is finished then.
  both = {'single': single, variants.SECOND: single}
  monkeypatch.setattr(variants, 'rows', lambda _: both)
  monkeypatch.setattr(runs, 'best_split', lambda _: [])
  small = paper.Preset(2, 4, 2, (40, 20, 20), 20)
  config = runs.config(small)
  config.datasets.fashion_tasks.blocks = 2
  config.encoders.lenet.channels = (2, 2)
  config.verbose = 0
  asked = Experiment(config, local.make(base.Resources()), tmp_path / 'w')
  lines = pd.DataFrame(runs.trained(small, asked))
  rows = {name: own for name, own in lines.groupby('row')}  # noqa: C416
  for task in runs.TASKS:
    values = {n: own[task].astype(float).tolist() for n, own in rows.items()}
    assert values[variants.ENSEMBLE] == pytest.approx(values['single'], 1e-4)


def test_the_page_says_every_claim_and_row(tmp_path: pathlib.Path):
  table = frame()
  table.to_csv(tmp_path / page.CSV, index=False)
  page.write(tmp_path)
  text = (tmp_path / 'README.md').read_text()
  for claim in claims.judged(table):
    assert f'| {claim.table} | {claim.text} | **{claim.verdict}** |' in text
  for name in variants.rows(STEPS):
    assert name == variants.SECOND or f'| {name} |' in text
  assert (tmp_path / page.FIGURE).stat().st_size > 1000
  answer = answering.read(text, 'In words')
  assert answer.startswith('Of 9 published directions 9 hold: T1 (a tower ')
  assert answer.endswith('; 0 do not; 0 are undecided.')
  assert 'verdicts say nothing' not in text
  assert 'verdicts say nothing' in page.text(table.assign(preset='smoke'))


@pytest.mark.parametrize(
  ('flag', 'message'),
  [
    ('--preset=smok', "--preset is 'smok'; did you mean 'smoke'"),
    ('--config=configs/actg175.py', '--config has no meaning'),
  ],
)
def test_bad_input_ends_with_one_line(tmp_path, flag, message):
  command = [sys.executable, '-m', 'benchmarks.cross_stitch', flag]
  done = subprocess.run(
    [*command, f'--workdir={tmp_path}/w', f'--out={tmp_path}/out'],
    capture_output=True, text=True, timeout=100, check=False,
  )  # fmt: skip
  assert done.returncode == 2
  assert done.stderr.count('\n') == 1
  assert message in done.stderr
  assert not any(tmp_path.iterdir())
