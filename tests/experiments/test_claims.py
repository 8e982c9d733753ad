"""The claims of a tiny data set: what is written, and what is refused."""

import json
import pathlib

import pandas as pd
import pytest
from absl import flags
from absl.testing import flagsaver

from configs import default
from experiments import cli, compare
from experiments.claims import __main__ as claims
from experiments.claims import given, possible, whole
from mtl_jax.errors import InputError
from mtl_jax.report.claims import page
from tests import small

quick = small.quick
OWN = ('performance', 'training_time', 'generalisation')
FIELDS = ('schemes', 'curve_schemes', 'tuned_schemes')


def config():
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.encoders.mlp.widths = (4,)
  c.seeds, c.steps, c.evals, c.batch_size = 3, 40, 5, 8
  return c


@pytest.fixture
def given_flags(tmp_path):
  """Sets flags by name, as a command does."""
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(['claims'])
  with flagsaver.flagsaver(
    (cli.CONFIG, config()),
    (cli.WORKDIR, str(tmp_path)),
    (compare.SCHEMES, ['hard']),
    (given.CLAIMS, [*OWN]),
  ):
    yield flags.FLAGS


def test_three_claims_of_one_training(given_flags, tmp_path, capsys):
  claims.main()
  trained = {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')}
  assert [p.parts[-4] for p in trained] == [whole.PART] * 2  # single and hard
  frame = pd.read_csv(tmp_path / 'claims.csv')
  assert tuple(frame.columns) == page.COLUMNS
  assert tuple(dict.fromkeys(frame.claim)) == OWN
  text = (tmp_path / 'claims.md').read_text()
  held = json.loads((tmp_path / page.FILE).read_text())
  assert [one['claim'] for one in held['answers']] == [*OWN]
  assert held['split'] == 'resplit'
  printed = capsys.readouterr().out
  for one in held['answers']:
    assert one['sentence'] in text
    picture = page.picture(one['claim'])
    assert f'({picture})' in text
    assert (tmp_path / picture).stat().st_size
  assert '| Sharing generalises better: it regularises |' in text
  assert 'written: ' in printed
  # The same command trains nothing, and writes the same.
  whole.forget()
  claims.main()
  assert {p: p.read_bytes() for p in tmp_path.rglob('records.jsonl')} == trained
  assert (tmp_path / 'claims.md').read_text() == text


@pytest.mark.parametrize(
  ('flag', 'value', 'said'),
  [
    (given.CLAIMS, ['perfromance'], "did you mean 'performance'"),
    (given.SHARES, ['0', '1'], "--shares: '0' is no share"),
    (given.SHARES, ['1.5'], 'above 0 and up to 1'),
    (given.CURVE_SCHEMES, ['hrad'], "did you mean 'hard'"),
    (compare.SCHEMES, ['single'], 'name schemes that share'),
    (given.JOIN, ['nowhere'], 'no claims.json in nowhere'),
  ],
)
def test_a_mistake_is_found_before_anything_is_loaded(
  given_flags, flag, value, said
):
  with flagsaver.flagsaver((flag, value)), pytest.raises(InputError) as error:
    given.check()
  assert said in str(error.value)
  assert '\n' not in str(error.value)


def test_draws_are_checked_for_the_claim_that_draws(given_flags):
  with flagsaver.flagsaver((given.DRAWS, 1)):
    given.check()
  for claim in ('tuning', 'balance'):
    both = (given.DRAWS, 1), (given.CLAIMS, [claim])
    with (
      flagsaver.flagsaver(*both),
      pytest.raises(InputError, match='--draws=1'),
    ):
      given.check()


def test_balance_needs_a_balancer(given_flags):
  flags_of = (compare.BALANCERS, ['equal']), (given.CLAIMS, ['balance'])
  with (
    flagsaver.flagsaver(*flags_of),
    pytest.raises(InputError, match='leave balance out'),
  ):
    given.check()


def test_what_cannot_be_built_is_found_before_anything_is_trained(
  given_flags, monkeypatch, capsys
):
  asked = given.asked(('sum', 'first'))._replace(
    **dict.fromkeys(FIELDS, ('hard', 'mtan')), balancers=()
  )

  def make(config, datas):
    if config.scheme == 'mtan':
      raise InputError('it has no stages')

  monkeypatch.setattr(possible.cells, 'make', make)
  left = possible.checked(asked, [None], ['performance'], {'hard'})
  assert {getattr(left, field) for field in FIELDS} == {('hard',)}
  assert capsys.readouterr().err == 'left out: mtan: it has no stages\n'
  with pytest.raises(InputError, match='no stages'):
    possible.checked(asked, [None], [], {'mtan'})
  alone = asked._replace(curve_schemes=('mtan',))
  with pytest.raises(InputError, match='no scheme can be built'):
    possible.checked(alone, [None], [], set())


def test_a_task_is_named_and_one_is_not_enough(given_flags):
  with (
    flagsaver.flagsaver((given.SCARCE, 'frist')),
    pytest.raises(InputError, match="did you mean 'first'"),
  ):
    given.asked(('sum', 'first'))
  with pytest.raises(InputError, match='has one task'):
    given.asked(('sum',))
  asked = given.asked(('sum', 'first'))
  assert asked.scarce == 'sum'
  assert asked.shares[-1] == 1
  part = asked.part('labels/0.1')
  assert part.folder == pathlib.Path(cli.WORKDIR.value) / 'labels/0.1'


def test_the_small_form_is_small(given_flags):
  with flagsaver.flagsaver((given.SMOKE, True), (compare.SCHEMES, None)):
    asked = given.asked(('sum', 'first'))
  assert asked.schemes == given.FEW['schemes']
  assert asked.experiment.config.steps <= given.SMALL['steps']
  assert asked.draws == 2
