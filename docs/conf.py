"""How `make docs` builds the site from these pages and the docstrings."""

import importlib.metadata
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

project = 'mtl_jax'
author = 'The mtl_jax authors'
release = importlib.metadata.version('mtl_jax')

extensions = [
  'sphinx.ext.autodoc',
  'sphinx.ext.autosummary',
  'sphinx.ext.napoleon',
  'myst_nb',
]
exclude_patterns = ['_build']
templates_path = ['_templates']
html_theme = 'furo'
html_title = 'mtl_jax'
html_show_copyright = False
# Pages of results hang on their list, which is a table and no toctree;
# tests/test_site.py sees to all others. A type that two modules export may be
# linked to either.
suppress_warnings = ['toc.not_included', 'ref.python']

myst_heading_anchors = 4
# A notebook shows what its last run stored; the tests run it again.
nb_execution_mode = 'off'

autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented'
napoleon_numpy_docstring = False
# An attribute has a line of its class, not an entry of its own.
napoleon_use_ivar = True
# Rooms whose names come from several files have one page, not one per file.
autosummary_context = {
  'exporting': [
    '.'.join(path.parent.relative_to(ROOT).parts)
    for path in ROOT.glob('mtl_jax/**/__init__.py')
    if '__all__ = ' in path.read_text('utf-8')
  ]
}


def setup(app):
  """Reads docstrings as they are written, before napoleon does."""
  app.connect('autodoc-process-docstring', _code, priority=400)
  app.connect('autodoc-skip-member', _is_field)


def _code(app, what, name, member, options, lines):
  """Takes single backticks as code and a star as a star, as they are meant."""
  text = re.sub(r'(?<!`)`([^`]+)`(?!`)', r'``\1``', '\n'.join(lines))
  parts = re.split(r'(``[^`]+``)', text)
  parts[::2] = [part.replace('*', r'\*') for part in parts[::2]]
  lines[:] = ''.join(parts).split('\n')


def _is_field(app, what, name, member, skip, options):
  """Leaves out what a NamedTuple says of each of its fields."""
  text = getattr(member, '__doc__', None) or ''
  return True if text.startswith('Alias for field number') else None
