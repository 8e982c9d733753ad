"""The hyperparameter search of MMoE on Census-Income (KDD), for each scheme.

As published: a tuner with thousands of trials per method, by the validation AUC
of the main task, at most 2,048 units per hidden layer; then 400 trainings with
the best. The paper does not list what was tried. The learning rates here are
those of its synthetic experiment, the widths go up to its limit, and the number
of trials is what can be paid for: 3 learning rates in one program for each
combination of the others.

  python -m experiments.search --config=configs/census_income_search.py \\
    --scheme=mmoe --workdir=out/census_search \\
    --try="encoders.mixed.widths=((256,64),(512,256),(2048,512))" \\
    --try="encoders.mixed.embedding=(4,8,16)" \\
    --try="schemes.mmoe.num_experts=(4,8,16)"

Then the best on fresh initial values, with the values that were found:

  python -m experiments.compare --config=configs/census_income.py \\
    --schemes=mmoe --config.first_seed=100 --config.seeds=400 \\
    --config.hp.lr="(1e-3,)" --workdir=out/census_best

Give every scheme as many combinations, or the same random draws by one command:

  python -m experiments.compare --config=configs/census_income.py \\
    --schemes=hard,soft_l2,cross_stitch,mmoe,ple --tune=64 \\
    --config.first_seed=100 --workdir=out/census_tuned
"""

from configs import census_income


def get_config():
  """Returns the configuration."""
  config = census_income.get_config()
  config.seeds = 1
  config.hp.lr = (1e-4, 1e-3, 1e-2)
  return config
