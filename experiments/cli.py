"""How every experiment starts, and how it ends when something is wrong."""

import os
import pathlib
import runpy
import sys
from collections.abc import Callable

from absl import app, flags
from ml_collections import ConfigDict, config_flags

from configs import default
from experiments import lazy
from mtl_jax import plugins
from mtl_jax.errors import InputError, nearest
from mtl_jax.launchers import base
from mtl_jax.plugins import checks
from mtl_jax.processes import jobs, signals, supervisor

with lazy.imports():
  from mtl_jax import devices
  from mtl_jax.processes import hosts

CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'A file of configs/, such as configs/actg175.py.'
)
WORKDIR = flags.DEFINE_string('workdir', None, 'Takes all results.')
SCHEME = flags.DEFINE_string(
  'scheme', None, 'Default: config.scheme; where one is tuned, single.'
)
BALANCER = flags.DEFINE_string('balancer', None, 'Default: config.balancer.')
LAUNCHER = flags.DEFINE_string(
  'launcher', 'local', 'What trains the cells: local or ray.'
)
RAY_ADDRESS = flags.DEFINE_string(
  'ray_address', '', 'host:port of a cluster, or auto; default: this machine.'
)
RAY_CPUS = flags.DEFINE_integer(
  'ray_cpus', 0, "Cores of a cell; 0: one per run, or a GPU's part of them."
)
RAY_GPUS = flags.DEFINE_integer(
  'ray_gpus', -1, 'GPUs of a cell; -1: one, where there are any.'
)
COORDINATOR = flags.DEFINE_string(
  'coordinator', '', 'HOST:PORT of the first of several processes, or auto.'
)
PROCESSES = flags.DEFINE_integer('processes', None, 'How many there are.')
PROCESS = flags.DEFINE_integer(
  'process', None, 'Which of them this is, from 0.'
)
DEBUG = flags.DEFINE_bool('debug', False, 'Show tracebacks of bad input.')


def check() -> None:
  """Raises `InputError`, without JAX: a flag is missing, a name is wrong."""
  require('config', 'workdir')
  checks.check(CONFIG.value)
  for what, flag in (('scheme', SCHEME), ('balancer', BALANCER)):
    checks.check_names(what, [flag.value] if flag.value else [])


def run(main: Callable[[], None], check: Callable[[], None] = check) -> None:
  """Runs `main` with parsed flags, after `check`.

  `check` imports nothing heavy: slips of the hand are told at once. Bad input
  ends with one line and exit code 2; a signal ends with 128 plus its number
  after the state is saved.
  """
  if supervisor.inside():
    supervisor.end(lambda: _code(main, check))
  signals.leave_daemons(codes := [])
  codes.append(_code(main, check))
  sys.exit(codes[0])


def _code(main: Callable[[], None], check: Callable[[], None]) -> int:
  debug = any(a in ('--debug', '--debug=true') for a in sys.argv)
  app.define_help_flags()
  try:
    _parse()
    if CONFIG.value:
      check_keys(CONFIG.value)
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
    text = f'{stop}; the state is saved, and the same command goes on'
    return _say(text, 128 + stop.signum)
  except KeyboardInterrupt:
    return _say('stopped; the last saved state is kept', 130)


def _job() -> jobs.Job | None:
  """The job that this process is one of, if any."""
  job = jobs.Job(COORDINATOR.value, PROCESSES.value, PROCESS.value)
  if not job.coordinator:
    if (job.processes, job.process) != (None, None):
      raise InputError('--processes and --process go with --coordinator')
    return None
  if LAUNCHER.value != 'local':
    raise InputError('--coordinator and --launcher exclude each other')
  jobs.check(job)
  return job


def require(*names: str) -> None:
  """Raises `InputError` for a flag that was not given."""
  for name in names:
    if flags.FLAGS[name].value is None:
      raise InputError(f'--{name} is missing')


def launcher() -> base.Launcher:
  """What `--launcher` names; raises `InputError` where it cannot be had."""
  make = plugins.find('mtl_jax.launchers', LAUNCHER.value, 'make')
  return make(base.Resources(RAY_ADDRESS.value, RAY_CPUS.value, RAY_GPUS.value))


def found(argument: str) -> str:
  """`--config=configs/x.py` from any folder: ours, where there is none here."""
  name, _, value = argument.partition('=')
  path, colon, option = value.partition(':')
  ours = pathlib.Path(__file__).parents[1] / path
  if name == '--config' and not os.path.exists(path) and ours.is_file():
    return f'{name}={ours}{colon}{option}'
  return argument


def check_keys(config: ConfigDict) -> None:
  """Raises `InputError` for a key that a file of configs/ made up.

  Setting a key that is none goes through inside `get_config`: the config is
  locked only after it.
  """
  known = default.get_config()
  for part, allowed in ((config, known), (config.hp, known.hp)):
    for key in part:
      if key not in allowed:
        raise InputError(
          f'config: unknown key {key!r}; {nearest(key, allowed)}'
        )


def _parse() -> None:
  try:
    rest = flags.FLAGS(_arguments())[1:]
    _ = CONFIG.value and CONFIG.value.is_locked  # A missing file shows here.
  except OSError as error:
    raise InputError(f'--config: no file {_values()["--config"]}') from error
  except (AttributeError, KeyError) as error:
    raise InputError(_unknown_key() or _line(error)) from error
  except (flags.Error, TypeError, ValueError) as error:
    raise InputError(_line(error)) from error
  if rest:
    raise InputError(f'what is {rest[0]!r}? Options begin with --')


def _line(error: Exception) -> str:
  return ' '.join(str(error.args[0] if error.args else error).split())


def _values() -> dict[str, str]:
  return dict(a.split('=', 1) for a in _arguments() if '=' in a)


def _arguments() -> list[str]:
  """What was typed, `--config PATH` joined to `--config=PATH`."""
  text = '\n'.join(sys.argv).replace('\n--config\n', '\n--config=')
  return [found(argument) for argument in text.split('\n')]


def _unknown_key() -> str:
  """Which `--config.some.key` is none, and the nearest that is one."""
  values = _values()
  path = values['--config'].partition(':')[0]
  for name in (n for n in values if n.startswith('--config.')):
    part = runpy.run_path(path)['get_config']()
    for key in name.split('.')[1:]:
      if key not in part:
        return f'unknown key {key!r} in {name}; {nearest(key, part)}'
      part = part[key]
  return ''


def _say(text: str, code: int) -> int:
  print(text, file=sys.stderr)
  return code
