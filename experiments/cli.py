"""Command line of every experiment: flags, checks and exit codes."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import app, flags, logging
from ml_collections import ConfigDict, config_flags

from experiments import lazy, own_table, typed
from mtl_jax import plugins
from mtl_jax.api import configured
from mtl_jax.errors import InputError, nearest
from mtl_jax.launchers import base
from mtl_jax.plugins import checks
from mtl_jax.processes import jobs, signals, supervisor
from mtl_jax.records import disk, owner

with lazy.imports():
  from mtl_jax import devices
  from mtl_jax.api import experiment as experiments
  from mtl_jax.processes import hosts

if TYPE_CHECKING:
  from mtl_jax.api.experiment import Experiment

CONFIG = config_flags.DEFINE_config_file(
  'config',
  None,
  'The configuration file, such as configs/actg175.py. Any key can be '
  'overridden, as in --config.seeds=3.',
)
WORKDIR = flags.DEFINE_string(
  'workdir', None, 'The folder that all results are written to.'
)
SCHEME = flags.DEFINE_string(
  'scheme',
  None,
  'The sharing scheme. The default is config.scheme; experiments.search uses '
  'single by default.',
)
BALANCER = flags.DEFINE_string(
  'balancer', None, 'The loss balancer. The default is config.balancer.'
)
LAUNCHER = flags.DEFINE_string(
  'launcher', 'local', 'The launcher that trains the cells: local or ray.'
)
RAY_ADDRESS = flags.DEFINE_string(
  'ray_address',
  '',
  'The address HOST:PORT of a Ray cluster, or auto to find a running one. By '
  'default Ray is started on this machine.',
)
RAY_CPUS = flags.DEFINE_integer(
  'ray_cpus',
  0,
  'The number of CPU cores per cell. 0 is the share of its GPUs in the cores '
  'of a node, or without GPUs one core per run.',
)
RAY_GPUS = flags.DEFINE_integer(
  'ray_gpus',
  -1,
  'The number of GPUs per cell. -1 is one if the cluster has any.',
)
COORDINATOR = flags.DEFINE_string(
  'coordinator',
  '',
  'The address HOST:PORT of process 0 if several processes train together, or '
  'auto to read it, --processes and --process from the cluster environment.',
)
PROCESSES = flags.DEFINE_integer(
  'processes', None, 'The number of processes that train together.'
)
PROCESS = flags.DEFINE_integer(
  'process', None, 'The index of this process, from 0 to --processes - 1.'
)
NONE = '--config is empty; give a file, such as --config=configs/actg175.py'
FAILED_WRITE = 1  # exit code where a disk is full, read-only or failing
WORDS: list[str] = []  # the arguments without --, see `run`
_most_words = 0
DEBUG = flags.DEFINE_bool(
  'debug', False, 'Whether to show the traceback of an input error.'
)


def check() -> None:
  """Checks flags and config without importing JAX.

  Raises:
    InputError: if a required flag is missing, or a name or value is invalid.
  """
  require('config', 'workdir')
  owner.check_folder(pathlib.Path(WORKDIR.value))
  checks.check(CONFIG.value)
  for what, flag in (('scheme', SCHEME), ('balancer', BALANCER)):
    checks.check_names(what, [flag.value] if flag.value else [])
  own_table.check(CONFIG.value)


def run(
  main: Callable[[], None],
  check: Callable[[], None] = check,
  most_words: int = 0,
) -> None:
  """Parses flags, runs `check` and then `main`, and exits.

  Bad input exits with code 2 after one line on stderr. A signal exits with code
  128 plus its number, after the training state is saved. A disk that is full,
  read-only or failing exits with code 1 after one line.

  Args:
    main: the experiment.
    check: checks the flags; it must not import JAX, so that a typing error is
      reported at once.
    most_words: how many arguments without `--` the command takes; they are put
      into `WORDS`.
  """
  global _most_words  # noqa: PLW0603 - of this process's one command.
  _most_words = most_words
  # With several processes this command is run again as a child, because only
  # its parent can report an error after JAX has aborted it.
  if supervisor.inside():
    supervisor.end(lambda: _code(main, check))
  signals.leave_daemons(codes := [])
  with signals.terminating():
    codes.append(_code(main, check))
  if codes[0] == FAILED_WRITE:
    signals.leave_now(codes[0])
  signals.leave_with(codes[0])
  sys.exit(codes[0])


def _code(main: Callable[[], None], check: Callable[[], None]) -> int:
  """Runs the experiment and returns the exit code."""
  # Flags may fail to parse, so this one is read from the arguments directly.
  debug = any(a in ('--debug', '--debug=true') for a in sys.argv)
  app.define_help_flags()
  try:
    _parse()
    if CONFIG.value is not None:
      configured.check_keys(CONFIG.value)
    plugins.check_name('mtl_jax.launchers', LAUNCHER.value)
    check()
    job = _job()
    if job and not supervisor.inside():
      return supervisor.supervise()
    devices.use_every_core()
    devices.keep_programs(lambda text: print(text, file=sys.stderr))
    if job:
      hosts.run(job, main)
    else:
      main()
    return 0
  except InputError as error:
    if debug:
      raise
    return _say(f'error: {error}', 2)
  except signals.Stopped as stop:
    text = f'{stop}; the state is saved, run the same command to continue'
    return _say(text, 128 + stop.signum)
  except KeyboardInterrupt as error:
    signum = signals.number(error)
    return _say('stopped; run the same command to continue', 128 + signum)
  except Exception as error:
    if debug or not (line := disk.told(error)):
      raise
    return _say(f'error: {line}', FAILED_WRITE)


def _job() -> jobs.Job | None:
  """Returns the multi-process job that this process belongs to, if any."""
  job = jobs.Job(COORDINATOR.value, PROCESSES.value, PROCESS.value)
  if not job.coordinator:
    if (job.processes, job.process) != (None, None):
      raise InputError('--processes and --process require --coordinator')
    return None
  if LAUNCHER.value != 'local':
    raise InputError('--coordinator requires --launcher=local')
  jobs.check(job)
  return job


def require(*names: str) -> None:
  """Checks that flags are given.

  Args:
    *names: names of the flags.

  Raises:
    InputError: if one of them is missing or empty.
  """
  for name in names:
    if flags.FLAGS[name].value is None:
      raise InputError(f'--{name} is missing')
    if flags.FLAGS[name].value == '':  # would be the current folder
      raise InputError(f'--{name} is empty; give a path')


def launcher() -> base.Launcher:
  """Returns the launcher that `--launcher` names.

  Raises:
    InputError: if it does not exist or cannot be started.
  """
  make = plugins.find('mtl_jax.launchers', LAUNCHER.value, 'make')
  return make(base.Resources(RAY_ADDRESS.value, RAY_CPUS.value, RAY_GPUS.value))


def experiment() -> Experiment:
  """Returns what the flags ask for; nothing is loaded.

  Raises:
    InputError: as in `launcher`.
  """
  folder = pathlib.Path(WORKDIR.value)
  return experiments.Experiment(
    CONFIG.value, launcher(), folder, typed.line('experiments.compare')
  )


def pair() -> tuple[str, str]:
  """Returns the scheme and the balancer of the flags, or of the config."""
  config = CONFIG.value
  return SCHEME.value or config.scheme, BALANCER.value or config.balancer


def resolved(argument: str) -> str:
  """Resolves `--config=configs/x.py`, or `--config=x`, as in `configured`.

  Args:
    argument: a command-line argument; any other is returned as it is.
  """
  name, _, value = argument.partition('=')
  if name != '--config':
    return argument
  path, colon, option = value.partition(':')
  return f'{name}={configured.resolved(path)}{colon}{option}'


def _parse() -> None:
  # A get_config() without a return statement is told by `made`, in one line.
  logging.set_verbosity(logging.ERROR)
  try:
    rest = flags.FLAGS(_arguments())[1:]
    # The config is loaded lazily; a missing file raises here.
    _ = CONFIG.value and CONFIG.value.is_locked
    if not isinstance(CONFIG.value, ConfigDict):
      _check_file()
  except OSError as error:
    path = _values().get('--config')
    raise InputError(f'--config: no file {path}' if path else NONE) from error
  except InputError:
    raise
  # The config file may hold any code, and one that exits does so without a
  # word; so does --help, whose exit is passed on.
  except (Exception, SystemExit) as error:
    _check_file()
    if isinstance(error, SystemExit):
      raise
    raise InputError(_unknown_key() or _line(error)) from error
  finally:
    logging.set_verbosity(logging.WARNING)
  if len(rest) > _most_words:
    extra = rest[_most_words]
    raise InputError(f'unexpected argument {extra!r}; flags start with --')
  WORDS[:] = rest


def _line(error: Exception) -> str:
  return ' '.join(str(error.args[0] if error.args else error).split())


def _values() -> dict[str, str]:
  return dict(a.split('=', 1) for a in _arguments() if '=' in a)


def _arguments() -> list[str]:
  """Returns the arguments, with `--config PATH` as `--config=PATH`."""
  text = '\n'.join(sys.argv).replace('\n--config\n', '\n--config=')
  return [resolved(argument) for argument in text.split('\n')]


def _check_file() -> None:
  """Raises `InputError` if the configuration file is at fault."""
  path, *option = _values().get('--config', '').split(':', 1)
  if pathlib.Path(path).is_file():
    configured.check_keys(configured.made(path, *option))


def _unknown_key() -> str:
  """Describes the `--config.some.key` that does not exist, '' if none."""
  values = _values()
  path, *option = values.get('--config', '').split(':', 1)
  if not pathlib.Path(path).is_file():
    return ''
  # The error of ml_collections does not name the key, so it is looked up in a
  # new config.
  for name in (n for n in values if n.startswith('--config.')):
    part = configured.made(path, *option)
    for key in name.split('.')[1:]:
      if not isinstance(part, ConfigDict):
        return f'{name}: there are no keys inside {part!r}'
      if key not in part:
        return f'unknown key {key!r} in {name}; {nearest(key, part)}'
      part = part[key]
  return ''


def _say(text: str, code: int) -> int:
  print(text, file=sys.stderr)
  return code
