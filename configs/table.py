"""A table of your own: CSV, TSV, Parquet, Feather, or several such files.

  python -m experiments.compare --config=configs/table.py \\
    --config.datasets.table.path=patients.csv \\
    --config.datasets.table.tasks="('outcome:binary','score:regression')" \\
    --schemes=hard,cross_stitch --workdir=out/patients

What was inferred from the columns is printed before training and written to the
workdir as data.md. The numbers below are a start, tuned on nothing:

  python -m experiments.search --config=configs/table.py ... \\
    --config.hp.lr="(1e-3,3e-3)" --config.hp.weight_decay="(0.,.3,3.)"
"""

from configs import default


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'table'
  config.encoder = 'mixed'  # columns, text and a picture
  config.optimizer = 'adamw'
  config.schedule = 'cosine'
  config.hp.lr = (3e-3,)
  config.hp.weight_decay = (0.3,)
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.schemes.nddr.mix_lr = 1.0
  return config
