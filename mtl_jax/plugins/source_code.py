"""The code of a Python source, for digests that comments do not change."""

import functools
import io
import tokenize
from collections.abc import Iterator

# Tokens that do not change what a program does.
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.DEDENT)
# Names of tokens around the parts of an f-string, from Python 3.12 on.
STARTS, ENDS = (
  ('FSTRING_START', 'TSTRING_START'),
  ('FSTRING_END', 'TSTRING_END'),
)


@functools.cache  # a neighbour of several files is read once
def code(text: str) -> str:
  """Returns the tokens of a Python source, without comments and docstrings.

  Lines keep their indentation, so that a line which moves into another block
  changes the result. The result is for digests and is not a valid program.
  """
  lines: list[str] = []
  line: list[str] = []
  for token in _tokens(text):
    if token.type == tokenize.NEWLINE:
      # A statement that is only a string is a docstring or has no effect.
      alone = len(line) == 2 and line[1][:1] in '"\'rR'
      lines += [] if alone and _is_string(line[1]) else [''.join(line)]
      line = []
    elif token.type not in LAYOUT and token.type != tokenize.INDENT:
      line = line or [f'{token.start[1]} ']
      line.append(token.string)
  return '\n'.join(lines)


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
  """The tokens, with a whole f-string as one, as in Python 3.11.

  Later versions take it apart. Digests must not depend on the version, or
  another one would train every cell again.
  """
  lines = text.splitlines(keepends=True)
  depth, first = 0, None
  for token in tokenize.generate_tokens(io.StringIO(text).readline):
    name = tokenize.tok_name[token.type]
    if name in STARTS:
      depth, first = depth + 1, first or token
    elif name in ENDS:
      depth -= 1
    if first is None:
      yield token
    elif not depth:
      whole = _between(lines, first.start, token.end)
      yield first._replace(type=tokenize.STRING, string=whole, end=token.end)
      first = None


def _between(
  lines: list[str], start: tuple[int, int], end: tuple[int, int]
) -> str:
  """The text from one place to another, each a line from 1 and a column."""
  inside = lines[start[0] - 1 : end[0]]
  inside[-1] = inside[-1][: end[1]]
  inside[0] = inside[0][start[1] :]
  return ''.join(inside)


def _is_string(token: str) -> bool:
  return token[-1:] in '"\''
