"""Files with code of the user's that fail, and what only data can tell.

The line needs JAX, since the file of a scheme imports it.
"""

from tests.faults.bad_input.flags import BASE
from tests.faults.bad_input.running import Case
from tests.faults.bad_input.tables import GOOD, TASKS, with_column

SMALL = (*BASE, '--config.steps=2', '--config.evals=1', '--config.seeds=2')
SMALL += ('--config.datasets.synthetic.rows=(60,30,30)', '--noreference')
# Content of lab/mine.py, and a part of the line.
SCHEMES = {
  'empty': ('', 'lab.mine has no Scheme'),
  'syntax': ('class Scheme(:', 'SyntaxError: invalid syntax (mine.py, line 1)'),
  'raises': ('1 / 0', 'ZeroDivisionError: division by zero (mine.py, line 1)'),
  'lines': ('raise ValueError("a\\nb")', 'ValueError: a b (mine.py, line 1)'),
  'exits': ('raise SystemExit(0)', 'SystemExit: 0 (mine.py, line 1)'),
  'sys.exit': ('import sys\nsys.exit("bye")', 'SystemExit: bye (mine.py, line'),
  'lacks': (
    'import no_such_module', "imports 'no_such_module', which is not installed",
  ),
  'lacks a name': ('from os import no_such', 'ImportError: cannot import name'),
  'misspelt': ('from mtl_jax.schemes import bse', 'ImportError: cannot import'),
  'bytes': (b'\xff\xfe', 'SyntaxError'),
  'NUL': (b'x = 1\0', 'null bytes'),
  'no class': ('Scheme = 3', "lab.mine: Scheme is int 3; it must be a class"),
  'raises when made': (
    'from mtl_jax.schemes import base\nclass Scheme(base.Scheme):\n'
    '  def __call__(self, x, train):\n    raise RuntimeError("here")\n',
    "scheme 'lab.mine': here",
  ),
}  # fmt: skip
OTHERS = {
  '--config.dataset=lab.mine': ('load = 1 / 0', 'ZeroDivisionError'),
  '--config.balancer=lab.mine': (
    'def make():\n  raise KeyError("c")', "balancer 'lab.mine'",
  ),
  '--config.log=lab.mine': ('def make(): return 3', 'has no method'),
}  # fmt: skip
DATASET = 'def load(split_seed=None, data_dir="", files=""):\n  '
DATASETS = {
  'raises': (DATASET + 'raise KeyError("x")', "KeyError: 'x' (mine.py, line"),
  'returns nothing': (DATASET + 'return None', 'load() returns a NoneType'),
}  # fmt: skip
# Flags whose fault shows with the data.
DATA = {
  '--config.primary=("nosuch",)': "config.primary names 'nosuch'",
  '--config.freeze=("nosuch",)': 'is no prefix of a parameter',
  '--config.init_from=nowhere': 'nowhere',
  '--config.hp.task_weights=((1.,),)': 'must be a tuple of 2 numbers',
  '--config.datasets.synthetic.rows=(0,1,1)': 'three whole numbers of at least',
  '--config.datasets.synthetic.tasks=0': 'at least 1 task',
  '--config.datasets.synthetic.waves=-1': '0 waves or more',
  '--config.datasets.synthetic.noise=(-1.,)': 'noise is 0 or more',
  '--config.datasets.synthetic.known=(2.,)': 'a share above 0',
  '--config.datasets.synthetic.family=cosin': "did you mean 'cosine'",
  '--config.datasets.synthetic.labels=(("a",-3),)': "task 'a' has -3",
  '--config.datasets.synthetic.related=2.': 'cosine 2',
  '--schemes=lab.other': "no module 'lab.other'",
}


def cases() -> dict[str, Case]:
  """Returns all cases by name."""
  found = {}
  for name, (code, said) in SCHEMES.items():
    found[f'scheme file: {name}'] = _case(code, '--schemes=lab.mine', said)
  for flag, (code, said) in OTHERS.items():
    found[flag] = _case(code, flag, said)
  for name, (code, said) in DATASETS.items():
    found[f'data set: {name}'] = _case(code, '--config.dataset=lab.mine', said)
  for flag, said in DATA.items():
    found[flag] = _case('', flag, said)
  ends = _case('while True: pass', '--schemes=lab.mine', 'stopped')
  found['scheme file: never ends, Ctrl-C'] = ends._replace(
    code=130, interrupt=6.0
  )
  found['a table without rows'] = Case(
    'benchmarks.growth.many_rows', ('--rows=0',), '--rows must be at least 1',
    jax=True,
  )  # fmt: skip
  return found | _of_workdirs()


def _case(code: str | bytes, flag: str, said: str) -> Case:
  files = {'lab/mine.py': code}
  return Case('experiments.compare', (*SMALL, flag), said, files, jax=True)


def _of_workdirs() -> dict[str, Case]:
  """Workdirs of something else, and what a table cannot be split into."""
  given = {
    'other files': ({'w/x': ''}, 'holds other files'),
    'another experiment': (
      {'w/config.json': '{"dataset": "x"}'}, 'belongs to another configuration',
    ),
    'a list as owner': ({'w/config.json': '[]'}, 'is not of mtl_jax'),
  }  # fmt: skip
  found = {
    f'workdir: {name}': Case('experiments.compare', SMALL, said, files, True)
    for name, (files, said) in given.items()
  }
  table = (
    *('--config=configs/table.py', '--workdir=w', '--config.steps=2'),
    '--config.datasets.table.path=t.csv',
    f'--config.datasets.table.tasks={TASKS}',
  )
  found['a split without rows'] = Case(
    'experiments.compare', (*table, '--config.datasets.table.parts=(900,1,1)'),
    'split', {'t.csv': GOOD}, True,
  )  # fmt: skip
  words = ['train'] * 58 + ['valid', 'test']
  found['a split of one class'] = Case(
    'experiments.compare', (*table, '--split=town'), "has only class 0",
    {'t.csv': with_column(1, words)}, True,
  )  # fmt: skip
  return found
