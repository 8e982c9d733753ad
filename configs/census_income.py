"""Census-Income (KDD): income above 50,000 and never married, as in MMoE.

The files are the user's download, see docs/data.md. As published (Ma et al.,
KDD 2018, section 6.3): the training file trains, the test file is halved into
validation and test, AUC, the checkpoint and all hyperparameters are chosen by
the validation AUC of the main task, and models differ in their initial values
only (the paper has 400: `--config.seeds=400`). The paper gives no network. This
one is of a later paper on the same pair of tasks (doi
10.2478/ijanmc-2024-0005): embeddings of 4 channels, layers of 512 and 256, Adam
with 1e-3, batches of 256. Its number of steps is not known; 10 epochs are
those of PaMaL's census experiment. Nothing was tuned here.

  python -m experiments.compare --config=configs/census_income.py \\
    --schemes=hard,soft_l2,cross_stitch,dmtrl,omoe,mmoe,cgc,ple \\
    --workdir=out/census

The second pair, a college degree and never married:

  ... --config.datasets.census_income.pair=education \\
    --config.primary="('education',)"

configs/census_income_search.py searches hyperparameters as published.
"""

from configs import default


def get_config():
  """Returns the configuration."""
  config = default.get_config()
  config.dataset = 'census_income'
  config.resplit = False  # the published split
  config.encoder = 'mixed'
  config.encoders.mixed.widths = (512, 256)
  config.encoders.mixed.embedding = 4
  config.epochs = 10.0
  config.batch_size = 256
  config.eval_batch_size = 4096
  config.select = 'metric'
  config.primary = ('income',)
  config.hp.lr = (1e-3,)
  config.schemes.mmoe.num_experts = 8
  config.schemes.omoe.num_experts = 8
  config.schemes.cross_stitch.mix_lr = 1.0  # Adam scales updates itself
  config.schemes.nddr.mix_lr = 1.0
  return config
