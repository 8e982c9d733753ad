"""The rows of the benchmark: what each changes in the configuration."""

from typing import Any, NamedTuple

# Share of the steps in which towers are first trained separately. Published are
# 15,000 and 25,000 iterations for the two tasks, then 10,000 of both: .6, .71.
WARM = 0.6
# Of the learning rate of units, in all rows but those of table 2.
MULTIPLIER = 10.0
OWN = (0.1, 0.5, 0.7)
MULTIPLIERS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
STAGES = 3
ENSEMBLE, SPLIT = 'ensemble of two', 'best split'
SECOND = 'single, second start'
SPLITS = {'split after stage 0': 1, 'split after stage 1': 2}


class Row(NamedTuple):
  """A row that is trained.

  Attributes:
    group: the question that it belongs to.
    changes: values by dotted key of the config.
  """

  group: str
  changes: dict[str, Any]


def rows(steps: int) -> dict[str, Row]:
  """Returns all rows by name; `single` is the first.

  Args:
    steps: of every run; a warm start is a share of them.
  """
  warm = {'warm_start': round(WARM * steps)}
  made = {
    **{f'own {own:g}': ('T1', warm | {'own': own}) for own in OWN},
    **{
      multiplied(m): ('T2', warm | {'mix_lr': m})
      for m in MULTIPLIERS
      if m != MULTIPLIER
    },
    'from scratch': ('T3', {'warm_start': 0}),
    'apart for 30%': ('T3', {'warm_start': round(0.3 * steps)}),
    **{
      f'stage {i} alone': ('where', warm | {'stitch_after': (i,)})
      for i in range(STAGES)
    },
    'stages 0 and 1': ('where', warm | {'stitch_after': (0, 1)}),
    'one unit per layer': ('where', warm | {'per_channel': False}),
  }
  stitched = {'cross_stitch': ('T5', warm)} | made
  return _others() | {
    name: Row(group, _stitched(fields))
    for name, (group, fields) in stitched.items()
  }


def multiplied(multiplier: float) -> str:
  """Returns the row with a multiplier of the learning rate of units."""
  usual = multiplier == MULTIPLIER
  return 'cross_stitch' if usual else f'lr x {multiplier:g}'


def _others() -> dict[str, Row]:
  kept = {'keep': 'predictions'}  # the ensemble is the mean of these
  changes = {
    'single': {'scheme': 'single', **kept},
    SECOND: {'scheme': 'single', 'noise_seed': 1, **kept},
    'hard': {'scheme': 'hard'},
    **{
      name: {'scheme': 'hard', 'schemes.hard.split_at': stage}
      for name, stage in SPLITS.items()
    },
    'hard_wide': {'scheme': 'hard_wide'},
  }
  return {name: Row('T5', own) for name, own in changes.items()}


def _stitched(fields: dict[str, Any]) -> dict[str, Any]:
  given = {'own': 0.9, 'mix_lr': MULTIPLIER} | fields
  named = {f'schemes.cross_stitch.{k}': v for k, v in given.items()}
  return {'scheme': 'cross_stitch', **named}
