"""MMoE's synthetic experiment: networks, rules, and what a page is made of."""

import functools
import pathlib
import subprocess
import sys
import types

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from benchmarks.mmoe_synthetic import claims as mmoe_claims
from benchmarks.mmoe_synthetic import page, rules, runs, tables
from benchmarks.mmoe_synthetic.rules import FAILS, HOLDS, OPEN
from mtl_jax.cells import build
from mtl_jax.errors import InputError
from mtl_jax.report import results as report_cells
from mtl_jax.resources import costs
from mtl_jax.tasks import Task

TASKS = (Task('task_0', 'regression'), Task('task_1', 'regression'))
INFO = tuple(report_cells.TaskInfo(t.name, t.kind, ()) for t in TASKS)
LAST = 100
FOLDER = pathlib.Path(__file__).parents[2] / page.FOLDER


@pytest.mark.parametrize(
  ('model', 'weights', 'rest'),
  [
    # Biases of shared and own layers; read-outs; gates.
    ('hard', 100 * 113 + 2 * 113 * 8, 113 + 2 * 8 + 2 * 9),
    ('omoe', 13_056, 8 * 16 + 2 * 8 + 2 * 9 + 100 * 8),
    ('mmoe', 13_056, 8 * 16 + 2 * 8 + 2 * 9 + 2 * 100 * 8),
  ],
)
def test_networks_are_as_large_as_published(model, weights, rest):
  config = runs.config(model, 0.5, (1e-3,), range(1), 30)
  build.check(config)
  scheme = build.system(config, TASKS).scheme
  start = functools.partial(scheme.init, train=False)
  variables = jax.eval_shape(start, jax.random.key(0), jnp.zeros((1, 100)))
  assert runs.compared(variables['params']) == weights
  assert costs.parameters(variables['params']) == weights + rest


def test_an_interval_decides_a_part_and_the_parts_a_claim():
  assert rules.above(0.1, 0.3) == HOLDS
  assert rules.above(-0.1, 0.3) == OPEN
  assert rules.above(0.1, 0.3, limit=0.5) == FAILS
  assert rules.within(0.9, 1.1, 0.8, 1.25) == HOLDS
  assert rules.within(0.7, 1.1, 0.8, 1.25) == OPEN
  assert rules.within(1.3, 1.4, 0.8, 1.25) == FAILS
  assert rules.above(np.nan, np.nan) == OPEN  # one draw
  assert rules.together([HOLDS, HOLDS]) == HOLDS
  assert rules.together([HOLDS, OPEN]) == OPEN
  assert rules.together([HOLDS, OPEN, FAILS]) == FAILS


def published(draws=80):
  """Losses of which the paper's claims are true."""
  draw = np.random.default_rng(0)
  best = 0.1 + 0.002 * draw.normal(size=draws)
  unlucky = 0.05 * draw.exponential(size=draws)
  losses = {}
  for p in runs.CORRELATIONS:
    small = 0.001 * draw.normal(size=(3, draws)) + best
    losses['mmoe', p] = small[0] + 0.004 * (1 - p)
    losses['omoe', p] = small[1] + 0.03 * (1 - p)
    losses['hard', p] = small[2] + 0.03 * (1 - p) + unlucky
  return losses


def verdicts(losses):
  claims = zip(mmoe_claims.PARTS, mmoe_claims.judged(losses), strict=True)
  return {name: claim.verdict for name, claim in claims}


def test_claims_hold_where_they_are_true():
  assert verdicts(published()) == dict.fromkeys('abcdef', HOLDS)


def test_claims_do_not_hold_where_models_change_places():
  losses = published()
  other = {'hard': 'mmoe', 'omoe': 'omoe', 'mmoe': 'hard'}
  judged = verdicts({(other[m], p): v for (m, p), v in losses.items()})
  assert judged == {'a': HOLDS, **dict.fromkeys('bcde', FAILS), 'f': HOLDS}
  falling = {(m, 1.5 - p): v for (m, p), v in losses.items()}
  assert verdicts(falling)['a'] == FAILS


def test_few_draws_show_nothing():
  one = {key: values[:1] for key, values in published().items()}
  assert verdicts(one) == dict.fromkeys('abcdef', OPEN)


def shares(noise):
  config = runs.config('hard', 0.5, (1e-3,), range(3, 5), 30)
  config.datasets.synthetic.update(noise=(noise,), rows=(4000, 8, 8), inputs=4)
  datas = build.data(config)
  return runs.noise_shares(types.SimpleNamespace(config=config, datas=datas))


def test_noise_shares_are_noise_over_all():
  """Noise to signal goes with the square of the noise."""
  one, twice = shares(0.1), shares(0.2)
  assert list(one) == [(s, t.name) for s in (3, 4) for t in TASKS]
  for key, share in one.items():
    ratio = twice[key] / (1 - twice[key]) / (share / (1 - share))
    assert ratio == pytest.approx(4, rel=0.02)


def cell(model, p, failed=()):
  """Records of three draws, with two evaluations each."""
  level = {'hard': 0.3, 'omoe': 0.2, 'mmoe': 0.1}[model] + (1 - p)
  runs = []
  for seed in (10, 11, 12):
    value = level + 0.01 * seed
    tested = {t.name: {'loss': value + 0.1 * k} for k, t in enumerate(TASKS)}
    evaluations = tuple(
      report_cells.Eval(step, {t: {'loss': 2 * x['loss'] * LAST / step}
                               for t, x in tested.items()})
      for step in (LAST // 2, LAST)
    )  # fmt: skip
    best = dict.fromkeys(tested, LAST)
    done = {} if seed in failed else {'valid': tested, 'test': tested}
    hp = {'lr': 0.001}
    runs.append(
      report_cells.Run(seed, hp, evaluations, value, best_step=best, **done)
    )
  return report_cells.Cell({}, INFO, tuple(runs), tuple(runs), {}, ())


@pytest.fixture
def frames():
  """Draw 11 failed once."""
  losses, curves = [], []
  for p in runs.CORRELATIONS:
    failed = {'omoe': (11,)} if p == 0.9 else {}
    own = [cell(m, p, failed.get(m, ())) for m in runs.MODELS]
    curves += runs.curves(p, own)
    share = {(s, t.name): 0.5 for s in (10, 11, 12) for t in TASKS}
    for model, one in zip(runs.MODELS, own, strict=True):
      losses += runs.losses(model, p, one, share)
  rows = pd.DataFrame(losses).replace('', np.nan)
  numbers = rows.columns.difference(['model', 'task'])
  rows[numbers] = rows[numbers].astype(float)
  points = pd.DataFrame(curves)
  numbers = points.columns.difference(['model'])
  points[numbers] = points[numbers].astype(float)
  return rows, points


def test_a_draw_that_failed_once_is_left_out_of_all(frames):
  rows, curves = frames
  losses = tables.paired(tables.per_draw(rows))
  np.testing.assert_allclose(losses['mmoe', 1.0], [0.25, 0.27])
  in_noise = tables.paired(tables.per_draw(rows, 'noise variances'))
  np.testing.assert_allclose(in_noise['mmoe', 1.0], [0.5, 0.54])
  nothing = rows[rows.model != 'mmoe']
  with pytest.raises(InputError, match='no draw was completed by all three'):
    tables.paired(tables.per_draw(nothing))
  line = curves[(curves.model == 'mmoe') & (curves.p == 1.0)]
  # Draws 10 to 12, twice the loss at the last evaluation and four times before.
  np.testing.assert_allclose(line['mean'], [1.04, 0.52])
  np.testing.assert_allclose(line.less_mean, [-0.8, -0.4])


def test_the_page_is_made_of_the_numbers(frames):
  sizes = {'seeds': 10, 'parameters': 13_255, 'compared': 13_108}
  tuned = pd.DataFrame(
    {'model': m, 'lr': lr, 'mean': 10 * lr, 'low': 0.0, 'high': 1.0,
     'chosen': int(lr == 1e-3), **sizes}
    for m in runs.MODELS for lr in runs.RATES
  )  # fmt: skip
  text = page.text(*frames, tuned)
  assert 'completed 2 of 3 draws at every p; runs that failed:\n1.' in text
  assert '| 1 | MMoE | 0.2600 |' in text
  assert '| **0.0100 ± 0.9900** |' in text
  assert f'{LAST} steps of Adam, batch 64' in text
  assert '--draws=3 --steps=100' in text
  assert '{' not in text


@pytest.mark.skipif(not FOLDER.exists(), reason='not run yet')
def test_the_page_that_is_there_is_made_of_its_files():
  names = (page.LOSSES, page.CURVES, page.TUNED)
  files = [pd.read_csv(FOLDER / name) for name in names]
  assert page.text(*files) == (FOLDER / 'README.md').read_text()
  for name in ('curves.png', 'losses.png'):
    assert (FOLDER / name).stat().st_size < 400_000


def test_bad_input_ends_with_one_line(tmp_path):
  command = [sys.executable, '-m', 'benchmarks.mmoe_synthetic']
  done = subprocess.run(
    [*command, f'--workdir={tmp_path}/w', '--steps=none'],
    capture_output=True, text=True, timeout=100, check=False,
  )  # fmt: skip
  assert done.returncode == 2
  assert done.stderr.count('\n') == 1
  assert 'steps' in done.stderr
  assert not (tmp_path / 'w').exists()
