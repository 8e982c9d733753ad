"""PCGrad and MGDA in plain PyTorch, from the Gram matrix of gradients."""

import torch

from benchmarks.speed.peers import weights as peer_weights


def combiner(balancer: str, shared: int, batched: bool):
  """Returns a function that sets `.grad` from K losses.

  Args:
    balancer: 'pcgrad' or 'mgda'. Others have no weights, and the function that
      is returned must not be called.
    shared: size of the shared part, with which a gradient begins. The rest, of
      the heads, is summed over tasks.
    batched: whether to use one vectorised backward pass instead of K.
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
    grads = torch.autograd.grad(
      one, parameters, retain_graph=i + 1 < len(losses)
    )
    rows.append(torch.cat([g.reshape(-1) for g in grads]))
  return torch.stack(rows)


def _batched(losses, parameters):
  count = len(losses)
  grads = torch.autograd.grad(
    losses,
    parameters,
    torch.eye(count, device=losses.device),
    is_grads_batched=True,
  )
  return torch.cat([g.reshape(count, -1) for g in grads], dim=1)
