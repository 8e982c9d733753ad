"""What of a source counts in digests."""

from mtl_jax.plugins.source_code import code

SOURCE = '''"""A module."""

def name(x):  # of a file
  """A docstring."""
  return f'{x + 1:>{len(f"{x}")}} {{x}}' + f"""
  {x!r}"""
'''
TOKENS = """0 defname(x):
2 returnf'{x + 1:>{len(f"{x}")}} {{x}}'+f\"\"\"
  {x!r}\"\"\""""


def test_all_versions_of_python_read_the_same_code():
  # Written by Python 3.11, where an f-string is one token.
  assert code(SOURCE) == TOKENS


def test_comments_and_docstrings_do_not_count_but_indentation_does():
  assert code('x = 1  # one\n') == code('"""Doc."""\nx = 1\n') == '0 x=1'
  inside = code('if x:\n  y\n  z\n')
  assert inside != code('if x:\n  y\nz\n')
