"""The side of LibMTL 1.1.5: its `Trainer.train` on a CPU."""

import sys

from benchmarks.speed import worker, workloads

worker.pin(int(sys.argv[3]) if len(sys.argv) > 3 else None)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, RandomSampler  # noqa: E402

from benchmarks.speed.peers import (  # noqa: E402
  data,
  dense,
  networks,
  shims,
)
from benchmarks.speed.peers.shims import LibMTL  # noqa: E402

loss, metrics = LibMTL.loss, LibMTL.metrics
weighting, architecture = LibMTL.weighting, LibMTL.architecture

WARM_UP = 20  # steps
TESTED = 64  # rows; few, to time training


class Rows:
  """A data set in memory that returns a whole batch at a time.

  Args:
    workload: names the tasks.
    path: the file of rows.
  """

  def __init__(self, workload: workloads.Workload, path: str):
    self.inputs, labels = data.read(workload, path)
    names = [name for name, _, _ in workload.tasks]
    self.labels = dict(zip(names, labels, strict=True))

  def __len__(self) -> int:
    return len(self.inputs)

  # torch's fetcher calls this instead of `__getitem__` for each row.
  def __getitems__(self, rows: list[int]):
    chosen = torch.tensor(rows)
    return self.inputs[chosen], {k: y[chosen] for k, y in self.labels.items()}


def loader(rows: Rows, batch: int, steps: int) -> DataLoader:
  """Returns a loader of random rows whose epoch has `steps` batches.

  Args:
    rows: the data set.
    batch: rows of a batch.
    steps: of an epoch.
  """
  sampler = RandomSampler(rows, num_samples=steps * batch)
  return DataLoader(rows, batch, sampler=sampler, collate_fn=lambda b: b)


class BinaryLoss(loss.AbsLoss):
  """Logistic loss of `[B, 1]` logits."""

  def compute_loss(self, pred, gt):
    return F.binary_cross_entropy_with_logits(pred[:, 0], gt)


class SquaredLoss(loss.AbsLoss):
  """Mean squared error of `[B, 1]` predictions."""

  def compute_loss(self, pred, gt):
    return F.mse_loss(pred[:, 0], gt)


class MapLoss(loss.AbsLoss):
  """A loss of maps.

  Args:
    kind: of the task.
  """

  def __init__(self, kind: str):
    super().__init__()
    self.of = dense.LOSSES[kind]

  def compute_loss(self, pred, gt):
    return self.of(pred, gt)


class MapScore(metrics.AbsMetric):
  """The loss of maps as their metric; it is read once per round.

  Args:
    kind: of the task.
  """

  def __init__(self, kind: str):
    super().__init__()
    self.of = dense.LOSSES[kind]

  def update_fun(self, pred, gt):
    self.record.append(self.of(pred, gt).item() * len(gt))
    self.bs.append(len(gt))

  def score_fun(self):
    return [sum(self.record) / sum(self.bs)]


class Score(metrics.AbsMetric):
  """A metric that is averaged over rows.

  Args:
    of: takes predictions `[B]` and labels `[B]` and returns their mean score.
  """

  def __init__(self, of):
    super().__init__()
    self.of = of

  def update_fun(self, pred, gt):
    self.record.append(self.of(pred[:, 0], gt).item() * len(gt))
    self.bs.append(len(gt))

  def score_fun(self):
    return [sum(self.record) / sum(self.bs)]


def _correct(pred, gt):
  return ((pred > 0) == (gt > 0.5)).float().mean()


def described(kind: str) -> dict:
  """Returns LibMTL's entry for a task of a kind: its metric and its loss."""
  if kind in dense.LOSSES:
    return {
      'metrics': ['Loss'],
      'metrics_fn': MapScore(kind),
      'loss_fn': MapLoss(kind),
      'weight': [0],
    }
  # Name and maker of the metric, the loss, and whether more is better.
  made = {
    'binary': ('Acc', lambda: Score(_correct), BinaryLoss, 1),
    'multiclass': ('Acc', metrics.AccMetric, loss.CELoss, 1),
    'regression': ('MSE', lambda: Score(F.mse_loss), SquaredLoss, 0),
  }
  name, metric, made_loss, higher = made[kind]
  return {
    'metrics': [name],
    'metrics_fn': metric(),
    'loss_fn': made_loss(),
    'weight': [higher],
  }


WEIGHTINGS = {
  'equal': (weighting.EW, {}),
  'pcgrad': (weighting.PCGrad, {}),
  'mgda': (weighting.MGDA, {'mgda_gn': 'none'}),
}
ARCHITECTURES = {'hard': architecture.HPS, 'mmoe': architecture.MMoE}


def trainer(
  workload: workloads.Workload,
  shared: type | None = None,
  weigh: type | None = None,
) -> LibMTL.Trainer:
  """Makes a trainer for a workload.

  Args:
    workload: chooses LibMTL's architecture and weighting.
    shared: an architecture to use instead.
    weigh: a weighting to use instead.
  """
  method, weight_args = WEIGHTINGS[workload.balancer]
  chosen = shared or ARCHITECTURES[workload.scheme]
  width = networks.width(workload)
  arch_args = {
    'img_size': workload.shape,
    'num_experts': [workloads.EXPERTS],
  }
  return LibMTL.Trainer(
    task_dict={name: described(kind) for name, kind, _ in workload.tasks},
    weighting=weigh or method,
    architecture=shims.keep_zeros(chosen),
    encoder_class=lambda: (
      dense.encoder(workload) if workload.dense else networks.encoder(workload)
    ),
    decoders=nn.ModuleDict(
      {
        name: dense.head(workload, n) if workload.dense else nn.Linear(width, n)
        for name, _, n in workload.tasks
      }
    ),
    rep_grad=False,
    multi_input=False,
    optim_param={'optim': 'adam', 'lr': workloads.LR},
    scheduler_param=None,
    weight_args=weight_args,
    arch_args=arch_args,
  )


def start(name: str, path: str):
  """Makes a trainer and warms it up.

  Args:
    name: of the workload.
    path: the file of rows.

  Returns:
    What `worker.serve` needs; each call trains an epoch and tests once.
  """
  workload = workloads.STEPS[name]
  torch.manual_seed(0)
  rows = Rows(workload, path)
  tested = loader(rows, workload.batch if workload.dense else TESTED, steps=1)
  made = trainer(workload)

  def train(steps: int) -> int:
    made.train(loader(rows, workload.batch, steps), tested, epochs=1)
    return steps

  train(2 if workload.dense else WARM_UP)
  return train, {
    'copies': 1,
    'versions': f'torch {torch.__version__}',
    'parameters': sum(p.numel() for p in made.model.parameters()),
  }


if __name__ == '__main__':
  if len(sys.argv) > 3:
    torch.set_num_threads(1)
  worker.serve(lambda: start(*sys.argv[1:3]))
