"""The commit of the code, or that it is not known."""

import pytest

from mtl_jax.records import checkout

HEAD = (
  '# branch.oid d9cf9bd9eb12a715e966944253909fc9c2a58abe\n# branch.head x\n'
)


@pytest.mark.parametrize(
  ('text', 'short', 'clean'),
  [
    (HEAD, 'd9cf9bd9eb12', True),
    (HEAD + '1 .M N... 100644 100644 100644 a b README.md\n', 'd9cf9bd9eb12+',
     False),
    ('# branch.oid (initial)\n', '', 'unknown'),
    ('', '', 'unknown'),
  ],
)  # fmt: skip
def test_what_git_prints_is_read(text, short, clean):
  state = checkout.parsed(text)
  assert (state.short, state.clean) == (short, clean)


def test_an_installed_package_is_of_no_commit(monkeypatch, tmp_path):
  """Whatever repository its folder may lie in."""
  monkeypatch.setattr(checkout, 'ROOT', tmp_path)
  assert checkout.start.__wrapped__() is None


def test_git_is_asked_once():
  assert checkout.start() is checkout.start()
  assert checkout.state() is checkout.state()
