"""A workload's training rows as tensors, for both peers."""

import numpy as np
import torch


def read(workload, path: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
  """Reads the rows that `drawn_rows.write` wrote.

  Args:
    workload: gives the kinds of the labels.
    path: of the .npz file.

  Returns:
    Inputs `[N, ...]` and K labels `[N, ...]`: int64 for classes, else float32.
  """
  with np.load(path) as file:
    arrays = {name: torch.from_numpy(file[name]) for name in file.files}
  labels = [
    _label(arrays[f'label_{i}'], kind)
    for i, (_, kind, _) in enumerate(workload.tasks)
  ]
  return arrays['inputs'], labels


def _label(y: torch.Tensor, kind: str) -> torch.Tensor:
  return y.long() if kind in ('multiclass', 'segmentation') else y.float()
