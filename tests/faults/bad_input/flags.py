"""Flags that no command can work with; all are answered without JAX."""

from tests.faults.bad_input.running import Case

BASE = ('--config=configs/synthetic.py', '--workdir=w')

# Arguments beside a configuration and a workdir, and a part of the line.
COMPARE = {
  '--schemes=hrd': "unknown name 'hrd' in schemes: did you mean 'hard'?",
  '--schemes=': '--schemes is empty; name at least one',
  '--schemes=hard,hard': "--schemes names 'hard' twice",
  '--schemes=all,hard': "unknown name 'all' in schemes",
  '--schemes=haéd': "did you mean 'hard'",
  '--schemes=\x01': "unknown name '\\x01' in schemes",
  '--schemes=no_such_lab.scheme': "no module 'no_such_lab.scheme' on the Pyth",
  '--schemes=..': "no module '..' on the Python path",
  '--balancers=equl': "did you mean 'equal'",
  '--balancers=': '--balancers is empty',
  '--balancers=equal,equal': "names 'equal' twice",
  '--scheme=hrd': "did you mean 'hard'",
  '--balancer=x': "unknown name 'x' in balancers",
  '--tune=1': '--tune=1; give 2 to 1000 draws',
  '--tune=-4': '--tune=-4; give 2 to 1000',
  '--tune=5000': '--tune=5000; give 2 to 1000',
  '--tune=x': '--tune=x',
  '--launcher=locl': "did you mean 'local'",
  '--launcher=': "unknown name '' in launchers",
  '--reference=maybe': '--reference=maybe',
  '--debug=maybe': '--debug=maybe',
  '--weights=w': '--weights is for tables',
  '--split=x': '--split is for tables',
  '--group=': '--group is for tables',
  '--coordinator=x': 'write HOST:PORT of process 0',
  '--coordinator=localhost:1': '--coordinator needs --processes=N',
  '--processes=2': 'require --coordinator',
  '--process=1': 'require --coordinator',
  '--ray_cpus=x': '--ray_cpus=x',
  'extra': "unexpected argument 'extra'; flags start with --",
  '--nosuch=1': "Unknown command line flag 'nosuch'",
  '-x': "Unknown command line flag 'x'",
  '--config': '--config is empty; give a file',
  '--workdir': 'Missing value for flag --workdir',
  '--workdir=': '--workdir is empty; give a path',
}
OTHERS = {
  'factorial': {
    '--schemes=hrd': "did you mean 'hard'",
    '--optimizer=adma': "did you mean 'adam'",
    '--optimizer=': 'write a name and settings',
    '--optimizer=sgd hp.lr': 'write a name and settings',
    '--optimizer=sgd hp.lrr=(1.,)': "did you mean 'lr'",
    '--optimizer=sgd hp.lr=(-1.,)': 'config.hp.lr is (-1.0,)',
    '--optimizer=sgd seeds=3': 'set --config.seeds instead',
    '--size=': 'write a name and settings',
    '--size=small encoders.mlp.widths=(0,)': 'widths is (0,)',
    '--size=small encoders.mlp.widts=(3,)': "did you mean 'widths'",
    '--size=small encoders.mlp.widths=(': 'write a name and settings',
  },
  'grid': {'--balancers=equl': "did you mean 'equal'", '--tune=3': '--tune'},
  'search': {
    '--try=': '--try=: write key=(value, ...)',
    '--try=x': '--try=x: write key=(value, ...)',
    '--try=steps=3': 'write key=(value, ...)',
    '--try=steps=(': 'write key=(value, ...)',
    '--try=steps=()': 'give at least one value',
    '--try=stpes=(1,)': "did you mean 'steps'",
    '--try=steps=("a",)': "--try=steps: 'a' is no value of it",
    '--try=steps=(0,)': 'config.steps is 0',
    '--try=schemes.mmoe.nosuch=(1,)': "no 'nosuch'",
    '--scheme=hrd': "did you mean 'hard'",
  },
  'interference': {
    '--scheme=hrd': "did you mean 'hard'",
    '--balancer=equl': "did you mean 'equal'",
    '--config.probe.rows=0': 'config.probe.rows is 0',
  },
  'transfer': {
    '--largest=0': '--largest=0: it must be from 2',
    '--largest=x': '--largest=x',
    '--affinities=nosuch.csv': '--affinities=nosuch.csv: no such file',
    '--scheme=hrd': "did you mean 'hard'",
  },
  'validity': {
    '--real=nosuch.py': '--real=nosuch.py: no such file',
    '--config.dataset=actg175': 'name real data sets with --real',
  },
  'profile': {
    '--steps=0': '--steps=0; it must be at least 1',
    '--steps=x': '--steps=x',
    '--scheme=hrd': "did you mean 'hard'",
  },
  'tune': {
    '--draws=1': '--draws=1; give 2 to 1000',
    '--draws=x': '--draws=x',
    '--config.seeds=1': '--draws=32 with config.seeds=1',
    '--balancers=equl': "did you mean 'equal'",
  },
  'claims': {
    '--claims=performnce': "did you mean 'performance'",
    '--claims=': '--claims is empty',
    '--shares=0': "--shares: '0' is no share",
    '--shares=2': "--shares: '2' is no share",
    '--shares=x': "--shares: 'x' is no share",
    '--shares=nan': "--shares: 'nan' is no share",
    '--shares=': '--shares is empty',
    '--curve_schemes=hrd': "did you mean 'hard'",
    '--tuned_schemes=hrd': "did you mean 'hard'",
    '--schemes=single': '--schemes=single: name schemes that share',
    '--draws=1': '--draws=1; give 2 to 1000',
    '--balancers=equal': '--balancers=equal: name balancers',
    '--join=nowhere': '--join: no claims.json in nowhere',
    '--join=': '--join is empty',
  },
  **{
    name: {
      '--config.encoder=mpl': "did you mean 'mlp'",
      '--schemes=hrd': "did you mean 'hard'",
    }
    for name in (
      *('branching', 'capacity', 'expert_count', 'soft_penalty', 'stitches'),
    )
  },
}
# Whole command lines of what takes no configuration.
ALONE = [
  ('experiments.compare', '', '--config is missing'),
  ('experiments.compare', '--config=synthetic', '--workdir is missing'),
  ('experiments.check.__main__', '', 'name one or several workdirs'),
  ('experiments.check.__main__', 'nowhere', 'nowhere: no such folder; name'),
  ('experiments.rerun.__main__', '', 'give the folder of a cell'),
  ('experiments.rerun.__main__', 'nowhere', 'nowhere: no such folder; name'),
  ('experiments.rerun.__main__', '--tolerance=-1 x', '--tolerance=-1.0 is not'),
  ('experiments.report', '', 'no workdir is named'),
  ('experiments.report', 'nowhere', 'only nowhere is named'),
  ('experiments.report', 'a b', 'a: no such folder; name a workdir'),
  ('experiments.report', '--margin=nan a b', '--margin=nan is not a number'),
  ('experiments.report', '--margin=x', '--margin=x'),
  ('experiments.results', 'x', 'unrecognized arguments: x'),
  ('experiments.results', '--under=x', '--under'),
  ('experiments.results', '--docs=nowhere', 'no file nowhere/results.toml'),
  ('experiments.predict', '', 'give the folder of a cell and a file of rows'),
  ('experiments.predict', 'a b', 'b: no such file'),
  ('experiments.predict', 'a b c', "unexpected argument 'c'"),
  ('experiments.main', 'comprae', "did you mean 'compare'"),
  ('experiments.main', '--version', "no command '--version'"),
  ('experiments.main', 'compare', '--config is missing'),
  ('mtl_jax.data.files', 'actg17', "did you mean 'actg175'"),
  ('mtl_jax.data.files', '--nosuch', 'unrecognized arguments: --nosuch'),
  ('mtl_jax.data.files', '--folder', 'argument --folder: expected one'),
  ('benchmarks.balancers.__main__', '--balancers=equl', "mean 'equal'"),
  ('benchmarks.balancers.__main__', '--balancers=', '--balancers is empty'),
  ('benchmarks.balancers.__main__', '--tasks=0', "--tasks has '0'"),
  ('benchmarks.balancers.__main__', '--tasks=', '--tasks has'),
  ('benchmarks.balancers.__main__', '--rounds=0', '--rounds=0'),
  (
    'benchmarks.cross_stitch.__main__', '--preset=cup --workdir=w',
    "did you mean 'cpu'",
  ),
  (
    'benchmarks.cross_stitch.__main__', '--config=synthetic --workdir=w',
    '--config has no meaning',
  ),
  ('benchmarks.delta_m.__main__', '--nosuch', 'unrecognized arguments'),
  ('benchmarks.dense.__main__', '--nosuch', 'unrecognized arguments'),
  ('benchmarks.dense.memory', '--nosuch', 'unrecognized arguments'),
  ('benchmarks.published.celeba', '--nosuch', 'nosuch'),
  ('benchmarks.published.cifar100', '--nosuch', 'nosuch'),
  ('benchmarks.published.cityscapes', '--nosuch', 'nosuch'),
  ('benchmarks.published.multi_mnist', '--nosuch', 'nosuch'),
  ('benchmarks.published.nyuv2', '--nosuch', 'nosuch'),
  ('benchmarks.published.office31', '--nosuch', 'nosuch'),
  ('benchmarks.published.office_home', '--nosuch', 'nosuch'),
  ('benchmarks.published.qm9', '--nosuch', 'nosuch'),
  ('benchmarks.growth.__main__', '--axes=seds', "unknown axis 'seds'"),
  ('benchmarks.growth.__main__', '--axes=', '--axes is empty'),
  ('benchmarks.growth.__main__', '--repeats=0', '--repeats=0'),
  ('benchmarks.growth.streaming', '--periods=0', '--periods=0'),
  ('benchmarks.mmoe_synthetic.__main__', '--steps=0', '--steps=0'),
  (
    'benchmarks.multi_fashion.__main__', '--recipes=x --workdir=w --out=o',
    '--recipes=x: not a recipe',
  ),
  ('benchmarks.schemes.__main__', 'x', 'unrecognized arguments: x'),
  ('benchmarks.selection.__main__', '--repeats=1', '--repeats=1'),
  ('benchmarks.speed.__main__', '--workloads=x', "unknown workload 'x'"),
  ('benchmarks.speed.__main__', '--seconds=x', '--seconds=x'),
  ('benchmarks.speed.gpu', '--seeds=x', "--seeds has 'x'"),
  ('benchmarks.speed.parts', '--workloads=x', "unknown workload 'x'"),
  ('benchmarks.speed.plot', 'nowhere', 'no file nowhere/speed.csv'),
  ('benchmarks.toy.__main__', '--setting=x', 'famo|cagrad'),
  ('benchmarks.verdicts.__main__', '--smoke=3', '--smoke'),
  *(
    (f'benchmarks.{name}.page', '--foldr=docs', 'arguments: --foldr=docs')
    for name in (
      *('balancers', 'cross_stitch', 'growth', 'mmoe_synthetic'),
      *('multi_fashion', 'speed', 'toy'),
    )
  ),
]  # fmt: skip


def cases() -> dict[str, Case]:
  """Returns all cases by name."""
  found = {}
  for command, given in {'compare': COMPARE, **OTHERS}.items():
    for flag, said in given.items():
      case = Case(f'experiments.{command}', (*BASE, flag), said)
      found[f'{command} {flag}'] = case
  for module, typed, said in ALONE:
    found[f'{module} {typed}'] = Case(module, tuple(typed.split()), said)
  twice = '--optimizer=sgd hp.lr=(.1,.2)', '--optimizer=adam'
  found['factorial, other numbers of settings'] = Case(
    'experiments.factorial', (*BASE, *twice), 'different numbers of config.hp'
  )
  found['factorial, one optimizer twice'] = Case(
    'experiments.factorial', (*BASE, *['--optimizer=sgd'] * 2),
    "--optimizer names 'sgd' twice",
  )  # fmt: skip
  return found
