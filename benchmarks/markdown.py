"""Tables and marked sections of the pages in Markdown."""

import re
import textwrap


def table(head: tuple[str, ...], lines: list[list[str]], words: int = 1) -> str:
  """A Markdown table; what follows the first `words` stands to the right."""
  rule = [*[':--'] * words, *['--:'] * (len(head) - words)]
  return '\n'.join(f'| {" | ".join(line)} |' for line in [head, rule, *lines])


def number(text: str) -> str:
  """Three digits; a dash where there is none."""
  if not text:
    return '–'
  value = float(text)
  return f'{value:,.0f}' if value >= 1000 else f'{value:.3g}'


def percent(share: float) -> str:
  return f'{100 * share:.0f} %'


def put(text: str, name: str, content: str) -> str:
  """Replaces what stands between `name`'s two marks."""
  begin, end = f'<!-- {name} -->', f'<!-- end {name} -->'
  pattern = f'{re.escape(begin)}.*?{re.escape(end)}'
  block = f'{begin}\n{content}\n{end}'
  return re.sub(pattern, lambda _: block, text, flags=re.DOTALL)


def wrapped(text: str) -> str:
  """As long as the other lines of the pages; names stay whole."""
  under = '  ' if text.startswith('- ') else ''
  return textwrap.fill(
    text,
    80,
    subsequent_indent=under,
    break_long_words=False,
    break_on_hyphens=False,
  )
