"""Sentences as rows of word numbers, and which sentences belong together."""

import itertools
import re
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from jaxtyping import Int32, Integer
from scipy.sparse import csgraph

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2

# Links and names of people carry no sentiment and give a tweet away.
_DROPPED = re.compile(r'https?://\S+|@\w+')
# An emoticon, a word with its apostrophes, or a mark that stresses.
_TOKEN = re.compile(r"[:;=]-?[()dp](?!\w)|<3+|\w+(?:'\w+)*|[!?]")


def tokens(sentence: str) -> list[str]:
  """Lower-case words, emoticons and marks: "Don't!" -> ["don't", '!']."""
  plain = sentence.lower().replace('’', "'")
  return _TOKEN.findall(_DROPPED.sub(' ', plain))


def encode(
  sentences: Sequence[str], max_len: int
) -> tuple[Int32[np.ndarray, 'rows length'], list[str]]:
  """Numbers of the first `max_len` words, and the word list.

  Word i of the list, which is in alphabetical order and holds every word of
  the corpus, is number i + 1; 0 is padding. No count enters here.
  """
  split = [tokens(sentence)[:max_len] for sentence in sentences]
  words = sorted(set(itertools.chain.from_iterable(split)))
  number = {word: i for i, word in enumerate(words, start=1)}
  flat = [number[word] for row in split for word in row]
  lengths = np.array([len(row) for row in split])
  coded = np.zeros((len(split), max_len), np.int32)
  coded[np.arange(max_len) < lengths[:, None]] = flat
  return coded, words


def vocabulary(
  coded: Int32[np.ndarray, 'rows length'],
  train: Integer[np.ndarray, 'train'],
  size: int,
) -> Int32[np.ndarray, 'numbers']:
  """From a word's number to its place in the vocabulary of the rows `train`.

  0 stays padding, a word outside is 1, the most frequent word of the training
  rows is 2, and so on up to `size` - 1; ties go in alphabetical order.
  """
  counts = np.bincount(coded[train].ravel(), minlength=coded.max() + 1)
  ranked = 1 + np.argsort(-counts[1:], kind='stable')
  kept = ranked[counts[ranked] > 0][: size - FIRST_WORD]
  places = np.full(len(counts), UNKNOWN, np.int32)
  places[PADDING] = PADDING
  places[kept] = np.arange(FIRST_WORD, FIRST_WORD + len(kept))
  return places


def groups(
  sentences: Sequence[str],
  documents: Sequence[str],
  compared: Sequence[int],
) -> Int32[np.ndarray, 'rows']:
  """A group number per row, the same for rows that must not be parted.

  Rows are joined, in chains too, by one document name ('' is none), by equal
  words (four or more) and, among the rows `compared`, by similar words.
  """
  split = [tokens(sentence) for sentence in sentences]
  texts = [' '.join(row) if len(row) >= 4 else '' for row in split]
  compared = np.asarray(compared)
  close = compared[similar([split[i] for i in compared])]
  pairs = np.concatenate([_equal(documents), _equal(texts), close])
  shape = (len(split), len(split))
  joined = scipy.sparse.coo_array((np.ones(len(pairs)), pairs.T), shape)
  return csgraph.connected_components(joined)[1]


def similar(
  split: Sequence[list[str]], least: float = 0.6
) -> Integer[np.ndarray, 'pairs 2']:
  """Pairs of rows whose sets of words have a Jaccard similarity >= `least`."""
  words = sorted(set(itertools.chain.from_iterable(split)))
  number = {word: i for i, word in enumerate(words)}
  cells = [(i, number[w]) for i, row in enumerate(split) for w in set(row)]
  rows, numbers = np.array(cells).T
  table = scipy.sparse.csr_array(
    (np.ones(len(cells), np.float32), (rows, numbers)), (len(split), len(words))
  )
  sizes = table.sum(axis=1)
  found = []
  for start in range(0, len(split), 500):  # 500 rows of the square at a time
    shared = (table[start : start + 500] @ table.T).toarray()
    union = sizes[start : start + 500, None] + sizes[None] - shared
    found.append(
      np.argwhere(shared >= least * np.maximum(union, 1)) + [start, 0]
    )
  return np.concatenate(found)


def _equal(names: Sequence[str]) -> Integer[np.ndarray, 'pairs 2']:
  # Each row with the first row of its name; rows without a name stand alone.
  first = {}
  pairs = [(i, first.setdefault(n, i)) for i, n in enumerate(names) if n]
  return np.array(pairs, int).reshape(-1, 2)
