"""The console command: `mtl-jax compare` for `python -m experiments.compare`.

  mtl-jax compare --config=actg175 --schemes=hard,mmoe --workdir=out/a

Every command has the flags of its module.
"""

import ast
import pathlib
import runpy
import sys

from experiments import typed

FOLDER = pathlib.Path(__file__).parent
COMMANDS = (
  *('compare', 'interference', 'transfer', 'tune', 'predict', 'report'),
  *('check', 'rerun'),
  *('grid', 'factorial', 'search', 'validity', 'profile', 'claims'),
  *('branching', 'capacity', 'expert_count', 'soft_penalty', 'stitches'),
)


def main() -> int:
  """Runs a command and returns the exit code, unless the command exits."""
  command, *flags = sys.argv[1:] or ['--help']
  if command in ('--help', '-h', '--helpfull', 'help'):
    print(usage())
    return 0
  if command not in commands():
    from mtl_jax.errors import nearest

    text = nearest(command, commands())
    print(f'error: no command {command!r}; {text}', file=sys.stderr)
    return 2
  typed.BEGIN[:] = ['mtl-jax', command]
  sys.argv[:] = [f'mtl-jax {command}', *flags]
  runpy.run_module(
    f'experiments.{command}', run_name='__main__', alter_sys=True
  )
  return 0


def commands() -> list[str]:
  """Returns the commands that this installation has."""
  return [name for name in COMMANDS if _file(name).is_file()]


def _file(name: str) -> pathlib.Path:
  """The file of a command: a module, or the `__main__` of a package."""
  package = FOLDER / name / '__main__.py'
  return package if package.is_file() else FOLDER / f'{name}.py'


def usage() -> str:
  """Returns the commands, each with a line."""
  names = commands()
  width = max(map(len, names))
  lines = [f'  {name:{width}}  {_first_line(name)}' for name in names]
  return '\n'.join(
    [
      'usage: mtl-jax COMMAND [flags]',
      '',
      *lines,
      '',
      'mtl-jax COMMAND --help shows its flags. Every command needs a folder',
      'for its results (--workdir) and what it is asked of: --config=actg175,',
      '--config=table, or the path of a configuration file.',
    ]
  )


def _first_line(name: str) -> str:
  """The first line of a module's docstring; nothing is imported for it."""
  text = _file(name).read_text('utf-8')
  return (ast.get_docstring(ast.parse(text)) or '').partition('\n')[0]


if __name__ == '__main__':
  sys.exit(main())
