"""Reads any prepared TFDS data set by name.

The data set must have been prepared with `file_format='array_record'`; nothing
is downloaded or generated here. Features are named as in the builder's info,
nested ones with a slash: `outer/inner`.
"""

import functools
import json
import operator
from collections.abc import Sequence

import numpy as np
import tensorflow_datasets as tfds

from mtl_jax import tasks as tasks_lib
from mtl_jax.data import base, columns, files, text
from mtl_jax.data import splits as splits_lib
from mtl_jax.data.checking import one_class
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins import foreign
from mtl_jax.tasks import Task

Table = dict[str, np.ndarray]


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  name: str = '',
  config: str = '',
  version: str = '',
  inputs: Sequence[str] = ('image',),
  tasks: Sequence[Sequence[str]] = (('label', 'multiclass'),),
  splits: Sequence[str] = ('train', 'validation', 'test'),
  max_len: int = 40,
  vocab_size: int = 10000,
) -> base.Data:
  """Loads a prepared TFDS data set.

  A single input feature is the input itself, several numeric ones become one
  float32 matrix, and any other combination is a dict. Floats are standardised
  on the training split, arrays of integers are unchanged, and text becomes word
  numbers. A label is missing if it is NaN, or if it is negative and the task is
  not a regression.

  Args:
    split_seed: None uses the rows of `splits`; a seed pools them and splits
      them again at random, with the same sizes, stratified by the first task
      with classes.
    data_dir: folder of prepared data; '' is the default of `files.home`.
    files: not used.
    name: name of the TFDS data set.
    config: builder config, '' if there is none.
    version: version, '' for the latest.
    inputs: features that are inputs.
    tasks: pairs of a label feature and the kind of its task.
    splits: TFDS split strings of train, valid and test, slices allowed.
    max_len: number of words to which text is cut or padded.
    vocab_size: size of the vocabulary of text.

  Raises:
    InputError: if the data set, a feature, a split or a kind does not exist, or
      a value does not suit its kind.
  """
  tasks_lib.check(tuple(Task(key, kind) for key, kind in tasks))
  builder = find(name, data_dir, config, version)
  classes = [key for key, kind in tasks if kind in one_class.KINDS]
  table, rows = read(
    builder, splits, split_seed, inputs, [k for k, _ in tasks], classes[:1]
  )
  encode = functools.partial(
    _encode, train=rows[0], max_len=max_len, vocab_size=vocab_size
  )
  own = [_task(builder, table[key], key, kind) for key, kind in tasks]
  labels, known = zip(
    *(_label(table[task.name], task, rows[0]) for task in own), strict=True
  )
  whole = base.Split(_join(table, inputs, encode), labels, np.stack(known, 1))
  data = base.cut(whole, rows, own, _card(builder, splits, split_seed))
  return data._replace(scales=tuple(_scale(table, t, rows[0]) for t in own))


def find(name: str, data_dir: str = '', config: str = '', version: str = ''):
  """Returns a builder that reads a prepared data set.

  Args:
    name: name of the data set.
    data_dir: folder of prepared data; '' is the default of `files.home`.
    config: builder config, '' if there is none.
    version: version, '' for the latest.

  Raises:
    InputError: if it is not prepared, or in another file format.
  """
  home = files.home(data_dir)
  infos = home.glob('*/**/dataset_info.json') if home.is_dir() else ()
  prepared = {str(info.parent.parent.relative_to(home)) for info in infos}
  wanted = f'{name}/{config}' if config else name
  if wanted not in prepared:
    raise InputError(
      f'{home} holds no prepared data set {wanted!r}; '
      + nearest(wanted, prepared)
    )
  _check_code(home, wanted)
  builder = _reader(home, wanted, version)
  if builder.info.file_format is not tfds.core.FileFormat.ARRAY_RECORD:
    raise InputError(
      f'{name} is stored as {builder.info.file_format.value}; prepare it with '
      "file_format='array_record'"
    )
  return builder


def _check_code(home, wanted: str) -> None:
  # TFDS imports the modules of the classes that this file names.
  for file in (home / wanted).rglob('features.json'):
    try:
      names = [*_words(json.loads(file.read_bytes()))]
    except (ValueError, RecursionError) as error:
      raise InputError(
        f'{file} is damaged: {error}; prepare it again'
      ) from error
    foreign.check(names, home)


def _words(tree):
  if isinstance(tree, dict | list):
    for own in tree.values() if isinstance(tree, dict) else tree:
      yield from _words(own)
  elif isinstance(tree, str):
    yield tree


def _reader(home, wanted: str, version: str):
  kwargs = {'version': version} if version else {}
  try:
    return tfds.core.read_only_builder.builder_from_files(
      wanted, data_dir=home, **kwargs
    )
  except tfds.core.DatasetNotFoundError as error:
    versions = [c.name for c in (home / wanted).iterdir() if c.is_dir()]
    raise InputError(
      f'{home / wanted}: no version {version!r}; {nearest(version, versions)}'
    ) from error


def read(
  builder,
  splits: Sequence[str],
  seed: int | None,
  inputs: Sequence[str],
  labels: Sequence[str],
  strata: Sequence[str] = (),
) -> tuple[Table, splits_lib.Rows]:
  """Reads the rows of three splits into one table.

  Args:
    builder: TFDS builder of prepared data.
    splits: TFDS split strings of train, valid and test.
    seed: None leaves rows in their split; a seed pools and splits them again.
    inputs: features that are inputs.
    labels: features that are labels.
    strata: a feature by which a seed stratifies the splits, or none.

  Returns:
    Arrays `[N, ...]` by feature, and the row numbers of train, valid and test.

  Raises:
    InputError: if a split or feature does not exist, or an input is not finite.
  """
  if len(splits) != 3:
    raise InputError(f'splits are train, valid and test; got {splits}')
  parts = [base.arrays(builder, split) for split in splits]
  _check_keys(parts[0], inputs, labels, builder.name)
  for split, part in zip(splits, parts, strict=True):
    for key in inputs:
      _check_finite(part[key], key, f'{builder.name} {split}')
  table = {
    key: np.concatenate([part[key] for part in parts])
    for key in {*inputs, *labels}
  }
  sizes = [len(part[inputs[0]]) for part in parts]
  if seed is None:
    return table, tuple(np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]))
  # With the sizes as parts, the pattern of the parts is as long as the table.
  rows = _strata(table, strata, sum(sizes))
  return table, splits_lib.stratified(rows, tuple(sizes), seed)


def _strata(table: Table, keys: Sequence[str], count: int) -> np.ndarray:
  """Returns the stratum of each row: its class, all one without a feature."""
  for key in keys:
    # Bad labels are reported later, by name; here they only need an order.
    return np.unique(table[key], return_inverse=True)[1].reshape(-1)[:count]
  return np.zeros(count, np.int64)


def _check_keys(table: Table, inputs, labels, name: str) -> None:
  if not inputs or not labels:
    raise InputError(f'{name}: name at least one input and one task')
  for key in (*inputs, *labels):
    if key not in table:
      raise InputError(f'{name} has no feature {key!r}; {nearest(key, table)}')
  if both := set(inputs) & set(labels):
    raise InputError(f'{name}: {sorted(both)} are inputs and labels at once')


def _check_finite(values: np.ndarray, key: str, where: str) -> None:
  # Checked before scaling, which would spread a NaN over its whole column.
  if values.ndim == 1:
    base.finite(values[:, None], where, [key])
  else:
    base.finite(values, f'{where}, feature {key!r}')


def _join(table: Table, keys, encode):
  """Combines input features: one array, one matrix, or a dict of arrays."""
  if len(keys) == 1:
    return encode(table[keys[0]])
  if any(table[k].dtype.kind in 'SU' or table[k].ndim > 2 for k in keys):
    return {key: encode(table[key]) for key in keys}
  matrix = [table[k].reshape(len(table[k]), -1) for k in keys]
  return encode(np.concatenate(matrix, axis=1).astype(np.float32))


def _encode(values: np.ndarray, train, max_len: int, vocab_size: int):
  if values.dtype.kind in 'SU':
    sentences = [s.decode() if values.dtype.kind == 'S' else s for s in values]
    coded, _ = text.encode(sentences, max_len)
    return text.vocabulary(coded, train, vocab_size)[coded]
  # Images remain bytes, a quarter of their size as float32.
  if values.ndim > 1 and values.dtype.kind in 'iu':
    return values if values.dtype == np.uint8 else values.astype(np.int32)
  if values.ndim == 1:
    values = values[:, None]
  return columns.standardise(values, train)


def _task(builder, labels: np.ndarray, key: str, kind: str) -> Task:
  if labels.ndim != 1 or labels.dtype.kind in 'SU':
    raise InputError(f'{builder.name}: label {key!r} is not one number per row')
  if kind != 'multiclass':
    return Task(key, kind)
  parts = key.split('/')
  feature = functools.reduce(operator.getitem, parts, builder.info.features)
  # Over all splits: the shape of a prediction must not depend on the seed.
  seen = int(columns.counts(labels)[0].max()) + 1
  return Task(key, kind, getattr(feature, 'num_classes', None) or seen)


def _scale(table: Table, task: Task, train) -> base.Scale | None:
  if task.kind != 'regression':
    return None
  return columns.scale(table[task.name], train)


def _label(labels: np.ndarray, task: Task, train):
  if task.kind == 'regression':
    return columns.regression(labels, train)
  if task.kind == 'binary' and (labels == -1).any() and not (labels == 0).any():
    raise InputError(
      f'task {task.name!r} is binary and holds -1 and no 0, but -1 marks a '
      'missing label: prepare it with 0 for no, or use kind regression'
    )
  labels, known = columns.counts(labels)
  # Other kinds have their own checks and no fixed range of labels.
  top = {'binary': 1, 'multiclass': task.num_outputs - 1}.get(task.kind)
  if top is not None:
    wrong = labels[(labels > top) | (labels != np.floor(labels))]
    if len(wrong):
      raise InputError(
        f'task {task.name!r} is {task.kind} and holds {wrong[0]:g}; labels are '
        f'whole numbers from 0 to {top}'
      )
  return (labels if top is None else labels.astype(np.int32)), known


def _card(builder, splits: Sequence[str], seed: int | None) -> base.Card:
  info = builder.info
  drawn = '' if seed is None else ', pooled and split again at the same sizes'
  return base.Card(
    name=info.full_name,
    source=f'TFDS {info.full_name}; {info.homepage}'.rstrip('; '),
    licence=info.redistribution_info.license or 'not given by the builder',
    citation=info.citation or 'not given by the builder',
    split_rule=f'TFDS splits {", ".join(splits)}{drawn}',
    counts={},
    notes='Rows are split one by one: check that no group spans two splits.',
  )
