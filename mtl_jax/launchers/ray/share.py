"""The cores and GPUs of a cluster that each cell is given."""

import os
import pathlib
from typing import Any, NamedTuple

from mtl_jax.cells import Cell
from mtl_jax.errors import InputError
from mtl_jax.launchers import base

# Prefixes of environment variables that workers inherit.
INHERITED = ('JAX_', 'XLA_', 'MTL_JAX_')


class Share(NamedTuple):
  """Numbers of cores and GPUs of one cell."""

  cpus: int
  gpus: int


def of_cluster(ray: Any, resources: base.Resources) -> Share:
  """Chooses the share of each cell.

  By default a cell is given one GPU and its part of the cores of the node, or
  a whole node if the cluster has no GPUs.

  Args:
    ray: the module, connected to a cluster.
    resources: cores and GPUs asked for.

  Returns:
    A share that at least one node of the cluster has.

  Raises:
    InputError: if no node has what was asked for.
  """
  nodes = [node['Resources'] for node in ray.nodes() if node['Alive']]
  gpus = resources.gpus
  if gpus < 0:
    gpus = int(any(node.get('GPU') for node in nodes))
  wanted = Share(max(resources.cpus, 1), gpus)
  fit = [
    node
    for node in nodes
    if node.get('CPU', 0) >= wanted.cpus and node.get('GPU', 0) >= gpus
  ]
  if not fit:
    raise InputError(
      f'no node has --ray_cpus={wanted.cpus} and --ray_gpus={gpus}; the '
      f'largest has {max(n.get("CPU", 0) for n in nodes):.0f} cores and '
      f'{max(n.get("GPU", 0) for n in nodes):.0f} GPUs'
    )
  if resources.cpus:
    return wanted
  parts = [node['GPU'] // gpus if gpus else 1 for node in fit]
  cores = min(n['CPU'] // p for n, p in zip(fit, parts, strict=True))
  return Share(int(max(1, cores)), gpus)


def one_core_per_run(share: Share, cells: list[Cell]) -> Share:
  """Reduces the cores of a share to the largest number of runs of a cell.

  Further cores would be idle; this way the node trains more cells at a time.

  Args:
    share: share without GPUs.
    cells: cells to train.

  Returns:
    The reduced share; the same one if a cell has a mesh of its own.
  """
  if any(cell.config.mesh for cell in cells):
    return share
  return Share(min(share.cpus, max(len(cell.runs) for cell in cells)), 0)


def variables(share: Share) -> dict[str, str]:
  """Returns a worker's environment variables: its cores, and this code."""
  inherited = {k: v for k, v in os.environ.items() if k.startswith(INHERITED)}
  checkout = str(pathlib.Path(__file__).parents[3])
  paths = [checkout, os.getcwd(), os.environ.get('PYTHONPATH', '')]
  return {
    **inherited,
    'JAX_PLATFORMS': '' if share.gpus else 'cpu',
    'NPROC': str(share.cpus),  # XLA's threads; OMP_NUM_THREADS has no effect
    'PYTHONPATH': os.pathsep.join(filter(None, paths)),
  }
