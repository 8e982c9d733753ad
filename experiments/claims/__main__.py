"""Measures what a tutorial claims of multi-task learning, on one data set.

  python -m experiments.claims --config=configs/actg175.py --scarce=cd496 \\
    --workdir=out/claims_actg175

Seven claims: sharing brings performance, shorter training, generalisation and
data efficiency; it costs interference, balancing and tuning. Each gets a
sentence, a verdict (holds, does not hold, undecided), an interval and a figure,
from `--schemes` held against `single` on the same splits. Writes claims.md,
claims.csv, claims.json and figures/ into the workdir; what is trained for a
claim lies in folders of it, and is not trained again.

  ... --claims=performance,data_efficiency   # some of them
  ... --smoke                                # minutes: 3 seeds, few steps

  python -m experiments.claims --join=out/a,out/b --workdir=out/claims

puts the pages of several data sets side by side; nothing is trained.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from experiments import cli, lazy
from experiments.claims import given

with lazy.imports():
  from experiments import typed
  from experiments.claims import answers, possible
  from mtl_jax import cells
  from mtl_jax.processes import hosts
  from mtl_jax.report.claims import joined_claims, page

if TYPE_CHECKING:
  from mtl_jax.data.base import Data


def main() -> None:
  """Answers the claims and writes the page, or joins pages."""
  folder = pathlib.Path(cli.WORKDIR.value)
  if given.JOIN.value is not None:
    joined_claims.write([*map(pathlib.Path, given.JOIN.value)], folder)
    return
  datas = _datas()
  asked = given.asked(tuple(task.name for task in datas[0].tasks))
  asked = possible.checked(asked, datas, given.CLAIMS.value, given.named())
  found = []
  for answer in answers.answers(asked, given.CLAIMS.value):
    found.append(answer)
    # After each, so that a long command leaves what it has found.
    page.write(
      found, folder, asked.experiment.config, typed.line('experiments.claims')
    )
  if hosts.is_process_0():
    page.show(found, folder)


def _datas() -> list[Data]:
  config = cli.CONFIG.value.copy_and_resolve_references()
  config.seeds = 1  # Splits differ in rows alone.
  return cells.data(config)


if __name__ == '__main__':
  cli.run(main, given.check)
