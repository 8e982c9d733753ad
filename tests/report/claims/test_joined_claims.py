"""Claims on several data sets, side by side."""

import json

import pandas as pd
import pytest

from mtl_jax.errors import InputError
from mtl_jax.report.claims import answered, joined_claims, page, summary
from mtl_jax.report.claims.claimed import (
  FAILS,
  HOLDS,
  UNDECIDED,
  Answer,
  Finding,
)
from mtl_jax.report.layout import Table

EFFECTS = {HOLDS: (2.0, 1.0, 3.0), FAILS: (0.1, -0.2, 0.4)}


def held(folder, dataset, verdicts, encoder='mlp'):
  """A workdir whose claims have the verdicts given, by name."""
  answers = []
  for claim, verdict in verdicts.items():
    unit, shift = ('ratio', 1.0) if claim == 'tuning' else ('%', 0.0)
    size = 0.4 if shift else 1.5
    ends = [x + shift for x in EFFECTS.get(verdict, (0.5, -1.0, 2.0))]
    clear = Finding('hard', 'Δm', unit, *ends, size, verdict, 10)
    vague = Finding(
      'mmoe', 'Δm', unit, shift, shift, shift, size, UNDECIDED, 10
    )
    lone = Finding('mmoe', 'steps', 'steps', 40.0)
    findings = [f._asdict() for f in (clear, vague, lone)]
    for finding in findings:  # as the page writes them
      finding.update({k: None for k, v in finding.items() if v != v})
    answers.append(
      {'claim': claim, 'verdict': verdict, 'sentence': 'Said.',
       'findings': findings}
    )  # fmt: skip
  folder.mkdir(parents=True)
  text = {
    'dataset': dataset, 'encoder': encoder, 'command': 'as typed', 'seeds': 10,
    'split': 'resplit', 'answers': answers,
  }  # fmt: skip
  (folder / 'claims.json').write_text(json.dumps(text))
  return folder


@pytest.fixture
def folders(tmp_path):
  return [
    held(tmp_path / 'a', 'patients', {'performance': HOLDS, 'tuning': FAILS}),
    held(tmp_path / 'b', 'text', {'performance': UNDECIDED}, 'lstm'),
    held(tmp_path / 'c', 'text', {'performance': FAILS}, 'transformer'),
  ]


def test_a_sentence_and_a_line_per_claim(folders, tmp_path, capsys):
  joined_claims.write(folders, tmp_path / 'all')
  text = (tmp_path / 'all/claims.md').read_text()
  assert (
    '- Tasks that share parameters are predicted better: holds on patients '
    '(hard: Δm +2.0 % [+1.0, +3.0], clearest of 2); does not hold on text '
    '(transformer); undecided on text (lstm) (1.5 % would have been shown).'
  ) in text
  assert '| tuning | does not hold; hard: Δm 1.10' in text
  assert text.count('| – |') == 1  # of what was not asked
  assert (
    '4 answers on 3 data sets: holds 1, does not hold 2, undecided 1.' in text
  )
  assert '[patients](../a/claims.md): encoder mlp, 10 seeds, `as typed`' in text
  frame = pd.read_csv(tmp_path / 'all/claims.csv')
  assert [*frame.dataset.unique()] == [
    'patients', 'text (lstm)', 'text (transformer)',
  ]  # fmt: skip
  assert len(frame) == 4 * 3
  assert (tmp_path / 'all/figures/claims.png').stat().st_size > 1000
  assert 'holds on patients' in capsys.readouterr().out


def test_what_was_written_is_read_again(folders):
  first = answered.load(folders)[0]
  lone = first.answers['performance'].findings[2]
  assert (lone.estimate, lone.unit) == (40.0, 'steps')
  assert lone.low != lone.low


def test_two_of_one_data_set_and_encoder_are_refused(folders, tmp_path):
  twice = held(tmp_path / 'd', 'text', {'performance': HOLDS}, 'lstm')
  with pytest.raises(InputError, match=r'b and .*d are both of text \(lstm\)'):
    answered.load([*folders, twice])


@pytest.mark.parametrize('text', ['{', '{"dataset": "a"}', '[]'])
def test_another_file_is_refused(tmp_path, text):
  (tmp_path / 'claims.json').write_text(text)
  with pytest.raises(InputError, match='experiments.claims'):
    answered.load([tmp_path])
  (tmp_path / 'claims.json').unlink()
  with pytest.raises(InputError, match='run experiments.claims'):
    answered.load([tmp_path])


def test_what_has_no_number_is_null_and_the_clearest_is_so_on_logarithms():
  wide = Finding('a', 'factor', 'ratio', 4.0, 1.0, 16.0, 0.5, UNDECIDED, 3)
  sharp = Finding('b', 'factor', 'ratio', 0.5, 0.4, 0.625, 0.5, UNDECIDED, 3)
  answer = Answer('performance', UNDECIDED, '', (wide, sharp), Table([], []))
  assert summary.in_numbers(answer).startswith('b: factor 0.50 [0.40, 0.62]')
  assert summary.power(answer) == 'a ratio below 0.50 or above 2.00'
  assert summary.power(answer._replace(power='nothing')) == 'nothing'
  held = page._plain(wide._replace(high=float('inf'), low=float('nan')))
  assert (held['low'], held['high'], held['estimate']) == (None, None, 4.0)
