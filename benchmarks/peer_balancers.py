"""PCGrad and MGDA by hand in PyTorch: task gradients, Gram matrix, weights."""

import random

import numpy as np
import torch

STEPS, ENOUGH = 250, 1e-5  # of Frank and Wolfe, as in the authors' MGDA


def combiner(balancer: str, shared: int, batched: bool):
  """A function that sets `.grad` from K losses.

  Args:
    balancer: pcgrad or mgda.
    shared: the first that many numbers of the gradient are shared; the heads'
      gradients are added up.
    batched: one vectorised backward pass instead of K.
  """
  weigh = {'pcgrad': pcgrad, 'mgda': mgda}.get(balancer)
  gradients = _batched if batched else _in_turn

  def combine(losses: torch.Tensor, parameters: list) -> None:
    grads = gradients(losses, parameters)  # [K, P]
    common = grads[:, :shared]
    weights = torch.tensor(
      weigh((common @ common.T).numpy()), dtype=torch.float32
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
    losses, parameters, torch.eye(count), is_grads_batched=True
  )
  return torch.cat([g.reshape(count, -1) for g in found], dim=1)


def pcgrad(gram: np.ndarray) -> list[float]:
  """Sums of the projected gradients' weights, from products alone."""
  products = gram.tolist()
  tasks = range(len(products))
  total = [0.0 for _ in tasks]
  for i in tasks:
    row = [float(i == j) for j in tasks]
    others = [j for j in tasks if j != i]
    random.shuffle(others)
    for j in others:
      dot = sum(products[j][n] * row[n] for n in tasks)
      if dot < 0:
        row[j] -= dot / products[j][j]
    total = [t + r for t, r in zip(total, row, strict=True)]
  return total


def mgda(gram: np.ndarray) -> np.ndarray:
  """Weights of the shortest convex combination, by Frank and Wolfe."""
  gram = gram.astype(np.float64)
  weights = np.full(len(gram), 1 / len(gram))
  for _ in range(STEPS):
    product = gram @ weights
    corner = product.argmin()
    value = weights @ product
    away = value - 2 * product[corner] + gram[corner, corner]
    gap = value - product[corner]
    if gap <= ENOUGH * value or away <= 0:
      break
    rate = min(gap / away, 1.0)
    weights *= 1 - rate
    weights[corner] += rate
  return weights
