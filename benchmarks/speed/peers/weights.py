"""Weights of task gradients from their Gram matrix, for plain PyTorch."""

import functools
import itertools
import random

import numpy as np


def pcgrad(gram: np.ndarray) -> list[float]:
  """PCGrad, Yu et al., NeurIPS 2020, arXiv:2001.06782.

  Args:
    gram: inner products of the task gradients, `[K, K]`.

  Returns:
    K weights whose combination is the sum of the projected gradients.
  """
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
  """MGDA, Sener and Koltun, NeurIPS 2018, arXiv:1810.04650.

  Solves exactly on every subset of the tasks and takes the best. For 5 tasks
  (31 small systems, solved at once) this is faster than the iterations of the
  authors' code.

  Args:
    gram: inner products of the task gradients, `[K, K]`.

  Returns:
    Weights of the shortest convex combination, `[K]`; they sum to 1.
  """
  inside = _supports(len(gram))  # [S, K]
  gram = gram.astype(np.float64)
  # A small ridge: gradients may be linearly dependent.
  gram = gram + 1e-9 * np.trace(gram) * np.eye(len(gram))
  systems = gram * inside[:, :, None] * inside[:, None, :]
  systems += np.eye(len(gram)) * (1 - inside)[:, None, :]
  weights = np.linalg.solve(systems, inside[..., None])[..., 0]
  # At the optimum of a subset all its gradients have the same product with
  # the combination, which is 1 / sum(weights): the largest sum is shortest.
  feasible = (weights >= 0).all(1)
  best = np.where(feasible, weights.sum(1), 0).argmax()
  return weights[best] / weights[best].sum()


@functools.cache
def _supports(tasks: int) -> np.ndarray:
  """Returns every non-empty subset of the tasks as a row of 0 and 1."""
  rows = list(itertools.product((0.0, 1.0), repeat=tasks))[1:]
  return np.array(rows)
