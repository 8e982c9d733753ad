"""PCGrad and MGDA by hand in PyTorch: task gradients, Gram matrix, sum."""

import torch

from benchmarks.speed.peers import weights as peer_weights


def combiner(balancer: str, shared: int, batched: bool):
  """A function that sets `.grad` from K losses.

  Args:
    balancer: pcgrad or mgda.
    shared: the first that many numbers of the gradient are shared; the heads'
      gradients are added up.
    batched: one vectorised backward pass instead of K.
  """
  weigh = getattr(peer_weights, balancer, None)
  gradients = _batched if batched else _in_turn

  def combine(losses: torch.Tensor, parameters: list) -> None:
    grads = gradients(losses, parameters)  # [K, P]
    common = grads[:, :shared]
    weights = torch.tensor(
      weigh((common @ common.T).cpu().numpy()),
      dtype=grads.dtype,
      device=grads.device,
    )
    total = torch.cat([weights @ common, grads[:, shared:].sum(0)])
    sizes = [p.numel() for p in parameters]
    for p, part in zip(parameters, total.split(sizes), strict=True):
      p.grad = part.view_as(p)

  return combine


def _in_turn(losses, parameters):
  rows = []
  for i, one in enumerate(losses):
    found = torch.autograd.grad(
      one, parameters, retain_graph=i + 1 < len(losses)
    )
    rows.append(torch.cat([g.reshape(-1) for g in found]))
  return torch.stack(rows)


def _batched(losses, parameters):
  count = len(losses)
  found = torch.autograd.grad(
    losses,
    parameters,
    torch.eye(count, device=losses.device),
    is_grads_batched=True,
  )
  return torch.cat([g.reshape(count, -1) for g in found], dim=1)
