"""Outcomes in files: faults.csv, and in campaigns.json where they come from."""

import csv
import dataclasses
import io
import json
import pathlib
from collections.abc import Iterable
from typing import Any

from mtl_jax.records import atomic
from tests.faults.outcome import Outcome

TABLE, CAMPAIGNS = 'faults.csv', 'campaigns.json'
WORDS = ('campaign', 'fault', 'note')
FIELDS = Outcome._fields


@dataclasses.dataclass
class Stored:
  """What a folder holds of campaigns.

  Attributes:
    folder: with both files.
    outcomes: by campaign and fault, in the order in which they were found.
    campaigns: by name: `key`, what it was run with, whether it is `complete`,
      `seconds`, and where and when it was run.
  """

  folder: pathlib.Path
  outcomes: dict[tuple[str, str], Outcome]
  campaigns: dict[str, dict[str, Any]]

  def begin(self, name: str, key: list, made: dict) -> None:
    """Begins a campaign, or goes on with it.

    Args:
      name: of the campaign.
      key: what its outcomes depend on; outcomes of another key are removed.
      made: where and when it is run.
    """
    before = self.campaigns.get(name, {})
    if before.get('key') != key:
      self.outcomes = {k: v for k, v in self.outcomes.items() if k[0] != name}
      before = {'key': key, 'seconds': 0.0, 'complete': False}
    self.campaigns[name] = before | made

  def of(self, name: str) -> list[Outcome]:
    """The outcomes of a campaign."""
    return [one for (own, _), one in self.outcomes.items() if own == name]

  def add(self, outcome: Outcome, seconds: float) -> None:
    """Takes an outcome that took so many seconds, and writes both files."""
    self.outcomes[outcome.campaign, outcome.fault] = outcome
    self.campaigns[outcome.campaign]['seconds'] += seconds
    self.write()

  def end(self, name: str) -> None:
    """Notes that a campaign is complete."""
    self.campaigns[name]['complete'] = True
    self.write()

  def write(self) -> None:
    """Writes both files."""
    # A campaign's outcomes are beside each other, in any order of commands.
    ordered = [one for name in sorted(self.campaigns) for one in self.of(name)]
    atomic.write(self.folder / TABLE, _csv(ordered))
    text = json.dumps(self.campaigns, indent=1, sort_keys=True)
    atomic.write(self.folder / CAMPAIGNS, text + '\n')


def read(folder: pathlib.Path) -> Stored:
  """Reads a folder; without files it holds nothing yet."""
  outcomes, campaigns = {}, {}
  if (folder / CAMPAIGNS).is_file():
    campaigns = json.loads((folder / CAMPAIGNS).read_text('utf-8'))
    with open(folder / TABLE, encoding='utf-8', newline='') as file:
      for row in csv.DictReader(file):
        one = Outcome(
          **{n: row[n] if n in WORDS else int(row[n]) for n in FIELDS}
        )
        outcomes[one.campaign, one.fault] = one
  return Stored(folder, outcomes, campaigns)


def _csv(outcomes: Iterable[Outcome]) -> str:
  text = io.StringIO()
  writer = csv.writer(text, lineterminator='\n')
  writer.writerow(FIELDS)
  writer.writerows(outcomes)
  return text.getvalue()
