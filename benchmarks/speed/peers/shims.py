"""What LibMTL 1.1.5 (2021) needs to run on a CPU and a current torch.

Import LibMTL from here. Nothing here makes a step slower.
"""

import sys
import types

import torch
from torch.utils.data import dataloader


def _torchvision() -> None:
  """Its ResNets import a download function that torchvision has dropped.

  The function is only called for pretrained weights.
  """
  module = types.ModuleType('torchvision.models.utils')
  module.load_state_dict_from_url = None
  for name in ('torchvision', 'torchvision.models', module.__name__):
    sys.modules.setdefault(name, types.ModuleType(name))
  sys.modules[module.__name__] = module


def _loader() -> None:
  """Its trainer calls `iterator.next()`, which is `next(iterator)` today.

  Without it every batch raises, and is tried again, inside a bare except.
  """
  iterator = dataloader._BaseDataLoaderIter
  iterator.next = iterator.__next__


def _device(trainer: types.ModuleType) -> None:
  """Its trainer names the device `cuda:0`; here that is the CPU."""
  torch_on_cpu = types.ModuleType('torch')
  torch_on_cpu.__dict__.update(vars(torch))
  torch_on_cpu.device = lambda name: torch.device('cpu')
  trainer.torch = torch_on_cpu


def keep_zeros(architecture: type) -> type:
  """Gradients set to zero stay tensors: PCGrad and MGDA write into them.

  `Module.zero_grad` removes them since torch 2.0.
  """

  class Keeping(architecture):
    def zero_grad_share_params(self):
      for parameter in self.get_share_params():
        if parameter.grad is not None:
          parameter.grad.zero_()

  return Keeping


_torchvision()
_loader()
import LibMTL  # noqa: E402

_device(LibMTL.trainer)
