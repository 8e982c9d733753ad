"""The code of a Python source, for digests that comments do not change."""

import functools
import io
import tokenize

# Tokens that do not change what a program does.
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.DEDENT)


@functools.cache  # a neighbour of several files is read once
def code(text: str) -> str:
  """Returns the tokens of a Python source, without comments and docstrings.

  Lines keep their indentation, so that a line which moves into another block
  changes the result. The result is for digests and is not a valid program.
  """
  lines: list[str] = []
  line: list[str] = []
  for token in tokenize.generate_tokens(io.StringIO(text).readline):
    if token.type == tokenize.NEWLINE:
      # A statement that is only a string is a docstring or has no effect.
      alone = len(line) == 2 and line[1][:1] in '"\'rR'
      lines += [] if alone and _is_string(line[1]) else [''.join(line)]
      line = []
    elif token.type not in LAYOUT and token.type != tokenize.INDENT:
      line = line or [f'{token.start[1]} ']
      line.append(token.string)
  return '\n'.join(lines)


def _is_string(token: str) -> bool:
  return token[-1:] in '"\''
