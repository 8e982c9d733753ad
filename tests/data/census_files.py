"""Miniature files in the format of Census-Income (KDD), drawn, not published.

  python -m tests.data.census_files FOLDER

writes census-income.data and census-income.test. Read them with
`config.datasets.census_income.published=False`.
"""

import pathlib
import sys

import numpy as np

from mtl_jax.data.raw import census

ROWS = {census.TRAIN.name: 400, census.TEST.name: 200}
# Columns that say nothing here: some of their values, as they are spelled.
DRAWN = {
  'industry_code': ('0', '4', '33', '43'),
  'occupation_code': ('0', '2', '26', '36'),
  'enrolled': ('Not in universe', 'High school', 'College or university'),
  'industry': ('Not in universe or children', 'Retail trade', 'Education'),
  'occupation': ('Not in universe', 'Handlers equip cleaners etc ', 'Sales'),
  'race': ('White', 'Black', 'Asian or Pacific Islander', 'Other'),
  'hispanic_origin': ('All other', 'Mexican (Mexicano)', 'NA'),
  'sex': ('Female', 'Male'),
  'union': ('Not in universe', 'No', 'Yes'),
  'unemployment': ('Not in universe', 'Job loser - on layoff'),
  'employment': ('Full-time schedules', 'Unemployed part- time'),
  'tax_filer': ('Nonfiler', 'Joint one under 65 & one 65+', 'Single'),
  'region_before': ('Not in universe', 'South'),
  'state_before': ('Not in universe', '?', 'Utah'),
  'household_detail': ('Householder', 'Child <18 never marr not in subfamily'),
  'household': ('Householder', 'Spouse of householder'),
  'moved_msa': ('?', 'Nonmover', 'MSA to MSA', 'Not in universe'),
  'moved_region': ('?', 'Nonmover', 'Same county'),
  'moved_within': ('?', 'Nonmover', 'Different state in South'),
  'same_house': ('Not in universe under 1 year old', 'Yes', 'No'),
  'sunbelt_before': ('?', 'Not in universe', 'No', 'Yes'),
  'parents': ('Not in universe', 'Both parents present'),
  'country_father': ('United-States', 'Mexico', '?', 'Trinadad&Tobago'),
  'country_mother': ('United-States', 'Mexico', '?', 'Hong Kong'),
  'country': ('United-States', 'Mexico', '?', 'South Korea'),
  'citizenship': (
    'Native- Born in the United States',
    'Foreign born- Not a citizen of U S ',
  ),
  'own_business': ('0', '1', '2'),
  'veteran_form': ('Not in universe', 'No', 'Yes'),
  'veteran_benefits': ('0', '1', '2'),
  'year': ('94', '95'),
}
MARRIED = tuple(w for w in census.KNOWN['marital'] if w != census.UNMARRIED)


def lines(count: int, seed: int) -> list[str]:
  """Draws persons whose answers depend on age, education and work.

  Args:
    count: of lines.
    seed: of NumPy's generator.

  Returns:
    Lines without their ends.
  """
  rng = np.random.default_rng(seed)
  return [_line(_person(rng)) for _ in range(count)]


def _person(rng: np.random.Generator) -> dict[str, object]:
  person = {name: rng.choice(words) for name, words in DRAWN.items()}
  age = int(rng.integers(0, 91))
  adult = age >= 16
  degree = int(rng.integers(8, 17)) if adult else int(rng.integers(0, 8))
  weeks = int(rng.integers(0, 53)) if adult else 0
  married = adult and rng.random() < min(0.9, (age - 12) / 25)
  # Every other person of high degree who works all year is rich.
  rich = adult and rng.random() < (degree - 8) / 9 * weeks / 52
  work = ('Private', 'State government') if weeks else ('Not in universe',)
  return person | {
    'age': age,
    'class_of_worker': rng.choice(work),
    'education': census.EDUCATION[degree],
    'wage_per_hour': int(rng.integers(0, 2000)) if weeks else 0,
    'marital': rng.choice(MARRIED) if married else census.UNMARRIED,
    'capital_gains': int(rng.integers(1, 99_999)) if rich else 0,
    'capital_losses': 0,
    'dividends': int(rng.integers(0, 3000)) if rich else 0,
    'instance_weight': f'{rng.uniform(40, 9000):.2f}',
    'employer_size': int(rng.integers(0, 7)) if weeks else 0,
    'weeks_worked': weeks,
    'income': census.RICH if rich else census.POOR,
  }


def _line(person: dict[str, object]) -> str:
  return ', '.join(str(person[name]) for name in census.COLUMNS)


def write(folder: str | pathlib.Path) -> pathlib.Path:
  """Writes both files, the same at every call.

  Args:
    folder: to write to.

  Returns:
    The folder.
  """
  folder = pathlib.Path(folder)
  folder.mkdir(parents=True, exist_ok=True)
  for seed, (name, count) in enumerate(ROWS.items()):
    text = '\n'.join(lines(count, seed)) + '\n'
    (folder / name).write_text(text, encoding='ascii')
  return folder


if __name__ == '__main__':
  print(write(sys.argv[1]))
