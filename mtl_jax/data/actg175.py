"""ACTG 175: a randomised HIV trial with 2,139 patients and five outcomes.

Hammer et al., New England Journal of Medicine 335, 1996. The inputs are the
baseline measurements and the treatment arm. Outcomes and follow-up times
(cd420, cd820, cd496, r, offtrt, cens, days) are used for labels only.
"""

import csv
import io

import numpy as np
import tensorflow_datasets as tfds
from jaxtyping import Float64

from mtl_jax.data import base, columns, files, splits
from mtl_jax.tasks import Task

# Omitted: pidnum (the file is sorted by it), zprior (constant), str2 and treat
# (functions of strat and arms).
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
# Columns of `features` in order; the indicators of categories come last.
FEATURES = (
  *(name for name in INPUTS if name not in ('strat', 'arms')),
  *('strat 2', 'strat 3', 'arms 1', 'arms 2', 'arms 3'),
)
UNIT = 'cells/mm3'  # of the counts: cd420, cd820, cd496
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
    'are in standard deviations of the training split.'
  ),
  units='patients',
)


class Actg175(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """TFDS builder of all 27 named columns, in file order; NaN if missing."""

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
  """Loads ACTG 175: standardised inputs float32 `[N, 19]` and five tasks.

  Args:
    split_seed: seed of the split; None is the fixed split of the card.
    data_dir: folder of prepared data; '' is the default of `files.home`.
    files: folder of raw files; '' is the default of `files.folder`.

  Returns:
    The data set. The sizes of the splits do not depend on the seed.

  Raises:
    InputError: if the raw file is missing or its hash differs.
  """
  table = read(data_dir, files)
  # `strat` is 1 to 3, so the sum is unique for each pair.
  strata = (table['cens'] * 4 + table['strat']).astype(np.int64)
  return build(table, splits.stratified(strata, PARTS, split_seed))


def read(data_dir: str = '', folder: str = '') -> Table:
  """Returns the table as stored, and prepares it first if necessary.

  Args:
    data_dir: folder of prepared data; '' is the default of `files.home`.
    folder: folder of raw files; '' is the default of `files.folder`.

  Returns:
    One float32 array `[N]` per column, NaN where a value is missing.
  """
  builder = Actg175(
    data_dir=files.home(data_dir), file_format=tfds.core.FileFormat.ARRAY_RECORD
  )
  return base.arrays(
    base.prepare(builder, files.folder(folder, data_dir)), 'rows'
  )


def build(table: Table, rows: splits.Rows) -> base.Data:
  """Builds the data set for given splits.

  Args:
    table: columns as returned by `read`.
    rows: row numbers of train, valid and test.
  """
  labels, known = zip(*(label(table, t, rows[0]) for t in TASKS), strict=True)
  inputs = columns.standardise(
    features(table), rows[0], FEATURES, 'actg175 inputs'
  )
  whole = base.Split(inputs, labels, np.stack(known, axis=1))
  data = base.cut(whole, rows, TASKS, CARD, FEATURES)
  return data._replace(scales=scales(table, rows[0]))


def scales(table: Table, train: np.ndarray) -> tuple[base.Scale | None, ...]:
  """Returns the scale of each task's labels; None of those that have none.

  Args:
    table: columns as returned by `read`.
    train: row numbers of the training split.
  """
  return tuple(
    columns.scale(table[task.name], train, UNIT)
    if task.kind == 'regression'
    else None
    for task in TASKS
  )


def features(table: Table) -> Float64[np.ndarray, 'rows 19']:
  """Returns the inputs before scaling, in the order of `FEATURES`.

  Skewed columns are transformed and categories are coded as indicators.
  """
  values = {n: table[n].astype(np.float64) for n in INPUTS}
  strat, arms = values.pop('strat'), values.pop('arms')
  # Days of earlier treatment and cell counts have long right tails.
  values['preanti'] = np.log1p(values['preanti'])
  values['cd40'] = np.sqrt(values['cd40'])
  values['cd80'] = np.sqrt(values['cd80'])
  dummies = [strat == 2, strat == 3, arms == 1, arms == 2, arms == 3]
  return np.stack([*values.values(), *dummies], axis=1)


def label(table: Table, task: Task, train: np.ndarray):
  """Returns the labels of one task `[N]`, and a mask `[N]` of known ones.

  Args:
    table: columns as returned by `read`.
    task: one of `TASKS`.
    train: row numbers of the training split, which fit the scaling.
  """
  values = table[task.name]
  if task.kind == 'regression':
    return columns.regression(values, train)
  return values.astype(np.int32), np.ones(len(values), bool)
