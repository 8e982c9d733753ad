"""The page is made of its records."""

import pathlib

import numpy as np
import pandas as pd
import pytest

from benchmarks import results
from benchmarks.multi_fashion import page, presets, runs, sentences
from experiments.made import answering
from mtl_jax.errors import InputError
from mtl_jax.report import results as report_cells

FOLDER = pathlib.Path(__file__).parents[3] / page.FOLDER
TASKS = tuple(report_cells.TaskInfo(t, 'multiclass', ()) for t in runs.TASKS)


def cell(level, failed=()):
  """Records of three seeds."""
  own = []
  for seed in range(3):
    tested = {
      t.name: {'accuracy': level + 0.001 * seed * (-1) ** k}
      for k, t in enumerate(TASKS)
    }
    done = {} if seed in failed else {'valid': tested, 'test': tested}
    own.append(report_cells.Run(seed, {}, (), 0.1, best_step={}, **done))
  header = {'split': 'fixed'}
  cost = {'params': 1000, 'seconds': 12.3}
  return report_cells.Cell(header, TASKS, tuple(own), tuple(own), cost, ())


@pytest.fixture
def lines():
  made = []
  for i, row in enumerate(presets.ROWS):
    records = cell(0.8 - 0.01 * i, {0, 1, 2} if row == 'mtan' else {})
    made += runs.rows('cpu', 'kurin', row, records)
  return made


def test_a_page_has_every_row_source_and_verdict(lines, tmp_path):
  results.write(tmp_path / page.ACCURACIES, lines)
  page.write(tmp_path)
  text = (tmp_path / 'README.md').read_text()
  first = text.split('\n\n')[1].replace('\n', ' ')
  # Two of the eleven are one test with one recipe.
  assert first.startswith('In words: of 10 different published patterns ')
  assert first.endswith('.')
  assert answering.read(text, 'In words').startswith('Of 10 different ')
  assert '| single | 80.10 | 79.90 | 80.00 |' in text
  assert '| mtan, equal | – |' in text
  assert '- Without results: kurin: mtan, equal.' in text
  assert '{' not in text
  assert '[memory]' not in text
  assert text.count('### ') == 1 + 7
  frame = pd.read_csv(tmp_path / page.AGAINST)
  assert {*frame.row} == {*presets.ROWS} - {'mtan'}
  verdicts = frame[['accuracy_verdict', 'gap_verdict', 'rank_verdict']]
  for verdict in np.unique(verdicts.to_numpy().astype(str)):
    assert verdict.startswith(('within', 'outside', 'not comparable (', 'nan'))
  assert (tmp_path / 'gaps.png').stat().st_size < 400_000


def test_the_smallest_preset_is_said_to_show_nothing():
  assert 'verdicts say nothing' in sentences.warning('smoke')
  assert not sentences.warning('cpu') + sentences.warning('full')


def test_a_page_takes_its_baselines(lines):
  frame = pd.DataFrame(lines)
  with pytest.raises(InputError, match='all runs of single'):
    page.text(frame[frame.row != 'single'])


@pytest.mark.skipif(not FOLDER.exists(), reason='not run yet')
def test_the_page_that_is_there_is_made_of_its_files():
  frame = pd.read_csv(FOLDER / page.ACCURACIES)
  assert page.text(frame) == (FOLDER / 'README.md').read_text()
