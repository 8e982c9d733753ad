"""The page of a comparison in a headless Chromium."""

import pytest

from mtl_jax.report.compare import page
from tests.report import fake
from tests.report.web import browser

SHIFTS = {'single': 0, 'hard': 0.1, 'mmoe': -0.1, 'cross_stitch': 0.0}


def missing() -> str:
  """Why the tests cannot run; '' if they can."""
  if browser.path() is None:
    return 'no Chromium on the PATH; the variable CHROME names one'
  try:
    import websocket  # noqa: F401
  except ImportError:
    return 'websocket-client is not installed (the extra `dev`)'
  return ''


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope='module')
def tab(tmp_path_factory):
  """The page of a table with two long names, in a browser of its own."""
  folder = tmp_path_factory.mktemp('page')
  named = {'name': 'fake', 'source': 'x' * 200, 'counts': {'train': 100}}
  cells = [
    fake.cell(folder / 'cells', scheme, shift, card=named)
    for scheme, shift in [*SHIFTS.items(), (f'my_lab.{"long_" * 12}', 0.05)]
  ]
  page.write(cells, folder / 'out', 'compare --x="<y>"')
  with browser.opened() as tab:
    tab.open(folder / 'out' / 'report.html')
    yield tab


def names(tab) -> list[str]:
  """The rows in sight, in their order."""
  return tab.run(
    "[...document.querySelectorAll('#main-table tbody tr')]"
    '.filter(row => !row.hidden).map(row => row.cells[0].textContent)'
  )


def test_no_error_and_nothing_from_a_network(tab):
  assert tab.errors == []
  loaded = "performance.getEntriesByType('resource').map(one => one.name)"
  assert [n for n in tab.run(loaded) if not n.startswith('data:')] == []


def test_a_click_sorts_best_first_and_another_turns_it_round(tab):
  column = "document.querySelectorAll('#main-table thead th')[{}]"
  delta, state = column.format(4), f'{column.format(4)}.ariaSort'
  tab.run(f"{delta}.querySelector('button').click()")
  assert tab.run(state) == 'descending'
  assert [names(tab)[0], names(tab)[-1]] == ['hard', 'mmoe']
  # A button takes the keyboard by itself: Enter is a click.
  tab.run(f"{delta}.querySelector('button').focus()")
  key = {'key': 'Enter', 'code': 'Enter', 'windowsVirtualKeyCode': 13}
  tab.ask('Input.dispatchKeyEvent', type='keyDown', text='\r', **key)
  tab.ask('Input.dispatchKeyEvent', type='keyUp', **key)
  assert tab.run(state) == 'ascending'
  assert [names(tab)[0], names(tab)[-1]] == ['mmoe', 'hard']
  tab.run(f"{column.format(0)}.querySelector('button').click()")
  assert names(tab) == sorted(names(tab))
  assert tab.run(state) is None
  foot = "document.querySelector('#main-table tfoot th').textContent"
  assert tab.run(foot) == 'smallest shown'


def test_rows_are_filtered_by_name_and_verdict(tab):
  tab.run(
    "box = document.querySelector('.controls');"
    'set = (what, value) => {'
    '  box.querySelector(what).value = value;'
    "  box.dispatchEvent(new Event('input'));"
    "  return box.querySelector('[role=status]').textContent; }"
  )
  assert tab.run("set('input', 'STITCH')") == '1 of 5 rows'
  assert names(tab) == ['cross_stitch']
  tab.run("set('input', '')")
  tab.run("set('select', 'worse')")
  assert names(tab) == ['mmoe']
  assert tab.run("set('select', '')") == ''
  assert len(names(tab)) == 5


def test_a_button_copies_the_command(tab):
  tab.run(
    'navigator.clipboard.writeText = async text => { window.taken = text; };'
    "document.querySelector('[data-copy=command]').click()"
  )
  assert tab.run('window.taken') == 'compare --x="<y>"'


# Paper of A4 is 794 pixels wide.
@pytest.mark.parametrize(
  ('width', 'media', 'scheme'),
  [(390, '', 'light'), (390, '', 'dark'), (1200, '', 'light')]
  + [(794, 'print', 'light'), (794, 'print', 'dark')],
)
def test_nothing_is_wider_than_the_screen(tab, width, media, scheme):
  tab.resize(width)
  tab.emulate(media, scheme)
  assert tab.run('innerWidth') == width
  assert tab.run('document.scrollingElement.scrollWidth') <= width
  dark = scheme == 'dark' and not media
  ground = tab.run('getComputedStyle(document.body).backgroundColor')
  assert (ground == 'rgb(255, 255, 255)') == (not dark)
  tab.emulate()
  assert tab.errors == []


def test_every_picture_says_what_it_shows(tab):
  outer = 'img, svg:not(svg svg)'
  texts = tab.run(
    f"[...document.querySelectorAll('{outer}')].map(one => "
    "one.getAttribute('alt') || one.getAttribute('aria-label') || '')"
  )
  assert len(texts) > 3
  assert all(any(c.isdigit() for c in text) for text in texts)
