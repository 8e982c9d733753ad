"""How much of a protocol is trained: smoke, cpu or full; and the configs."""

from __future__ import annotations

import copy
import importlib
import pathlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from mtl_jax.errors import InputError

if TYPE_CHECKING:
  from collections.abc import Sequence

  from benchmarks.published.methods import Method
  from benchmarks.published.protocols import Reduced, Set


class Size(NamedTuple):
  """A preset.

  Attributes:
    share: of the published steps.
    seeds: number of seeds; 0 is as many as published.
    steps: number of steps in place of a share, where it is not 0.
    miniature: whether files are small random ones that are made here.
    rows: the published rows that are trained; () is all.
    accelerator: whether it takes a GPU or TPU.
  """

  share: float = 1.0
  seeds: int = 0
  steps: int = 0
  miniature: bool = False
  rows: tuple[str, ...] = ()
  accelerator: bool = False


REDUCED = 'not trained by --preset='  # why a row has no numbers of ours
# Data sets that `python -m mtl_jax.data.files` fetches.
FETCHED = ('multi_mnist', 'qm9')
# Names of papers, and those of `multi_fashion`.
FEW = ('STL', 'LS', 'EW', 'Unit scalarization', 'PCGrad')
FEW += ('single', 'equal', 'pcgrad')
PRESETS = {
  # Two steps: it shows that everything fits together, and nothing else.
  'smoke': Size(seeds=2, steps=2, miniature=True, rows=FEW),
  'cpu': Size(share=0.01, seeds=2, rows=FEW),
  'full': Size(accelerator=True),
}


def refuse(name: str, platforms: Sequence[str]) -> None:
  """Checks that the devices can train a preset in reasonable time.

  Args:
    name: of the preset.
    platforms: of JAX's devices.

  Raises:
    InputError: it takes a GPU or TPU, and there is none.
  """
  if PRESETS[name].accelerator and {*platforms} <= {'cpu'}:
    raise InputError(
      f'--preset={name} takes a GPU or TPU, and JAX finds only the CPU; '
      'install JAX for your accelerator, or take --preset=cpu'
    )


def check_folder(name: str, preset: str, folder: str | None) -> None:
  """Checks the folder of the data set.

  Args:
    name: of the data set.
    preset: name of the preset.
    folder: of the flag `--data`.

  Raises:
    InputError: it is missing, or not a folder; or miniature files are made and
      one is given.
  """
  if PRESETS[preset].miniature:
    if folder:
      raise InputError(
        f'--data={folder} has no meaning for --preset={preset}, which makes '
        'miniature files; leave it out, or take --preset=cpu'
      )
    return
  if not folder and name in FETCHED:
    return  # the folder that they are fetched to
  if not folder:
    raise InputError(
      f'--data is missing; --preset={preset} takes the folder of the files'
    )
  if not pathlib.Path(folder).is_dir():
    raise InputError(
      f'--data={folder}: no such folder; name the one that has the files, see '
      'docs/data.md'
    )


def base(own: Set, preset: str, files: str, workdir: pathlib.Path) -> Any:
  """Returns the config of a data set at a size.

  Args:
    own: the data set.
    preset: name of the preset.
    files: folder of the files.
    workdir: that of the command; miniature data are prepared there.
  """
  size = PRESETS[preset]
  module = importlib.import_module(f'configs.{own.name}')
  config = module.get_config()
  config.files = files
  config.seeds = size.seeds or config.seeds
  config.keep = 'nothing'
  if size.miniature:
    config.data_dir = str(workdir / 'prepared')
    config.datasets[own.name].published = False
    config.batch_size, config.eval_batch_size = own.batch, own.batch
    config.update_from_flattened_dict(own.smoke)
  if (reduced := _reduced(own, preset)) is not None:
    config.update_from_flattened_dict(reduced.keys)
  elif size.steps or size.share < 1:
    shorten(config, size.steps, size.share)
  return config


def rows(own: Set, preset: str) -> tuple[str, ...]:
  """Returns the published rows that a preset trains; () is all.

  Args:
    own: the data set.
    preset: its name.
  """
  reduced = _reduced(own, preset)
  return PRESETS[preset].rows if reduced is None else reduced.rows


def _reduced(own: Set, preset: str) -> Reduced | None:
  return own.cpu if preset == 'cpu' else None


def shorten(config: Any, steps: int, share: float = 1.0) -> None:
  """Shortens the training of a config.

  Args:
    config: it is changed.
    steps: how many in all; 0 is a share of what it says.
    share: of its steps or epochs.
  """
  if steps:
    config.epochs, config.steps, config.evals = 0.0, steps, 1
    return
  config.epochs *= share
  config.steps = max(1, round(config.steps * share))
  config.evals = max(1, round(config.evals * share))


def chosen(config: Any, method: Method) -> Any:
  """Returns the config of a row.

  Args:
    config: of the data set.
    method: how the row is trained.
  """
  own = copy.deepcopy(config)
  own.scheme, own.balancer = method.scheme, method.balancer
  own.balancers[method.balancer].update(method.fields)
  return own


def miniature(name: str, folder: pathlib.Path) -> None:
  """Writes the miniature files of a data set, unless they are there.

  Args:
    name: of its loader in `mtl_jax.data.standard`.
    folder: for the files.

  Raises:
    InputError: they cannot be written.
  """
  if folder.exists() and any(folder.iterdir()):
    return
  # The command that users have; the modules' own functions differ.
  module = f'mtl_jax.data.standard.{name}'
  command = [sys.executable, '-m', module, f'--miniature={folder}']
  done = subprocess.run(command, capture_output=True, text=True, check=False)
  if done.returncode:
    raise InputError(f'{module}: no miniature files; {done.stderr.strip()}')


def why_apart(own: Set, preset: str) -> str:
  """Returns why numbers cannot stand beside published ones, or ''.

  Args:
    own: the data set.
    preset: its name.
  """
  size = PRESETS[preset]
  if size.miniature:
    return 'miniature files'
  if (reduced := _reduced(own, preset)) is not None:
    return reduced.why
  return f'{size.share:.0%} of the steps' if size.share < 1 else ''
