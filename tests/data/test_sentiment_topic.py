"""Sentences: the known corpus, whole groups, words of the training split."""

import re

import numpy as np
import pytest

from mtl_jax.data import files, sentiment_topic, text

TOPICS = list(sentiment_topic.TOPICS)


@pytest.fixture(scope='module')
def rows(raw):
  source = files.SOURCES['sentiment_topic']
  return list(sentiment_topic.parse(files.member(source, raw(source_name()))))


def source_name() -> str:
  return 'sentiment_topic'


@pytest.fixture(scope='module')
def table(raw, data_dir):
  return sentiment_topic.read(data_dir, raw('sentiment_topic'))


@pytest.fixture(scope='module')
def load(raw, data_dir):
  folder = raw('sentiment_topic')

  def run(seed=None, **fields):
    return sentiment_topic.load(seed, data_dir, folder, **fields)

  return run


def test_corpus_is_the_known_one(rows):
  topics = np.array([row.topic for row in rows])
  counts = {topic: int((topics == topic).sum()) for topic in TOPICS}
  known = {'movie': 10605, 'product': 3704, 'news': 5190, 'tweet': 4200}
  assert counts == known
  assert sum(counts.values()) == 23699
  documents = {sentiment_topic.document(row) for row in rows} - {''}
  assert sum(name.startswith('product') for name in documents) == 300
  assert sum(name.startswith('news') for name in documents) == 498


def test_entities_are_decoded_and_case_is_folded(rows):
  entity = re.compile(r'&(#\d+|[a-z]+);')
  assert not [row.text for row in rows if entity.search(row.text)]
  assert all(row.text == row.text.lower() for row in rows)
  assert sentiment_topic.clean(' A &amp;#38; B &lt;3') == 'a & b <3'


@pytest.mark.parametrize('seed', [None, 0, 1])
def test_no_document_text_or_near_copy_stands_in_two_splits(table, rows, seed):
  place = np.zeros(len(rows), int)
  for i, part in enumerate(sentiment_topic.split(table, seed)):
    place[part] = i
  met = {}
  for row, where in zip(rows, place, strict=True):
    words = ' '.join(text.tokens(row.text))
    if name := sentiment_topic.document(row):
      met.setdefault(name, set()).add(where)
    if words.count(' ') >= 3:
      met.setdefault(words, set()).add(where)
  assert max(map(len, met.values())) == 1
  tweets = np.flatnonzero([row.topic == 'tweet' for row in rows])
  pairs = tweets[text.similar([text.tokens(rows[i].text) for i in tweets])]
  assert len(pairs) > len(tweets)  # more than each with itself
  np.testing.assert_array_equal(place[pairs[:, 0]], place[pairs[:, 1]])


@pytest.mark.parametrize('seed', [None, 0, 1, 2])
def test_shares_are_within_a_percent_in_each_topic(table, seed):
  total = np.bincount(table['topic'])
  for part, share in zip(
    sentiment_topic.split(table, seed), (0.7, 0.1, 0.2), strict=True
  ):
    assert abs(len(part) / total.sum() - share) < 0.01
    got = np.bincount(table['topic'][part]) / total
    np.testing.assert_allclose(got, share, atol=0.01)


def test_vocabulary_knows_words_of_the_training_split_only(table, load):
  train, _, test = sentiment_topic.split(table, None)
  words = [text.tokens(s.decode())[:40] for s in table['text']]
  known = {word for i in train for word in words[i]}
  inputs = load(vocab_size=50000).test.inputs
  fresh = 0
  for i, row in zip(test, inputs, strict=True):
    unknown = [word not in known for word in words[i]]
    assert (row[: len(unknown)] == text.UNKNOWN).tolist() == unknown
    assert (row[len(unknown) :] == text.PADDING).all()
    fresh += sum(unknown)
  assert fresh > 1000


def test_vocabulary_size_is_the_number_of_rows_of_an_embedding(load):
  inputs = load(vocab_size=500).train.inputs
  assert inputs.max() == 499
  assert inputs.dtype == np.int32
  assert load(max_len=7).valid.inputs.shape[1] == 7


def test_more_frequent_words_come_first(load):
  counts = np.bincount(load().train.inputs.ravel())[text.FIRST_WORD :]
  assert (np.diff(counts) <= 0).all()


def test_a_seed_is_one_split(load):
  same, again, other = load(4), load(4), load(5)
  np.testing.assert_array_equal(same.train.inputs, again.train.inputs)
  np.testing.assert_array_equal(same.test.labels[0], again.test.labels[0])
  assert (
    same.test.inputs.shape != other.test.inputs.shape
    or (same.test.inputs != other.test.inputs).any()
  )


def test_place_in_a_split_does_not_tell_the_label(load):
  train = load().train
  for k, label in enumerate(train.labels):
    known = train.mask[:, k]
    place = np.arange(len(label))[known]
    assert abs(np.corrcoef(place, label[known])[0, 1]) < 0.03


def test_a_rating_of_zero_has_no_sign_but_has_a_value(table, load):
  data, values = load(), load(regression=True)
  known = sum(s.mask[:, 0].sum() for s in data.splits.values())
  assert known == (table['rating'] != 0).sum() == 23316
  assert set(data.train.labels[0][data.train.mask[:, 0]]) == {0, 1}
  assert values.tasks[0].kind == 'regression'
  assert values.test.mask.all()
  signs = values.train.labels[0][data.train.mask[:, 0]]
  np.testing.assert_allclose(values.train.labels[0].mean(), 0, atol=1e-4)
  order = np.corrcoef(signs, data.train.labels[0][data.train.mask[:, 0]])[0, 1]
  assert order > 0.8
