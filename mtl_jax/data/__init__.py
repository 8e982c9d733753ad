"""Data sets, selected by file name: `load('actg175', split_seed=0)`."""

from collections.abc import Callable

from mtl_jax import plugins

HELPERS = (
  *('columns', 'files', 'padded', 'sources', 'splits', 'stacked'),
  *('store', 'text', 'views'),
)


def names() -> list[str]:
  """Returns the names of all data sets of this package."""
  return plugins.names(__name__)


def load(name: str, /, **fields):
  """Loads a data set.

  Args:
    name: name of a file of this package, or the dotted path of any module with
      a function `load`.
    **fields: arguments of that function, `split_seed` for example.

  Returns:
    The data set, a `base.Data`.

  Raises:
    InputError: if the data set or a field is unknown.
  """
  make = loader(name)
  plugins.check_fields(f'data set {name!r}', fields, plugins.fields(make))
  return make(**fields)


def loader(name: str) -> Callable:
  """Returns the `load` function of a data set.

  Args:
    name: name of a file of this package, or a dotted path.

  Raises:
    InputError: if the module does not exist or has no `load`.
  """
  return plugins.find(__name__, name, 'load')
