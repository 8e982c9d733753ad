"""Sentences from four sources, with their sentiment and their source.

The corpus of VADER (Hutto and Gilbert, ICWSM 2014): about 20 people rated each
sentence from -4 to 4. The source of a sentence is its topic.
"""

import functools
import html
import io
import pathlib
import re
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from mtl_jax.data import base, columns, files, splits, text
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

TOPICS = {
  'movie': 'movieReviewSnippets',
  'product': 'amazonReviewSnippets',
  'news': 'nytEditorialSnippets',
  'tweet': 'tweets',
}
PARTS = (7, 1, 2)

CARD = base.Card(
  name='sentiment_topic',
  source='hutto_ICWSM_2014 in the Python distribution vaderSentiment 3.3.2',
  licence='MIT',
  citation='Hutto and Gilbert, VADER, ICWSM 2014',
  split_rule=(
    '7:1:2 by group, within each topic. Rows are in one group if they share a '
    'document (product, news) or have equal words (four or more), or, for '
    'tweets, if the Jaccard similarity of their words is .6 or more'
  ),
  counts={},
  notes=(
    'Movie rows come from about 2,000 reviews without a document id, so '
    'sentences of one review can be in two splits: that leak cannot be '
    'closed. A mean rating of exactly 0 has no sign: its binary label is '
    'missing. Style reveals the source, even with case folded and links and '
    'user names removed, so topic is an easy task.'
  ),
  units='documents',
)


class Row(NamedTuple):
  """One sentence of the corpus.

  Attributes:
    topic: a key of `TOPICS`.
    key: identifier of the sentence, which may contain that of its document.
    rating: mean rating, between -4 and 4.
    text: the sentence in lower case.
  """

  topic: str
  key: str
  rating: float
  text: str


class SentimentTopic(tfds.core.GeneratorBasedBuilder, skip_registration=True):
  """TFDS builder of the sentences in file order, each with its group."""

  name = 'sentiment_topic'
  VERSION = tfds.core.Version('1.0.0')
  MANUAL_DOWNLOAD_INSTRUCTIONS = files.remedy('sentiment_topic')

  def _info(self):
    return tfds.core.DatasetInfo(
      builder=self,
      description=__doc__,
      citation=CARD.citation,
      features=tfds.features.FeaturesDict(
        {
          'text': tfds.features.Text(),
          'rating': tfds.features.Scalar(np.float32),
          'topic': tfds.features.ClassLabel(names=list(TOPICS)),
          'group': tfds.features.Scalar(np.int32),
        }
      ),
      disable_shuffling=True,
    )

  def _split_generators(self, dl_manager):
    source = files.SOURCES['sentiment_topic']
    raw = files.member(source, dl_manager.manual_dir)
    return {'rows': self._generate_examples(list(parse(raw)))}

  def _generate_examples(self, rows):
    tweets = [i for i, row in enumerate(rows) if row.topic == 'tweet']
    groups = text.groups(
      [row.text for row in rows], [document(row) for row in rows], tweets
    )
    for i, (row, group) in enumerate(zip(rows, groups, strict=True)):
      values = {'text': row.text, 'rating': row.rating, 'topic': row.topic}
      yield i, {**values, 'group': group}


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  max_len: int = 40,
  vocab_size: int = 10000,
  regression: bool = False,
) -> base.Data:
  """Loads sentences as word numbers int32 `[N, max_len]`, with two tasks.

  Number 0 is padding, 1 an unknown word, and 2 the most frequent word of the
  training split.

  Args:
    split_seed: seed of the split; None is the fixed split of the card.
    data_dir: folder of prepared data; '' is the default of `files.home`.
    files: folder of raw files; '' is the default of `files.folder`.
    max_len: number of words to which sentences are cut or padded.
    vocab_size: size of the vocabulary, with padding and the unknown word.
    regression: whether the task `sentiment` is to predict the standardised
      mean rating instead of its sign.

  Returns:
    The data set with tasks `sentiment` and `topic` (four classes). The sizes
    of the splits depend a little on the seed, because groups are not split.

  Raises:
    InputError: if `max_len` or `vocab_size` is too small, the raw file is
      missing, or its hash differs.
  """
  if max_len < 1 or vocab_size <= text.FIRST_WORD:
    raise InputError(f'need max_len >= 1 and vocab_size > {text.FIRST_WORD}')
  table = read(data_dir, files)
  rows = split(table, split_seed)
  # Encoding is slow and the same for every seed; only the vocabulary depends on
  # the training split.
  coded = _encoded(*_places(data_dir, files), max_len)
  inputs = text.vocabulary(coded, rows[0], vocab_size)[coded]
  tasks, labels, mask = _labels(table, rows[0], regression)
  whole = base.Split(inputs, labels, mask)
  data = base.cut(whole, rows, tasks, CARD, groups=table['group'])
  if not regression:
    return data
  scale = columns.scale(table['rating'], rows[0], 'points')
  return data._replace(scales=(scale, None))


def read(data_dir: str = '', folder: str = '') -> dict[str, np.ndarray]:
  """Returns the table as stored, and prepares it first if necessary.

  The table is cached for the next seed and must not be modified.

  Args:
    data_dir: folder of prepared data; '' is the default of `files.home`.
    folder: folder of raw files; '' is the default of `files.folder`.

  Returns:
    Arrays `[N]`: `text`, `rating`, `topic` and `group`.
  """
  return _read(*_places(data_dir, folder))


def split(table: dict[str, np.ndarray], seed: int | None) -> splits.Rows:
  """Returns the row numbers of train, valid and test.

  Args:
    table: as returned by `read`.
    seed: seed of the split, or None for the fixed one.
  """
  return splits.grouped(table['group'], PARTS, seed, table['topic'])


def _places(data_dir: str, folder: str) -> tuple[pathlib.Path, pathlib.Path]:
  return files.home(data_dir), files.folder(folder, data_dir)


# Every seed reads the same table, so it is decoded once per process.
@functools.lru_cache(maxsize=1)
def _read(home: pathlib.Path, folder: pathlib.Path) -> dict[str, np.ndarray]:
  builder = SentimentTopic(
    data_dir=home, file_format=tfds.core.FileFormat.ARRAY_RECORD
  )
  return base.arrays(base.prepare(builder, folder), 'rows')


@functools.lru_cache(maxsize=1)
def _encoded(home: pathlib.Path, folder: pathlib.Path, max_len: int):
  sentences = [s.decode() for s in _read(home, folder)['text']]
  return text.encode(sentences, max_len)[0]


def parse(raw: bytes) -> Iterator[Row]:
  """Yields the rows of the corpus in file order.

  Rows without a letter are skipped; the corpus has four.

  Args:
    raw: the bytes of the gzipped tar file.
  """
  with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
    for topic, stem in TOPICS.items():
      name = f'hutto_ICWSM_2014/{stem}_GroundTruth.txt'
      # The files start with a byte order mark and have Windows line ends.
      lines = archive.extractfile(name).read().decode('utf-8-sig')
      for line in filter(None, lines.split('\r\n')):
        key, rating, sentence = line.split('\t')
        sentence = clean(sentence)
        if re.search('[a-z]', sentence):
          yield Row(topic, key, float(rating), sentence)


def clean(sentence: str) -> str:
  """Decodes HTML entities and converts to lower case."""
  # Some entities are escaped twice: `&amp;#38;`.
  return html.unescape(html.unescape(sentence)).strip().lower()


def document(row: Row) -> str:
  """Returns the name of the document of a row, '' if it is unknown."""
  if row.topic not in ('product', 'news'):
    return ''
  return f'{row.topic}/{row.key.rpartition("_")[0]}'


def _labels(table, train, regression: bool):
  topic = table['topic'].astype(np.int32)
  if regression:
    sentiment, known = columns.regression(table['rating'], train)
  else:
    # A mean rating of exactly 0 has no sign.
    known = table['rating'] != 0
    sentiment = np.where(known, table['rating'] > 0, -1).astype(np.int32)
  kind = 'regression' if regression else 'binary'
  tasks = Task('sentiment', kind), Task('topic', 'multiclass', len(TOPICS))
  mask = np.stack([known, np.ones(len(topic), bool)], axis=1)
  return tasks, (sentiment, topic), mask
