"""The side of plain PyTorch: a training loop that is written for speed.

Data are in memory, heads are one layer, and nothing waits for a number that it
does not need. Where PyTorch offers variants, they are timed and the fastest is
used.
"""

import sys
import time

from benchmarks.speed import worker, workloads

# The third argument: a core, or 'cuda:dtype'.
WHERE = sys.argv[3] if len(sys.argv) > 3 else ''
worker.pin(int(WHERE) if WHERE.isdecimal() else None)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from benchmarks.speed.peers import (  # noqa: E402
  balancers,
  data,
  dense,
  networks,
)

HALF = WHERE.endswith('bfloat16')
TRIED = 20  # steps by which a variant is timed, after as many to warm up
WAYS = {  # the values of each option; the first is the default
  'fused': (True, False),  # else foreach
  'last': (False, True),  # channels last
  'packed': (False, True),  # sequences of unequal length
  'batched': (False, True),  # all tasks' gradients in one backward pass
}


class Model(nn.Module):
  """An encoder, or gated experts, and all heads in one layer."""

  def __init__(self, workload: workloads.Workload, **ways: bool):
    super().__init__()
    width = networks.width(workload)
    if workload.dense:
      self.shared = dense.encoder(workload, ways['last'])
      heads = [dense.head(workload, n) for _, _, n in workload.tasks]
      self.heads = dense.Heads(heads)
    elif workload.scheme == 'mmoe':
      self.shared = networks.Experts(workload)
      self.heads = networks.TaskHeads(len(workload.tasks), width)
    else:
      self.shared = networks.encoder(workload, **ways)
      self.heads = nn.Linear(width, sum(n for _, _, n in workload.tasks))

  def forward(self, x):
    return self.heads(self.shared(x))


def loss_function(workload: workloads.Workload):
  """Returns a function from predictions and labels `[B, K]` to K losses.

  The losses of all tasks of one kind are computed together.
  """
  kinds = [kind for _, kind, _ in workload.tasks]
  if workload.dense:
    return dense.loss_function(workload)
  if set(kinds) == {'multiclass'}:
    return _classes
  if 'multiclass' in kinds:
    return _sentences
  split = kinds.count('regression')

  def losses(out, labels):
    squares = F.mse_loss(out[:, :split], labels[:, :split], reduction='none')
    logs = F.binary_cross_entropy_with_logits(
      out[:, split:], labels[:, split:], reduction='none'
    )
    return torch.cat([squares.mean(0), logs.mean(0)])

  return losses


def _classes(out, labels):
  rows, tasks = labels.shape
  logits = out.view(rows * tasks, -1)
  losses = F.cross_entropy(logits, labels.reshape(-1), reduction='none')
  return losses.view(rows, tasks).mean(0)


def _sentences(out, labels):
  binary = F.binary_cross_entropy_with_logits(out[:, 0], labels[:, 0])
  topic = F.cross_entropy(out[:, 1:], labels[:, 1].long())
  return torch.stack([binary, topic])


class Loop:
  """Rows, model and optimizer; `train` is the loop.

  Args:
    workload: what is trained.
    rows: inputs `[N, ...]` and labels `[N, K]` on the device.
    fused: whether Adam is the fused one, else that of foreach.
    batched: whether task gradients are computed in one backward pass.
    **ways: options of `networks.encoder`.
  """

  def __init__(self, workload, rows, fused, batched, **ways):
    self.inputs, self.labels = rows
    self.device = self.inputs.device
    self.batch, self.balancer = workload.batch, workload.balancer
    self.model = Model(workload, **ways).to(self.device)
    self.losses = loss_function(workload)
    how = {'fused': True} if fused else {'foreach': True}
    self.parameters = list(self.model.parameters())
    self.optimizer = torch.optim.Adam(self.parameters, lr=workloads.LR, **how)
    shared = sum(p.numel() for p in self.model.shared.parameters())
    self.combine = balancers.combiner(self.balancer, shared, batched)
    self.shuffle()

  def shuffle(self):
    """Starts an epoch with a new order of the rows."""
    self.order = torch.randperm(len(self.inputs), device=self.device)
    self.place = 0

  def rows(self):
    """Returns the next batch; rows that do not fill one are left out."""
    if self.place + self.batch > len(self.order):
      self.shuffle()
    chosen = self.order[self.place : self.place + self.batch]
    self.place += self.batch
    return self.inputs[chosen], self.labels[chosen]

  def train(self, steps: int) -> int:
    """Trains, waits for the device, and returns `steps`."""
    for _ in range(steps):
      inputs, labels = self.rows()
      with torch.autocast(self.device.type, torch.bfloat16, enabled=HALF):
        predictions = self.model(inputs)
      losses = self.losses(predictions.float(), labels)
      if self.balancer == 'equal':
        self.optimizer.zero_grad(set_to_none=True)
        losses.sum().backward()
      else:
        self.combine(losses, self.parameters)
      self.optimizer.step()
    if self.device.type == 'cuda':
      torch.cuda.synchronize()
    return steps


def tried(workload: workloads.Workload) -> int:
  """Returns by how many steps a variant is timed; dense ones are long."""
  return min(TRIED, 2) if workload.dense else TRIED


def ways(workload: workloads.Workload) -> dict[str, tuple[bool, ...]]:
  """Returns the values to try of each option that affects this workload."""
  asked = {
    'fused': True,
    'last': workload.kind == 'images',
    'packed': workload.encoder == 'lstm' and not WHERE.startswith('cuda'),
    'batched': workload.balancer != 'equal',
  }
  return {k: v if asked[k] else v[:1] for k, v in WAYS.items()}


def fastest(workload: workloads.Workload, rows) -> tuple[Loop, dict]:
  """Chooses the options one after the other, each by its fastest value.

  Args:
    workload: what is trained.
    rows: inputs and labels on the device.

  Returns:
    A new loop with the chosen options, and these options.
  """
  tried = ways(workload)
  chosen = {name: values[0] for name, values in tried.items()}
  for name, values in tried.items():
    if len(values) > 1:
      seconds = {v: _time(workload, rows, chosen | {name: v}) for v in values}
      chosen[name] = min(seconds, key=seconds.get)
  return Loop(workload, rows, **chosen), chosen


def _time(workload, rows, chosen: dict[str, bool]) -> float:
  loop = Loop(workload, rows, **chosen)
  loop.train(steps := tried(workload))
  times = []
  for _ in range(3):
    began = time.perf_counter()
    loop.train(steps)
    times.append(time.perf_counter() - began)
  return min(times)


def start(name: str, path: str):
  """Chooses the fastest loop and warms it up.

  Args:
    name: of the workload.
    path: the file of rows.

  Returns:
    What `worker.serve` needs, with the chosen options.
  """
  workload = workloads.STEPS[name]
  torch.manual_seed(0)
  device = 'cuda' if WHERE.startswith('cuda') else 'cpu'
  inputs, labels = data.read(workload, path)
  joined = dense.Labels(labels) if workload.dense else torch.stack(labels, 1)
  rows = inputs.to(device), joined.to(device)
  loop, chosen = fastest(workload, rows)
  loop.train(tried(workload))
  names = [name for name, yes in chosen.items() if yes]
  return loop.train, {
    'copies': 1,
    'versions': f'torch {torch.__version__}',
    'ways': ' '.join(names),
    'parameters': sum(p.numel() for p in loop.parameters),
  }


if __name__ == '__main__':
  if WHERE.isdecimal():
    torch.set_num_threads(1)
  worker.serve(lambda: start(*sys.argv[1:3]))
