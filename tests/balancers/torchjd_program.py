"""Updates by TorchJD: `python torchjd_program.py JACOBIANS.npz UPDATES.npz`.

Runs as a program of its own, so that PyTorch and JAX are not in one process.
For each array `[N, K, P]` it writes the N updates of each method in their
published scale.
"""

import sys
from unittest import mock

import numpy as np
import torch
import torchjd.aggregation as methods
from torchjd._linalg._dual_cone import QuadprogProjector

REGARD, GAMMA, RATE, BETA = 0.3, 0.01, 0.1, 0.5  # as in `torchjd_methods`


def projector():
  return QuadprogProjector(norm_eps=0, reg_eps=1e-12)


def weighted(weighting):
  """Makes an aggregator of Jacobians from a weighting of Gram matrices."""
  return lambda rows: weighting(rows @ rows.T) @ rows


def twice(aggregate):
  """The update of a second step, after one on the tasks in reverse order."""

  def run(rows):
    aggregate(rows.flip(0))
    return aggregate(rows)

  return run


def in_order(aggregate):
  """Every task is compared with the others in the order 1, 2, ..., K."""

  def run(rows):
    with mock.patch('torch.randperm', torch.arange):
      return aggregate(rows)

  return run


def graddrop(rows):
  drawn = torch.linspace(0.1, 0.9, rows.shape[1], dtype=rows.dtype)
  with mock.patch('torch.rand', return_value=drawn):
    return methods.GradDrop()(rows)


def aggregators(size):
  """New aggregators of all methods, since some have a state."""
  m = methods
  stochastic = m.SDMGradWeighting(lr=0.1, n_iter=20, lambda_=REGARD)
  exact = m.SDMGradWeighting(lr=0.05, n_iter=3000, lambda_=REGARD)
  excess = m.ExcessMTL(robust_step_size=RATE, n_warmup_steps=1)
  return {
    'equal': m.Sum(),
    'mgda': m.MGDA(epsilon=1e-12, max_iters=2000),
    'pcgrad': in_order(m.PCGrad()),
    'gradvac': twice(in_order(m.GradVac(beta=BETA, eps=0))),
    'graddrop': graddrop,
    'cagrad': m.CAGrad(c=0.4, norm_eps=0),
    'imtl_g': m.IMTLG(),
    'nash_mtl': m.NashMTL(size, max_norm=0, optim_niter=100),
    'fairgrad 0.5': m.FairGrad(alpha=0.5),
    'fairgrad 2': m.FairGrad(alpha=2.0),
    'aligned_mtl min': m.AlignedMTL(scale_mode='min'),
    'aligned_mtl median': m.AlignedMTL(scale_mode='median'),
    'aligned_mtl rmse': m.AlignedMTL(scale_mode='rmse'),
    'upgrad': m.UPGrad(projector=projector()),
    'dualproj': m.DualProj(projector=projector()),
    'conflict_free': m.ConFIG(),
    'sdmgrad': weighted(exact),
    'sdmgrad_stochastic': twice(weighted(stochastic)),
    'modo': twice(weighted(m.MoDoWeighting(gamma=GAMMA, rho=0.1))),
    'excess_mtl': twice(excess),
  }


def updates(problems):
  """Updates `[N, P]` by method, for Jacobians `[N, K, P]`."""
  found = {}
  for rows in torch.from_numpy(problems):
    for name, aggregate in aggregators(len(rows)).items():
      update = aggregate(rows).detach().numpy()
      found.setdefault(name, []).append(update)
  return {name: np.stack(rows) for name, rows in found.items()}


def main(source, target):
  torch.set_default_dtype(torch.float64)
  torch.set_num_threads(1)
  with np.load(source) as given:
    np.savez(
      target,
      **{
        f'{name}/{shape}': found
        for shape, problems in given.items()
        for name, found in updates(problems).items()
      },
    )


if __name__ == '__main__':
  main(*sys.argv[1:])
