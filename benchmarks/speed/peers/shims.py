"""Patches that LibMTL 1.1.5 (2021) needs on a CPU and with a current torch.

Import LibMTL from here. None of the patches makes a step slower.
"""

import sys
import types

import torch
from torch.utils.data import dataloader


def _torchvision() -> None:
  """Replaces a module that torchvision has dropped and LibMTL imports.

  Its function is only called to download pretrained weights.
  """
  module = types.ModuleType('torchvision.models.utils')
  module.load_state_dict_from_url = None
  for name in ('torchvision', 'torchvision.models', module.__name__):
    sys.modules.setdefault(name, types.ModuleType(name))
  sys.modules[module.__name__] = module


def _loader() -> None:
  """Adds `iterator.next()`, the spelling of Python 2 that its trainer uses.

  Without it every batch raises inside a bare except and is tried again.
  """
  iterator = dataloader._BaseDataLoaderIter
  iterator.next = iterator.__next__


def _device(trainer: types.ModuleType) -> None:
  """Makes `torch.device` return the CPU; its trainer asks for `cuda:0`."""
  torch_on_cpu = types.ModuleType('torch')
  torch_on_cpu.__dict__.update(vars(torch))
  torch_on_cpu.device = lambda name: torch.device('cpu')
  trainer.torch = torch_on_cpu


def keep_zeros(architecture: type) -> type:
  """Returns a subclass whose shared gradients are set to zero, not removed.

  PCGrad and MGDA write into these tensors, which `Module.zero_grad` sets to
  None since torch 2.0.
  """

  class Keeping(architecture):
    def zero_grad_share_params(self):
      for parameter in self.get_share_params():
        if parameter.grad is not None:
          parameter.grad.zero_()

  return Keeping


# The patches of modules come before the import of LibMTL, which uses them.
_torchvision()
_loader()
import LibMTL  # noqa: E402

_device(LibMTL.trainer)
