"""Data sets, chosen by file name: `load('actg175', split_seed=0)`."""

from collections.abc import Callable

from mtl_jax import plugins

HELPERS = (
  *('columns', 'files', 'padded', 'sources', 'splits', 'stacked'),
  *('store', 'text', 'views'),
)


def names() -> list[str]:
  """Every data set of this package, by the name of its file."""
  return plugins.names(__name__)


def load(name: str, /, **fields):
  """The `base.Data` of a data set. Raises `InputError` for an unknown field.

  A name with a dot is imported as it stands, so that a data set of one's own
  is a file anywhere with a function `load`.
  """
  make = loader(name)
  plugins.check_fields(f'data set {name!r}', fields, plugins.fields(make))
  return make(**fields)


def loader(name: str) -> Callable:
  """The `load` of a data set; raises `InputError` where there is none."""
  return plugins.find(__name__, name, 'load')
