"""ACTG 175: a randomised HIV trial, 2,139 patients, five outcomes.

Hammer et al., New England Journal of Medicine 335, 1996. Inputs are what was
known when a patient was drawn into an arm, and the arm; outcomes and follow-up
times (cd420, cd820, cd496, r, offtrt, cens, days) feed labels only.
"""

import csv
import io

import numpy as np
import tensorflow_datasets as tfds
from jaxtyping import Float64

from mtl_jax.data import base, columns, files, splits
from mtl_jax.tasks import Task

# Left out: pidnum (the file is sorted by it), zprior (constant), str2 and
# treat (functions of strat and arms).
INPUTS = (
  *('age', 'wtkg', 'hemo', 'homo', 'drugs', 'karnof', 'oprior', 'z30'),
  *('preanti', 'race', 'gender', 'strat', 'symptom', 'arms', 'cd40', 'cd80'),
)
TASKS = (
  Task('cd420', 'regression'),
  Task('cd820', 'regression'),
  Task('cd496', 'regression'),
  Task('offtrt', 'binary'),
  Task('cens', 'binary'),
)
COLUMNS = (
  *('pidnum', 'age', 'wtkg', 'hemo', 'homo', 'drugs', 'karnof', 'oprior'),
  *('z30', 'zprior', 'preanti', 'race', 'gender', 'str2', 'strat', 'symptom'),
  *('treat', 'offtrt', 'cd40', 'cd420', 'cd496', 'r', 'cd80', 'cd820'),
  *('cens', 'days', 'arms'),
)
# Columns of `features`, in order: categories follow as 0 and 1.
FEATURES = (
  *(name for name in INPUTS if name not in ('strat', 'arms')),
  *('strat 2', 'strat 3', 'arms 1', 'arms 2', 'arms 3'),
)
PARTS = (3, 1, 1)

Table = dict[str, np.ndarray]

CARD = base.Card(
  name='actg175',
  source='ACTG175.csv in the Python distribution lifelines 0.30.3',
  licence='MIT (the distribution); the table is not redistributed here',
  citation='Hammer et al., N Engl J Med 335:1081-1090, 1996',
  split_rule='3:1:1 by patient, stratified by event (cens) and history (strat)',
  counts={},
  notes=(
    'cens = 1 means that the event happened. cd496 is missing for 797 '
    'patients, not at random: it is masked, never imputed. Regression labels '
    'are in deviations of the training split.'
  ),
)


class Actg175(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """All 27 named columns, in file order; NaN where a value is missing."""

  name = 'actg175'
  VERSION = tfds.core.Version('1.0.0')
  MANUAL_DOWNLOAD_INSTRUCTIONS = files.remedy('actg175')

  def _info(self):
    return tfds.core.DatasetInfo(
      builder=self,
      description=__doc__,
      citation=CARD.citation,
      features=tfds.features.FeaturesDict(
        {name: tfds.features.Scalar(np.float32) for name in COLUMNS}
      ),
      disable_shuffling=True,
    )

  def _split_generators(self, dl_manager):
    raw = files.member(files.SOURCES['actg175'], dl_manager.manual_dir)
    return {'rows': self._generate_examples(raw)}

  def _generate_examples(self, raw):
    for i, row in enumerate(csv.DictReader(io.StringIO(raw.decode()))):
      values = {name: row[name] for name in COLUMNS}
      yield i, {k: float(v) if v != 'NA' else np.nan for k, v in values.items()}


def load(
  split_seed: int | None = None, data_dir: str = '', files: str = ''
) -> base.Data:
  """Inputs `[N, 19]` float32, standardised; tasks as in `TASKS`.

  `split_seed=None` is the fixed split; its sizes are those of every seed.
  """
  table = read(data_dir, files)
  strata = (table['cens'] * 4 + table['strat']).astype(np.int64)
  return build(table, splits.stratified(strata, PARTS, split_seed))


def read(data_dir: str = '', folder: str = '') -> Table:
  """The table as stored, prepared if it is not yet."""
  builder = Actg175(
    data_dir=files.home(data_dir), file_format=tfds.core.FileFormat.ARRAY_RECORD
  )
  return base.arrays(
    base.prepare(builder, files.folder(folder, data_dir)), 'rows'
  )


def build(table: Table, rows: splits.Rows) -> base.Data:
  """The data set whose splits are these rows of the table."""
  labels, known = zip(*(label(table, t, rows[0]) for t in TASKS), strict=True)
  inputs = columns.standardise(
    features(table), rows[0], FEATURES, 'actg175 inputs'
  )
  whole = base.Split(inputs, labels, np.stack(known, axis=1))
  return base.cut(whole, rows, TASKS, CARD, FEATURES)


def features(table: Table) -> Float64[np.ndarray, 'rows 19']:
  """Inputs before scaling: long tails folded, categories as 0 and 1."""
  kept = {n: table[n].astype(np.float64) for n in INPUTS}
  strat, arms = kept.pop('strat'), kept.pop('arms')
  kept['preanti'] = np.log1p(kept['preanti'])
  kept['cd40'], kept['cd80'] = np.sqrt(kept['cd40']), np.sqrt(kept['cd80'])
  dummies = [strat == 2, strat == 3, arms == 1, arms == 2, arms == 3]
  return np.stack([*kept.values(), *dummies], axis=1)


def label(table: Table, task: Task, train: np.ndarray):
  """Labels of one task `[N]`, and where they are known."""
  values = table[task.name]
  if task.kind == 'regression':
    return columns.regression(values, train)
  return values.astype(np.int32), np.ones(len(values), bool)
