"""Decoding within bounds, and pictures that are stored once."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mtl_jax.data.raw.classed import decoding, picture_store
from mtl_jax.errors import InputError
from mtl_jax.records import disk


def png(width, height):
  """A PNG file that claims a size and has no pixel."""

  def chunk(kind, data):
    crc = struct.pack('>I', zlib.crc32(kind + data))
    return struct.pack('>I', len(data)) + kind + data + crc

  head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
  body = chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(b''))
  return b'\x89PNG\r\n\x1a\n' + body + chunk(b'IEND', b'')


def encoded(image, kind='PNG'):
  file = io.BytesIO()
  Image.fromarray(image).save(file, kind)
  return file.getvalue()


def test_a_picture_is_scaled_as_published():
  image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
  wanted = Image.fromarray(image).resize((4, 4), Image.Resampling.BILINEAR)
  found = decoding.picture(encoded(image), 4, 'x')
  np.testing.assert_array_equal(found, np.asarray(wanted))
  grey = decoding.picture(encoded(image[..., 0]), 9, 'x')
  assert grey.shape == (9, 9, 3)


@pytest.mark.parametrize(
  'size', [(8001, 8000), (10_000, 10_000), (20_000, 20_000)]
)
@pytest.mark.filterwarnings('ignore::PIL.Image.DecompressionBombWarning')
def test_a_picture_that_claims_too_many_pixels_is_refused(size):
  message = 'claims more than 64,000,000 pixels'
  with pytest.raises(InputError, match=message):
    decoding.picture(png(*size), 4, 'x')
  with decoding.without_warnings(), pytest.raises(InputError, match=message):
    decoding.picture(png(*size), 4, 'x')


def test_what_is_no_picture_is_refused():
  image = np.zeros((6, 8, 3), np.uint8)
  data = encoded(image, 'JPEG')
  for bad in (b'', b'no picture', data[:-30], png(4, 4), encoded(image, 'GIF')):
    with pytest.raises(InputError, match='x is cut off or no JPEG or PNG'):
      decoding.picture(bad, 4, 'x')
  with pytest.raises(
    InputError, match='x is 6 x 8 pixels, and must be 218 x 1'
  ):
    decoding.picture(data, 4, 'x', (218, 178))


@pytest.fixture
def pictures(tmp_path):
  """Three pictures, and the numbers of those that were decoded."""
  file = tmp_path / 'raw'
  file.write_bytes(b'')
  read = []

  def decode(number):
    read.append(number)
    return np.full((2, 2, 3), number, np.uint8)

  return picture_store.Pictures((file,), 3, 2, decode), read


def test_pictures_are_decoded_once_and_again_where_damaged(
  pictures, tmp_path, capsys
):
  made, read = pictures
  for _ in range(2):
    found = picture_store.array(tmp_path / 'home', 'set', made)
    assert found[:, 0, 0, 0].tolist() == [0, 1, 2]
  assert sorted(read) == [0, 1, 2]
  (path,) = (tmp_path / 'home').rglob('*.npy')
  path.write_bytes(path.read_bytes()[:-1])
  picture_store._damage.cache_clear()  # as another process would see it
  again = picture_store.array(tmp_path / 'home', 'set', made)
  assert again[2, 1, 1, 2] == 2
  assert sorted(read) == [0, 0, 1, 1, 2, 2]
  assert 'is damaged' in capsys.readouterr().err


def test_where_nothing_can_be_written_pictures_are_in_memory(
  pictures, tmp_path, monkeypatch, capsys
):
  def fail(path, content):
    raise disk.WriteError(28, str(path))

  monkeypatch.setattr(picture_store.atomic, 'write', fail)
  found = picture_store.array(tmp_path / 'home', 'set', pictures[0])
  assert found.shape == (3, 2, 2, 3)
  assert 'set is not stored, and is in memory' in capsys.readouterr().err
