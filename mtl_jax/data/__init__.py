"""Data sets, selected by file name: `load('actg175', split_seed=0)`."""

from collections.abc import Callable
from typing import Any

from mtl_jax import plugins
from mtl_jax.errors import InputError, raised
from mtl_jax.plugins import sections

HELPERS = (
  *('columns', 'checking', 'derived', 'files', 'frames', 'glyphs'),
  *(
    'padded',
    'prepared',
    'raw',
    'scarce',
    'scenes',
    'sources',
    'splits',
    'stacked',
    'standard',
    'store',
    'text',
  ),
  'views',
)


def __getattr__(name: str) -> Any:
  """Provides data sets of what is in memory: one or `several` of them.

  `frame`, `arrays`, `several_frames` and `several_arrays`.

  Their import is deferred because it takes that of pandas, or of JAX.
  """
  if name == 'several_frames':
    from mtl_jax.data.frames import joining

    return joining.frames
  if name == 'several_arrays':
    from mtl_jax.data.derived import disjoint

    return disjoint.joined
  if name not in ('frame', 'arrays'):
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  from mtl_jax.data.frames import making

  return getattr(making, name)


def names() -> list[str]:
  """Returns the names of all data sets of this package."""
  return plugins.names(__name__)


def load(name: str, /, **fields):
  """Loads a data set.

  Args:
    name: name of a file of this package, or the dotted path of any module with
      a function `load`.
    **fields: arguments of that function, `split_seed` for example, and
      `labels`, the number of training labels that tasks keep, as in
      `scarce.keep`: `labels=(('cd496', 60),)`.

  Returns:
    The data set, a `base.Data`.

  Raises:
    InputError: if the data set or a field is unknown, `labels` are not in the
      data, or the function fails.
  """
  make = loader(name)
  own = plugins.fields(make)
  allowed = sections.COMMON['dataset'] | own
  plugins.check_fields(f'data set {name!r}', fields, allowed)
  _remove_damaged(fields.get('data_dir', ''))
  # A `load` that has an argument of this name sees to it itself.
  labels = () if 'labels' in own else fields.pop('labels', ())
  try:
    found = _scarce(name, make, labels, fields) if labels else make(**fields)
  except (InputError, MemoryError):
    raise
  except Exception as error:  # A file of the user's may raise anything.
    raise InputError(f'data set {name!r}: {raised(error)}') from error
  if found is None:
    raise InputError(
      f'data set {name!r}: load() returns a {type(found).__name__}; it must '
      'return a mtl_jax.data.base.Data'
    )
  return found


def _remove_damaged(data_dir: str) -> None:
  # Not at the top: `python -m mtl_jax.data.files` would be imported twice.
  from mtl_jax.data import files
  from mtl_jax.data.checking import prepared

  prepared.remove_damaged(files.home(data_dir))


def _scarce(name: str, make: Callable, labels, fields: dict):
  """Loads a data set and hides training labels."""
  from mtl_jax.data import scarce  # imports JAX

  where = f'config.datasets.{name.rpartition(".")[2]}.labels'
  scarce.check(labels, where)  # before the data are read
  return scarce.keep(make(**fields), labels, fields.get('split_seed'), where)


def loader(name: str) -> Callable:
  """Returns the `load` function of a data set.

  Args:
    name: name of a file of this package, or a dotted path.

  Raises:
    InputError: if the module does not exist or has no `load`.
  """
  return plugins.find(__name__, name, 'load')
