"""Templates of pages, which share a skeleton, a style and a script."""

import pathlib

import jinja2

ROOT = pathlib.Path(__file__).parents[1]


def render(name: str, **values) -> str:
  """Fills a template.

  Args:
    name: of the template, from the folder of the report:
      `compare/page.html`. It extends `web/base.html`.
    **values: what the template names.

  Returns:
    HTML that needs no other file.
  """
  # Names of tasks, notes and commands come from the user: escaped.
  environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(ROOT),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
  )
  return environment.get_template(name).render(values)
