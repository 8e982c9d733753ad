"""Names and pictures in the data of others: text in reports, never more."""

import html.parser

import numpy as np
import pandas as pd
import pytest

from mtl_jax.data.frames import pictures
from mtl_jax.errors import InputError
from mtl_jax.report.compare import page, tables
from tests.report import fake


class Parsed(html.parser.HTMLParser):
  """The elements of a page by name, and its attributes."""

  def __init__(self, text: str):
    super().__init__()
    self.elements, self.attributes = [], set()
    self.feed(text)

  def handle_starttag(self, tag, attrs):
    self.elements.append(tag)
    self.attributes |= {name for name, _ in attrs}


def test_names_in_a_report_stay_text(tmp_path):
  names = (
    *('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>'),
    "' onmouseover='alert(1)",
  )
  pages = []
  for folder, given in (('plain', ('a', 'b', 'c')), ('hostile', names)):
    tasks = fake.tasks()
    for task, name in zip(tasks, given, strict=True):
      task['name'] = name
    made = [
      fake.cell(tmp_path / folder, scheme, tasks=tasks, dataset=given[0])
      for scheme in ('single', 'hard')
    ]
    pages.append(Parsed(page.html(made, tables.rows(made), {})))
  plain, other = pages
  assert other.elements == plain.elements
  assert other.attributes == plain.attributes


def test_names_in_a_csv_are_as_in_the_data(tmp_path):
  """A spreadsheet may take them for formulas: SECURITY.md says so."""
  frame = pd.DataFrame({'task': ['=1+1', '+a', '-b', '@c', '"d,e'], 'x': 1})
  tables.write_csv(frame, tmp_path / 'a.csv')
  pd.testing.assert_frame_equal(pd.read_csv(tmp_path / 'a.csv'), frame)


def test_a_picture_of_very_many_pixels_is_refused(tmp_path, monkeypatch):
  image = pytest.importorskip('PIL.Image')
  monkeypatch.setattr(image, 'MAX_IMAGE_PIXELS', 10)
  image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / 'a.png')
  with pytest.raises(InputError, match="'scan', row 0: .*no picture"):
    pictures.read(pd.Series(['a.png'], name='scan'), str(tmp_path), 2, 1)
