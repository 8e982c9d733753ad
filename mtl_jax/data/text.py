"""Encodes sentences as word numbers, and groups similar sentences."""

import itertools
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int32, Integer

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2

# Links and user names carry no sentiment, and they reveal that it is a tweet.
_DROPPED = re.compile(r'https?://\S+|@\w+')
# An emoticon, a word with its apostrophes, or a mark of emphasis.
_TOKEN = re.compile(r"[:;=]-?[()dp](?!\w)|<3+|\w+(?:'\w+)*|[!?]")


def tokens(sentence: str) -> list[str]:
  """Splits into lower-case words and marks: "Don't!" -> ["don't", '!']."""
  plain = sentence.lower().replace('’', "'")
  return _TOKEN.findall(_DROPPED.sub(' ', plain))


def encode(
  sentences: Sequence[str], max_len: int
) -> tuple[Int32[np.ndarray, 'rows length'], list[str]]:
  """Encodes sentences by an alphabetical list of all words.

  The code depends on no counts, so it is the same for all splits.

  Args:
    sentences: the sentences.
    max_len: number of words to which sentences are cut or padded.

  Returns:
    Word numbers `[N, max_len]` and the word list. Word i of the list has number
    i + 1; 0 is padding.
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
  """Ranks words by their frequency in the training rows.

  Args:
    coded: word numbers of all rows, as returned by `encode`.
    train: row numbers of the training split.
    size: size of the vocabulary, with padding and the unknown word.

  Returns:
    An array that maps word numbers to vocabulary entries: padding to 0, words
    outside the vocabulary to 1, the most frequent word to 2, and so on up to
    `size` - 1. Ties are in alphabetical order.
  """
  counts = np.bincount(coded[train].ravel(), minlength=coded.max() + 1)
  ranked = 1 + np.argsort(-counts[1:], kind='stable')
  frequent = ranked[counts[ranked] > 0][: size - FIRST_WORD]
  entries = np.full(len(counts), UNKNOWN, np.int32)
  entries[PADDING] = PADDING
  entries[frequent] = np.arange(FIRST_WORD, FIRST_WORD + len(frequent))
  return entries


def groups(
  sentences: Sequence[str],
  documents: Sequence[str],
  compared: Sequence[int],
) -> Int32[np.ndarray, 'rows']:
  """Groups rows that must be in the same split.

  Two rows are joined if they have the same document name or the same words
  (four or more), or, among the rows `compared`, similar words. Groups are the
  connected components.

  Args:
    sentences: the sentences.
    documents: name of each row's document, '' if it is unknown.
    compared: row numbers among which similar words join.

  Returns:
    A group number per row.
  """
  # Checks of tables import this file, and SciPy takes a third of their time.
  from scipy import sparse
  from scipy.sparse import csgraph

  split = [tokens(sentence) for sentence in sentences]
  texts = [' '.join(row) if len(row) >= 4 else '' for row in split]
  compared = np.asarray(compared)
  close = compared[similar([split[i] for i in compared])]
  pairs = np.concatenate([_equal(documents), _equal(texts), close])
  shape = (len(split), len(split))
  joined = sparse.coo_array((np.ones(len(pairs)), pairs.T), shape)
  return csgraph.connected_components(joined)[1]


def similar(
  split: Sequence[list[str]], least: float = 0.6
) -> Integer[np.ndarray, 'pairs 2']:
  """Finds pairs of rows whose sets of words are similar.

  Args:
    split: words of each row.
    least: smallest Jaccard similarity of a pair.

  Returns:
    Row numbers of the pairs; each pair occurs in both orders.
  """
  from scipy import sparse

  words = sorted(set(itertools.chain.from_iterable(split)))
  number = {word: i for i, word in enumerate(words)}
  cells = [(i, number[w]) for i, row in enumerate(split) for w in set(row)]
  rows, numbers = np.array(cells).T
  table = sparse.csr_array(
    (np.ones(len(cells), np.float32), (rows, numbers)), (len(split), len(words))
  )
  sizes = table.sum(axis=1)
  pairs = []
  # The dense N x N matrix is computed 500 rows at a time to bound memory.
  for start in range(0, len(split), 500):
    shared = (table[start : start + 500] @ table.T).toarray()
    union = sizes[start : start + 500, None] + sizes[None] - shared
    pairs.append(
      np.argwhere(shared >= least * np.maximum(union, 1)) + [start, 0]
    )
  return np.concatenate(pairs)


def _equal(names: Sequence[str]) -> Integer[np.ndarray, 'pairs 2']:
  """Pairs each row with the first row of its name; '' is no name."""
  first = {}
  pairs = [(i, first.setdefault(n, i)) for i, n in enumerate(names) if n]
  return np.array(pairs, int).reshape(-1, 2)
