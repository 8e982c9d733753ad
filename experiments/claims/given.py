"""Flags of experiments.claims; they are checked before JAX is imported."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from absl import flags

from experiments import cli, compare
from experiments.claims.asked import Asked
from mtl_jax.api import combinations, draw_count
from mtl_jax.errors import InputError, nearest
from mtl_jax.plugins import checks
from mtl_jax.report.claims.claimed import CLAIMS as NAMES

# A scheme of every family: one encoder, penalties, units between towers,
# experts, attention, private parts, adapters.
MAIN = (
  *('hard', 'soft_l2', 'soft_trace', 'cross_stitch', 'mmoe', 'ple', 'mtan'),
  *('shared_private', 'adapters'),
)
# Weights by losses, by uncertainty and by gradients.
BALANCERS = (
  *('uncertainty', 'dwa', 'gls', 'famo', 'pcgrad', 'cagrad', 'fairgrad'),
  'db_mtl',
)

CLAIMS = flags.DEFINE_list('claims', [*NAMES], 'The claims that are measured.')
SHARES = flags.DEFINE_list(
  'shares',
  ['0.02', '0.05', '0.1', '0.25', '0.5', '1'],
  'The shares of the training labels of the curves, above 0 and up to 1.',
)
SCARCE = flags.DEFINE_string(
  'scarce',
  None,
  'The task whose labels are scarce beside tasks with all of theirs. The '
  'default is the first.',
)
CURVE_SCHEMES = flags.DEFINE_list(
  'curve_schemes', None, 'The schemes of the curves; by default --schemes.'
)
TUNED_SCHEMES = flags.DEFINE_list(
  'tuned_schemes', None, 'The schemes that are tuned; by default --schemes.'
)
DRAWS = flags.DEFINE_integer(
  'draws', 16, 'The number of draws of hyperparameters per tuned row.'
)
SMOKE = flags.DEFINE_bool(
  'smoke', False, 'Whether to run a small form of everything, in minutes.'
)
JOIN = flags.DEFINE_list(
  'join', None, 'Workdirs of this command whose pages are put side by side.'
)
# What --smoke makes of it.
SMALL = {'seeds': 3, 'steps': 60, 'evals': 6}
FEW = {'schemes': ('hard', 'mmoe'), 'balancers': ('uncertainty', 'pcgrad')}


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: a flag is missing, a name is unknown or a number makes no sense.
  """
  if JOIN.value is not None:
    _check_join()
    return
  compare.check_choices()
  for flag in (CLAIMS, SHARES, CURVE_SCHEMES, TUNED_SCHEMES):
    if flag.value is not None:
      compare.check_list(flag.name, flag.value)
  for name in CLAIMS.value:
    if name not in NAMES:
      raise InputError(f'--claims: no claim {name!r}; {nearest(name, NAMES)}')
  for flag in (CURVE_SCHEMES, TUNED_SCHEMES):
    checks.check_names('scheme', flag.value or [])
  shares()
  if compare.SCHEMES.value and not sharing(compare.SCHEMES.value):
    raise InputError(
      '--schemes=single: name schemes that share; single is trained anyway'
    )
  if {'tuning', 'balance'} & {*CLAIMS.value}:
    draw_count.check('--draws', DRAWS.value, cli.CONFIG.value)
  if 'balance' in CLAIMS.value and not _balancers():
    raise InputError(
      '--balancers=equal: name balancers that are held against fixed weights, '
      'or leave balance out of --claims'
    )


def _check_join() -> None:
  cli.require('workdir')
  compare.check_list('join', JOIN.value)
  for folder in JOIN.value:
    if not (pathlib.Path(folder) / 'claims.json').is_file():
      raise InputError(
        f'--join: no claims.json in {folder}; name the workdirs of '
        '`experiments.claims --config=...` that have ended'
      )


def shares() -> tuple[float, ...]:
  """Returns the shares of `--shares`, ascending, the last 1.

  Raises:
    InputError: one is no number above 0 and up to 1.
  """
  found = {1.0}
  for text in SHARES.value:
    try:
      share = float(text)
    except ValueError:
      share = 0.0
    if not 0 < share <= 1:
      raise InputError(
        f'--shares: {text!r} is no share; give numbers above 0 and up to 1, '
        'such as --shares=.1,.5,1'
      )
    found.add(share)
  return tuple(sorted(found))


def asked(tasks: tuple[str, ...]) -> Asked:
  """Returns what the flags ask for.

  Args:
    tasks: names of the tasks of the data set.

  Raises:
    InputError: the data set has one task, or none that `--scarce` names.
  """
  experiment = cli.experiment()
  name = experiment.config.dataset
  if len(tasks) < 2:
    raise InputError(
      f'data set {name!r} has one task; claims on sharing need two or more'
    )
  scarce = SCARCE.value or tasks[0]
  if scarce not in tasks:
    raise InputError(f'--scarce: no task {scarce!r}; {nearest(scarce, tasks)}')
  schemes = sharing(compare.SCHEMES.value or _default('schemes', MAIN))
  return Asked(
    experiment=experiment._replace(config=_config(experiment.config)),
    schemes=schemes,
    curve_schemes=sharing(CURVE_SCHEMES.value or schemes),
    tuned_schemes=sharing(TUNED_SCHEMES.value or schemes),
    balancers=_balancers(),
    shares=(0.1, 1.0) if SMOKE.value else shares(),
    scarce=scarce,
    draws=min(2, DRAWS.value) if SMOKE.value else DRAWS.value,
    tasks=tasks,
  )


def named() -> set[str]:
  """Returns the schemes that the flags name, one by one."""
  every = (compare.SCHEMES, CURVE_SCHEMES, TUNED_SCHEMES)
  return {name for flag in every for name in flag.value or ()} - {'all'}


def sharing(names: Sequence[str]) -> tuple[str, ...]:
  """Returns the schemes that are named, without `single`.

  Args:
    names: of schemes, or `['all']`.
  """
  every = combinations.expand('schemes', [*names])
  return tuple(name for name in every if name != 'single')


def _balancers() -> tuple[str, ...]:
  named = compare.BALANCERS.value or _default('balancers', BALANCERS)
  every = combinations.expand('balancers', [*named])
  return tuple(name for name in every if name != 'equal')


def _default(what: str, usual: tuple[str, ...]) -> tuple[str, ...]:
  return FEW[what] if SMOKE.value else usual


def _config(config: Any) -> Any:
  """The config of `--config`, smaller with `--smoke`."""
  if SMOKE.value:
    config = config.copy_and_resolve_references()
    for key, value in SMALL.items():
      config[key] = min(value, config[key])
  return config
