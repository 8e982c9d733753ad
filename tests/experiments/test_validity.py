"""The command on one small set of worlds, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from absl import flags
from absl.testing import flagsaver

from configs import relatedness
from experiments import validity
from mtl_jax.errors import InputError
from tests import small

quick = small.quick


def config(tasks=3):
  c = relatedness.get_config()
  c.datasets.synthetic.update(
    tasks=tasks, known=(1.0,), inputs=6, rows=(40, 20, 20)
  )
  c.encoders.mlp.widths = (4,)
  c.seeds, c.steps, c.evals, c.batch_size = 3, 20, 2, 8
  c.probe.batches, c.probe.rows = 2, 20
  return c


def test_a_set_is_trained_once_and_judged(tmp_path, monkeypatch, capsys):
  monkeypatch.setattr(validity, 'SETS', {'low rank': {'family': 'low_rank'}})
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(['validity'])
  with flagsaver.flagsaver(
    (validity.cli.CONFIG, config()), (validity.cli.WORKDIR, str(tmp_path))
  ):
    validity.main()
    first = {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')}
    text = (tmp_path / 'validity.md').read_text()
    validity.main()
  assert len(first) == 4  # single, pairs, the triple, and that looked at
  assert {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')} == first
  assert (tmp_path / 'validity.md').read_text() == text
  assert text in capsys.readouterr().out
  lines = pd.read_csv(tmp_path / 'correlations.csv')
  assert set(lines.tasks) == {'low rank'}
  assert {'tag', 'grad_tag', 'cka of single', 'known cosine'} < set(
    lines.measure
  )
  assert lines.rho.dropna().between(-1, 1).all()
  regrets = pd.read_csv(tmp_path / 'regrets.csv')
  assert set(regrets.budget) == {2}
  assert (regrets[regrets.measure == 'validation'].regret == 0).all()
  assert pd.read_csv(tmp_path / 'costs.csv').looks.tolist() == [3]


def test_what_is_known_of_a_world_is_how_it_was_drawn():
  c = config(tasks=4)
  c.datasets.synthetic.update(family='clusters', related=0.9, groups=2)
  inside = (np.arange(4)[:, None] - np.arange(4)) % 2 == 0
  wanted = np.where(inside, 0.9, 0.0)
  np.fill_diagonal(wanted, 1)
  np.testing.assert_allclose(
    validity.known_cosine(c, seed=5), wanted, atol=1e-5
  )
  c.datasets.synthetic.update(family='conflict', related=0.0)
  np.testing.assert_allclose(validity.known_cosine(c, seed=5), 1, atol=1e-6)


def test_no_two_families_share_a_seed():
  configs = validity.synthetic_configs(config()).values()
  seeds = [seed for c in configs for seed in validity.cells.settings.seeds(c)]
  assert len(seeds) == len({*seeds}) == 3 * len(validity.SETS)


def test_what_cannot_be_ranked_is_refused():
  other = config()
  other.dataset = 'actg175'
  with pytest.raises(InputError, match='worlds are drawn by synthetic'):
    validity.synthetic_configs(other)
  with pytest.raises(InputError, match='--real=no.py'):
    validity.real(['no.py'])
  with pytest.raises(InputError, match='has 2 tasks'):
    validity.make_cells(config(tasks=2))
