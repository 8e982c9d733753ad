"""The cells of the table in LibMTL: one seed of each scheme, in sequence.

LibMTL has no soft sharing and its cross-stitch works with ResNets only. They
are written here on its base classes, as its users would have to.
"""

import dataclasses
import sys

from benchmarks.speed import worker, workloads  # pins itself first
from benchmarks.speed.peers import libmtl

import torch  # isort: skip
from torch import nn  # isort: skip

from benchmarks.speed.peers.shims import LibMTL  # isort: skip

Base, Equal = LibMTL.architecture.AbsArchitecture, LibMTL.weighting.EW
STEPS = 50  # between two evaluations, as in configs/actg175.py
VALID = 428  # rows of validation
L2, TRACE = 0.1, 0.01  # weights of the penalties of soft sharing


class Towers(nn.Module):
  """An encoder per task.

  Args:
    encoder_class: makes one encoder.
    count: how many tasks.
  """

  def __init__(self, encoder_class, count: int):
    super().__init__()
    self.towers = nn.ModuleList([encoder_class() for _ in range(count)])

  def forward(self, x):
    return [tower(x) for tower in self.towers]


class Stitched(Towers):
  """Towers that are mixed, channel by channel, after every dense layer."""

  def __init__(self, encoder_class, count: int):
    super().__init__(encoder_class, count)
    dense = [part for part in self.towers[0] if isinstance(part, nn.Linear)]
    self.units = nn.ParameterList(
      [nn.Parameter(_start(count, d.out_features)) for d in dense]
    )
    parts = len(self.towers[0]) // len(dense)
    cuts = [slice(i * parts, (i + 1) * parts) for i in range(len(dense))]
    self.layers = [[tower[cut] for tower in self.towers] for cut in cuts]

  def forward(self, x):
    reps = [x] * len(self.towers)
    for unit, layer in zip(self.units, self.layers, strict=True):
      pairs = zip(layer, reps, strict=True)
      h = torch.stack([dense(rep) for dense, rep in pairs])
      reps = list(torch.einsum('tsc,sbc->tbc', unit, h))
    return reps


def _start(count: int, channels: int) -> torch.Tensor:
  alpha = torch.full((count, count), 0.1 / max(count - 1, 1))
  alpha.fill_diagonal_(0.9)
  return alpha[..., None].repeat(1, 1, channels)


def apart(encoder: type) -> type:
  """Returns an architecture whose encoder is of the given class of towers."""

  class Apart(Base):
    def __init__(self, *args, **kwargs):
      super().__init__(*args, **kwargs)
      self.encoder = encoder(self.encoder_class, self.task_num)

  return Apart


class SoftL2(Equal):
  """Equal weights and the squared distance between towers."""

  def penalty(self):
    """The squared distance of all parameters from their mean over tasks."""
    groups = zip(*(t.parameters() for t in self.encoder.towers), strict=True)
    stacks = [torch.stack(group) for group in groups]
    return L2 * sum((w - w.mean(0)).square().sum() for w in stacks)

  def backward(self, losses, **kwargs):
    (losses.sum() + self.penalty()).backward()


class SoftTrace(SoftL2):
  """Equal weights and the trace norm of kernels stacked over tasks."""

  def penalty(self):
    """The trace norm, summed over the kernels of a tower."""
    groups = zip(*(t.parameters() for t in self.encoder.towers), strict=True)
    kernels = [torch.stack(g).flatten(1) for g in groups if g[0].ndim > 1]
    norms = [torch.linalg.matrix_norm(k, 'nuc') for k in kernels]
    return TRACE * sum(norms)


def trainings(workload: workloads.Workload) -> list[list]:
  """Returns pairs of a workload and its trainer, for all schemes."""
  whole = [
    (workload, {}),
    (workload, {'shared': apart(Towers), 'weigh': SoftL2}),
    (workload, {'shared': apart(Towers), 'weigh': SoftTrace}),
    (workload, {'shared': apart(Stitched)}),
    (dataclasses.replace(workload, scheme='mmoe'), {}),
  ]
  single = [
    (dataclasses.replace(workload, tasks=(task,)), {})
    for task in workload.tasks
  ]
  return [(w, libmtl.trainer(w, **how)) for w, how in single + whole]


def start(_: str, path: str):
  """Makes all trainers and warms them up.

  Args:
    _: the name of the workload, which is the table.
    path: the file of rows.

  Returns:
    What `worker.serve` needs; each call trains all of them.
  """
  torch.manual_seed(0)
  widths = {'widths': (64, 64), 'dropout': 0.3}
  workload = dataclasses.replace(workloads.STEPS['mlp_equal'], fields=widths)
  made = [
    (trainer, libmtl.Rows(one, path)) for one, trainer in trainings(workload)
  ]

  def train(steps: int) -> int:
    epochs = max(1, round(steps / STEPS))
    for trainer, rows in made:
      trainer.train(
        libmtl.loader(rows, workload.batch, STEPS),
        libmtl.loader(rows, VALID, steps=1),
        epochs=epochs,
      )
    return epochs * STEPS

  train(STEPS)
  return train, {'copies': 1, 'versions': f'torch {torch.__version__}'}


if __name__ == '__main__':
  if len(sys.argv) > 3:
    torch.set_num_threads(1)
  worker.serve(lambda: start(*sys.argv[1:3]))
