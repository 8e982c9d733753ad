"""A small table with every kind of column."""

import numpy as np
import pandas as pd
import pytest

TASKS = ('sick:binary', 'score:regression(points)', 'visits:count')
ROWS = 120


@pytest.fixture
def people() -> pd.DataFrame:
  """120 rows; ages and towns are missing for some, scores too."""
  draw = np.random.default_rng(0)
  age = draw.integers(18, 90, ROWS).astype(float)
  town = draw.choice(['Ulm', 'Bonn', 'Kiel', None], ROWS)
  words = draw.choice(['very', 'tired', 'happy', 'not', 'today'], (ROWS, 6))
  return pd.DataFrame(
    {
      'number': np.arange(1000, 1000 + ROWS),
      'age': np.where(draw.random(ROWS) < 0.1, np.nan, age),
      'town': town,
      'smokes': draw.choice(['no', 'yes'], ROWS),
      'born': pd.Timestamp('2000-01-01')
      + pd.to_timedelta(draw.integers(0, 900, ROWS), 'D'),
      'doctor': [f'Dr {i % 40}' for i in range(ROWS)],
      'note': [f'{i} ' + ' '.join(row) for i, row in enumerate(words)],
      'planet': 'earth',
      'family': np.repeat(np.arange(ROWS // 4), 4) + 0.5,
      'sick': draw.choice(['healthy', 'sick'], ROWS),
      'score': np.where(
        draw.random(ROWS) < 0.2, np.nan, draw.normal(size=ROWS)
      ),
      'visits': draw.poisson(2, ROWS),
    }
  )
