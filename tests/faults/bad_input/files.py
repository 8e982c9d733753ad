"""Files that cannot be used: configurations, models, workdirs."""

from tests.faults.bad_input.flags import BASE
from tests.faults.bad_input.hostile import PICKLE, folder, link
from tests.faults.bad_input.running import Case

CONFIG = (
  'from configs import default\n'
  'def get_config():\n'
  '  c = default.get_config()\n'
  "  c.dataset = 'synthetic'\n"
)
# Configuration files.
CONFIGS = {
  'empty': ('', 'c.py has no get_config()'),
  'name': ('x', "NameError: name 'x' is not defined (c.py, line 1)"),
  'syntax': ('def get_config(:', 'SyntaxError: invalid syntax (c.py, line 1)'),
  'bytes': (b'\xff\xfe', 'c.py: SyntaxError'),
  'NUL': (b'x = 1\0', 'null bytes'),
  'pickle': (PICKLE, 'c.py: '),
  'exits': ('raise SystemExit(0)', 'c.py: SystemExit: 0 (c.py, line 1)'),
  'exits when called': (
    'import sys\ndef get_config():\n  sys.exit(3)', 'SystemExit: 3 (c.py, line',
  ),
  'lacks': ('import no_such_module', "No module named 'no_such_module' (c.py"),
  'returns nothing': ('def get_config(): pass', 'returns a NoneType'),
  'returns a dict': ('def get_config(): return {}', 'returns a dict'),
  'returns no keys': (
    'from ml_collections import ConfigDict as C\ndef get_config(): return C()',
    "'accumulate' is missing or None",
  ),
  'needs an option': ('def get_config(x): return x', 'required positional'),
  'misspelt': (CONFIG + '  c.stpes=3\n  return c', "did you mean 'steps'"),
  'type': (CONFIG + '  c.steps="many"\n  return c', "override field 'steps'"),
  'no section': (CONFIG + '  c.hp = 3\n  return c', "override field 'hp'"),
  'deleted': (CONFIG + '  del c.steps\n  return c', "'steps' is missing"),
  'NaN': (
    CONFIG + '  c.hp.lr=(float("nan"),)\n  return c', 'config.hp.lr is (nan,)',
  ),
  'None': (
    CONFIG + '  c.probe.batches=None\n  return c', "'probe.batches' is",
  ),
  'raises': (CONFIG + '  raise ValueError("a\\nb")', 'ValueError: a b (c.py'),
  'a folder': (folder, 'no file c.py'),
  'a broken link': (link, 'no file c.py'),
}  # fmt: skip
# Content of model.json in a folder that `experiments.predict` is given.
MODELS = {
  'empty': ('', 'model.json is damaged (it is '),
  'a list': ('[]', 'is not the JSON of a model'),
  'null': ('null', 'is not the JSON of a model'),
  'no key': ('{}', 'is not the JSON of a model'),
  'newer': ('{"format": 99}', 'is a model of format 99'),
  'a word': ('{"format": "x"}', 'is a model of format x'),
  'lacks': ('{"format": 1}', "lacks 'arrays': it is damaged"),
  'bytes': (b'\xff\xfe', 'model.json is damaged (it is '),
  'NUL': ('\0', 'model.json is damaged (it is '),
  'deep': ('[' * 100_000, 'model.json is damaged (it is '),
  'pickle': (PICKLE, 'model.json is damaged (it is '),
  'a folder': (folder, 'm is no model: it has no model.json'),
}


def cases() -> dict[str, Case]:
  """Returns all cases by name."""
  found = {}
  for name, (content, said) in CONFIGS.items():
    found[f'config file: {name}'] = Case(
      'experiments.compare', ('--config=c.py', '--workdir=w'), said,
      {'c.py': content},
    )  # fmt: skip
  found['config file: never ends, Ctrl-C'] = Case(
    'experiments.compare', ('--config=c.py', '--workdir=w'), 'stopped',
    {'c.py': 'while True: pass'}, code=130, interrupt=0.5,
  )  # fmt: skip
  rows = {'r.csv': 'a\n1\n'}
  for name, (content, said) in MODELS.items():
    found[f'model.json: {name}'] = Case(
      'experiments.predict', ('m', 'r.csv'), said,
      {**rows, 'm/model.json': content},
    )  # fmt: skip
  return found | _others(rows)


def _others(rows: dict) -> dict[str, Case]:
  """Models, workdirs and folders that are something else."""
  given = {
    'no model': ('predict', 'nowhere r.csv', 'nowhere does not exist', {}),
    'a file': ('predict', 'f r.csv', 'f is a file, not the', {'f': 'x'}),
    'a pickle': ('predict', 'f r.csv', 'never loaded', {'f': PICKLE}),
    'no cell': ('predict', 'd r.csv', 'd is no model', {'d/x': ''}),
    'a workdir': ('predict', 'd r.csv', 'd is a workdir', {'d/cells/x/y': ''}),
    'rows: a folder': ('predict', 'd d', 'd: no such file', {'d/x': ''}),
    'no cells': (
      'predict', '--workdir=w --scheme=hard r.csv', '--workdir=w has no', {},
    ),
    'no scheme': ('predict', '--workdir=w r.csv', 'needs --scheme', {}),
    'no folder': ('predict', 'a r.csv --out=no/x.csv', 'a does not exist', {}),
    'seed': ('predict', 'a r.csv --seed=x', '--seed=x', {}),
    'twice': ('report', 'd d', 'd is named twice', {'d/x': ''}),
    'no workdirs': ('report', 'f g', 'f: no such folder', {'f': '', 'g': ''}),
    'torn': (
      'report', 'd e', 'the records are not complete',
      {'d/cells/x/y': '', 'e/cells/x/y': ''},
    ),
    'results': (
      'results', '--docs=d', 'd/results.toml: ', {'d/results.toml': 'x = ['},
    ),
    '--into a file': (
      'report', 'd e --into=f', 'f', {'d/x': '', 'e/x': '', 'f': ''},
    ),
  }  # fmt: skip
  found = {
    f'{command}: {name}': Case(
      f'experiments.{command}', tuple(typed.split()), said, rows | files
    )
    for name, (command, typed, said, files) in given.items()
  }
  found['a table as config'] = Case(
    'experiments.compare', ('--config=r.csv', '--workdir=w'),
    'r.csv is no configuration, which is a .py file', rows,
  )  # fmt: skip
  for name, flag in (('no config', 'no.py'), ('misspelt', 'synthetc')):
    found[name] = Case(
      'experiments.compare', (f'--config={flag}', '--workdir=w'),
      f'--config: no file {flag}',
    )  # fmt: skip
  found['fetch into a file'] = Case(
    'mtl_jax.data.files', ('actg175', '--folder=f'), "'f'", {'f': ''},
  )  # fmt: skip
  found['results in a file'] = Case(
    'benchmarks.delta_m.__main__', ('--out=f',), '--out f: ', {'f': ''}
  )
  found['workdir is a file'] = Case(
    'experiments.compare', (BASE[0], '--workdir=f'), '--workdir f', {'f': ''}
  )
  found['workdir in a file'] = Case(
    'experiments.compare', (BASE[0], '--workdir=f/w'), '--workdir f/w',
    {'f': ''},
  )  # fmt: skip
  return found
