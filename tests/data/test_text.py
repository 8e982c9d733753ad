"""Words, their numbers, and which sentences belong together."""

import numpy as np

from mtl_jax.data import text


def test_tokens():
  said = '@you Don’t go!! :) See http://a.b/c <3 2nd #Day'
  wanted = ["don't", 'go', '!', '!', ':)', 'see', '<3', '2nd', 'day']
  assert text.tokens(said) == wanted


def test_encode_numbers_words_in_alphabetical_order_and_pads():
  coded, words = text.encode(['pear apple fig', 'fig', '', 'kiwi kiwi'], 4)
  assert words == ['apple', 'fig', 'kiwi', 'pear']
  assert coded.tolist() == [[4, 1, 2, 0], [2, 0, 0, 0], [0] * 4, [3, 3, 0, 0]]


def test_encode_cuts_long_rows():
  assert text.encode(['a b c d e'], 3)[0].tolist() == [[1, 2, 3]]


def test_vocabulary_ranks_training_words_only():
  coded, words = text.encode(['b c c', 'a b d', 'z z z z z'], 3)
  places = text.vocabulary(coded, np.array([0, 1]), 10)
  place = dict(zip(['', *words], places.tolist(), strict=True))
  assert place == {'': 0, 'z': 1, 'b': 2, 'c': 3, 'a': 4, 'd': 5}


def test_vocabulary_has_no_more_places_than_asked():
  coded, _ = text.encode(['b c c', 'a b d'], 3)
  places = text.vocabulary(coded, np.array([0, 1]), 4)
  assert sorted(places.tolist()) == [0, 1, 1, 2, 3]


def test_similar_is_the_jaccard_of_every_pair():
  rng = np.random.default_rng(0)
  rows = [list(rng.choice(list('abcdefgh'), 5)) for _ in range(60)]
  found = {tuple(pair) for pair in text.similar(rows).tolist()}
  for i, a in enumerate(map(set, rows)):
    for j, b in enumerate(map(set, rows)):
      assert ((i, j) in found) == (len(a & b) / len(a | b) >= 0.6)


def test_groups_join_in_chains():
  sentences = [
    'one two three four',  # 0: equal words to 1
    'One, two: three FOUR',  # 1: of one document with 2
    'something else',
    'good day',  # 3 and 4 are equal, but too short to count
    'good day',
    'a b c d e',  # 5 and 6 are similar and compared
    'a b c d f',
    'a b c d g',  # similar too, but not compared
  ]
  documents = ['', 'x', 'x', '', '', '', '', '']
  made = text.groups(sentences, documents, [5, 6]).tolist()
  assert made[0] == made[1] == made[2]
  assert made[5] == made[6]
  assert len({made[i] for i in (0, 3, 4, 5, 7)}) == 5
