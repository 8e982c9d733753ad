"""What a campaign of faults reports: trials, and what was lost in them."""

from typing import NamedTuple


class Outcome(NamedTuple):
  """One kind of fault, tried several times.

  Attributes:
    campaign: name of the campaign's module in tests/faults/campaigns.
    fault: in words, such as 'SIGKILL while a record is written'.
    trials: how often it was tried.
    lost: trials after which a record or result was missing.
    doubled: trials after which a record was there twice.
    unequal: trials after which the same command gave another table.
    silent: trials in which damage was neither told nor healed.
    note: anything a reader has to know, '' if nothing.
  """

  campaign: str
  fault: str
  trials: int
  lost: int = 0
  doubled: int = 0
  unequal: int = 0
  silent: int = 0
  note: str = ''
