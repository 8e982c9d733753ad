"""A headless Chromium over the DevTools protocol, for tests of pages."""

import base64
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'chrome')
SECONDS = 60  # until what does not answer counts as broken


def path() -> str | None:
  """The program: that of the variable CHROME, or one on the PATH."""
  named = [os.environ['CHROME']] if 'CHROME' in os.environ else NAMES
  return next(filter(None, map(shutil.which, named)), None)


@contextlib.contextmanager
def opened(width: int = 1200, height: int = 900):
  """Starts the browser and ends it with its children."""
  folder = tempfile.mkdtemp(prefix='chromium-')
  command = [
    path(),
    *('--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'),
    *('--disable-dev-shm-usage', '--disable-extensions', '--hide-scrollbars'),
    *('--disable-background-networking', '--disable-component-update'),
    *('--remote-debugging-port=0', f'--user-data-dir={folder}'),
    f'--window-size={width},{height}',
    'about:blank',
  ]
  quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
  process = subprocess.Popen(command, **quiet)
  try:
    page = Page(_address(pathlib.Path(folder), process))
    yield page
    # Closed by itself, no child is left behind.
    page.ask('Browser.close')
  finally:
    try:
      process.wait(5)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
    shutil.rmtree(folder, ignore_errors=True)


class Page:
  """The one page of a browser; `errors` are those of its console."""

  def __init__(self, address: str):
    import websocket  # Only where there is a browser.

    self.socket = websocket.create_connection(
      address, timeout=SECONDS, suppress_origin=True
    )
    self.numbers, self.errors, self.events = itertools.count(1), [], []
    for domain in ('Page', 'Runtime', 'Log'):
      self.ask(f'{domain}.enable')

  def ask(self, method: str, **parameters):
    """Calls a method of the protocol and returns its result."""
    number = next(self.numbers)
    message = {'id': number, 'method': method, 'params': parameters}
    self.socket.send(json.dumps(message))
    while (answer := self._receive()).get('id') != number:
      pass
    assert 'error' not in answer, answer
    return answer['result']

  def open(self, file: pathlib.Path) -> None:
    """Opens a file and waits until it is loaded."""
    self.events.clear()
    self.ask('Page.navigate', url=file.resolve().as_uri())
    while 'Page.loadEventFired' not in self.events:
      self._receive()

  def run(self, script: str):
    """Returns the value of an expression of JavaScript."""
    done = self.ask(
      'Runtime.evaluate',
      expression=script,
      returnByValue=True,
      awaitPromise=True,
    )
    assert 'exceptionDetails' not in done, done['exceptionDetails']
    return done['result'].get('value')

  def resize(self, width: int, height: int = 900) -> None:
    """Sets the size of the page, in CSS pixels."""
    size = {'width': width, 'height': height, 'deviceScaleFactor': 1}
    self.ask('Emulation.setDeviceMetricsOverride', mobile=False, **size)

  def emulate(self, media: str = '', scheme: str = 'light') -> None:
    """Sets the medium, such as 'print', and 'light' or 'dark'."""
    feature = {'name': 'prefers-color-scheme', 'value': scheme}
    self.ask('Emulation.setEmulatedMedia', media=media, features=[feature])

  def screenshot(self) -> bytes:
    """Returns the whole page as PNG."""
    shot = self.ask('Page.captureScreenshot', captureBeyondViewport=True)
    return base64.b64decode(shot['data'])

  def _receive(self) -> dict:
    message = json.loads(self.socket.recv())
    method, told = message.get('method', ''), message.get('params', {})
    self.events.append(method)
    if method == 'Runtime.exceptionThrown':
      self.errors.append(told['exceptionDetails'])
    elif method == 'Log.entryAdded' and told['entry']['level'] == 'error':
      self.errors.append(told['entry'])
    elif method == 'Runtime.consoleAPICalled' and told['type'] == 'error':
      self.errors.append(told['args'])
    return message


def _address(folder: pathlib.Path, process: subprocess.Popen) -> str:
  """The page's socket, when the browser has written its port."""
  file, until = folder / 'DevToolsActivePort', time.monotonic() + SECONDS
  while not (file.is_file() and file.read_text().strip()):
    assert process.poll() is None, 'the browser has ended'
    assert time.monotonic() < until, 'the browser does not start'
    time.sleep(0.02)
  port = file.read_text().split()[0]
  # No proxy stands between this machine and itself.
  direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
  with direct.open(f'http://127.0.0.1:{port}/json/list', timeout=SECONDS) as f:
    targets = json.load(f)
  return next(t for t in targets if t['type'] == 'page')['webSocketDebuggerUrl']
