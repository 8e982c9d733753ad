"""A workload's training rows as tensors, for both peers."""

import numpy as np
import torch


def read(workload, path: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
  """Inputs `[N, ...]` and K labels `[N]`, in the types that losses take."""
  with np.load(path) as found:
    arrays = {name: torch.from_numpy(found[name]) for name in found.files}
  labels = [
    _label(arrays[f'label_{i}'], kind)
    for i, (_, kind, _) in enumerate(workload.tasks)
  ]
  return arrays['inputs'], labels


def _label(y: torch.Tensor, kind: str) -> torch.Tensor:
  return y.long() if kind == 'multiclass' else y.float()
