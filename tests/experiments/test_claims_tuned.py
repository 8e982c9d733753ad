"""Claims on interference, balance and tuning, trained on toy data."""

import pytest

from experiments.claims import balance, interference, tuning
from experiments.claims.asked import Asked
from mtl_jax.api.experiment import Experiment
from mtl_jax.launchers import base, local
from mtl_jax.report.claims import balanced, tuned_draws
from tests import small

quick = small.quick
SCHEMES = ('hard',)


@pytest.fixture(scope='module')
def asked(tmp_path_factory):
  from configs import default

  config = default.get_config()
  config.dataset = 'tests.toy'
  config.encoders.mlp.widths = (4,)
  config.seeds, config.steps, config.evals = 3, 10, 5
  config.batch_size = 8
  folder = tmp_path_factory.mktemp('claims')
  launcher = local.make(base.Resources('', 0, -1))
  experiment = Experiment(config, launcher, folder, 'as typed')
  shares = (0.1, 1.0)
  return Asked(
    experiment, SCHEMES, SCHEMES, SCHEMES, ('uncertainty',), shares, 'sum', 2
  )


def test_balancers_and_schemes_are_tuned_in_one_folder(asked):
  found = tuning.answer(asked)
  (ratio,) = [one for one in found.findings if one.verdict]
  assert (ratio.row, ratio.what) == ('hard', tuned_draws.RATIO)
  cells = asked.experiment.folder / tuning.PART / 'cells'
  first = {path: path.stat().st_mtime for path in cells.glob('*/records.jsonl')}
  assert len(first) == 2
  found = balance.answer(asked)
  rows = {one.row for one in found.findings}
  assert rows == {'uncertainty', 'equal', balanced.BEST}
  # `single`, and `hard` with equal weights, are those of the claim above.
  assert len([*cells.glob('*/records.jsonl')]) == 4
  assert first == {path: path.stat().st_mtime for path in first}


def test_losses_stand_beside_early_cosines(asked):
  found = interference.answer(asked)
  judged = [one.row for one in found.findings if one.verdict]
  assert judged == ['sum under hard', 'first under hard']
  cosines = [one for one in found.findings if 'cosine under' in one.what]
  # Of two tasks both have the same cosine, at the start and at step 2.
  assert [one.row for one in cosines] == ['sum', 'first']
  assert cosines[0].estimate == pytest.approx(cosines[1].estimate)
  assert 'up to step 2.' in ' '.join(found.notes)
  assert '2 tasks are too few' in found.sentence
