"""The runner keeps what is finished, and its page says what was lost."""

import pytest

from tests.faults import page, progress, sources, stored
from tests.faults.outcome import Outcome

MADE = {
  'command': 'python -m tests.faults',
  'cores': 2,
  'date': '2026-01-01',
  'processor': 'one',
  'versions': {'Python': '3'},
}
GOOD = Outcome('kills', 'SIGKILL', 20)
BAD = Outcome('writes', 'a full disk', 5, lost=1, silent=2, note='twice')


@pytest.fixture
def kept(tmp_path):
  """A folder in which one campaign is complete, and one has begun."""
  found = stored.read(tmp_path)
  found.begin('kills', ['code', 20, 0], MADE)
  found.add(GOOD, 60.0)
  found.end('kills')
  found.begin('writes', ['code', 5, 0], MADE)
  found.add(BAD, 1.0)
  return found


def test_what_is_finished_is_read_again(kept):
  again = stored.read(kept.folder)
  assert again == kept
  again.begin('writes', ['code', 5, 0], MADE)
  assert again.of('writes') == [BAD]


def test_outcomes_of_other_code_go(kept):
  kept.begin('kills', ['edited', 20, 0], MADE)
  assert kept.of('kills') == []
  assert not kept.campaigns['kills']['complete']
  assert kept.of('writes') == [BAD]


def test_the_page_says_what_was_lost_and_keeps_the_rest(kept, tmp_path):
  path = tmp_path / 'page.md'
  marks = [
    f'<!-- {m}{n} -->' for n in ('answer', 'faults') for m in ('', 'end ')
  ]
  path.write_text('\n'.join([*marks[:2], 'by hand', *marks[2:]]))
  for _ in range(2):
    page.write(path, kept)
    text = ' '.join(path.read_text().split())
    assert '25 trials of 2 kinds of fault: in 1 a record or result' in text
    assert text.count('by hand') == text.count('## writes') == 1
    assert '| a full disk | 5 | 1 | 0 | 0 | 2 | twice |' in text
    assert text.count('It is not complete.') == 1
  assert 'nothing was lost' in page.answer([GOOD])


def test_a_campaign_is_its_file_and_what_it_uses():
  names = {path.name for path in sources.files('writes')}
  # Imported, run as a module, and compiled.
  assert {'writes.py', 'subject.py', 'outcome.py'} <= names
  assert {'audited.py', 'failing_writes.c'} <= names
  assert not names & {'page.py', 'stored.py'}


def test_code_and_not_its_place_tells_campaigns_apart(tmp_path, monkeypatch):
  monkeypatch.setattr(sources, 'ROOT', tmp_path)
  monkeypatch.setattr(sources, 'FOLDER', tmp_path / 'tests' / 'faults')

  def digest(place, more=''):
    for folder, words in (
      ('campaigns', f'from tests.faults{place} import aims\nrun = aims.run'),
      (place[1:], f'run = "-m", "tests.faults{place}.aims"{more}'),
    ):
      path = sources.FOLDER / folder
      path.mkdir(parents=True, exist_ok=True)
      (path / 'aims.py').write_text(words)
    return sources.digest('aims')

  assert digest('') == digest('.kills')
  assert digest('.kills') == digest('.kills', '  # A comment.')
  assert digest('.kills') != digest('.kills', ', 1')


def test_lasting():
  times = [progress.lasting(s) for s in (40, 700, 12_600)]
  assert times == ['40 s', '12 min', '3.5 h']
