"""Networks, losses and labels of dense workloads in PyTorch, for both peers."""

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.speed.peers.networks import Block, pixels

DEEP = 2  # the first stage of SegNet that has three convolutions
GROUPS = 8  # at most, of group normalization


def block(before: int, width: int, depth: int) -> nn.Sequential:
  """Returns 3 x 3 convolutions, each normalised and rectified."""
  layers = []
  for _ in range(depth):
    conv = nn.Conv2d(before, width, 3, padding=1, bias=False)
    layers += [conv, nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    before = width
  return nn.Sequential(*layers)


class SegNet(nn.Module):
  """Unpooling where the encoder found the maxima, as in encoders/segnet.py."""

  def __init__(self, form, shape, widths):
    super().__init__()
    self.form = form
    depths = [2 if i < DEEP else 3 for i in range(len(widths))]
    inputs, outputs = (shape[-1], *widths[:-1]), (widths[0], *widths[:-1])
    stages = [*zip(inputs, widths, outputs, depths, strict=True)]
    self.down = nn.ModuleList([block(i, w, d) for i, w, _, d in stages])
    self.up = nn.ModuleList([block(w, o, d) for _, w, o, d in stages[::-1]])

  def forward(self, images):
    x, places = pixels(images, self.form), []
    for stage in self.down:
      x, place = F.max_pool2d(stage(x), 2, return_indices=True)
      places.append(place)
    for stage in self.up:
      x = stage(F.max_unpool2d(x, places.pop(), 2))
    return x


class DeepLab(nn.Module):
  """A residual network with dilated stages, as in encoders/deeplab.py."""

  def __init__(self, form, shape, widths, depths, strides, dilations, head):
    super().__init__()
    del head
    self.form = form
    self.stem = nn.Sequential(
      nn.Conv2d(shape[-1], widths[0], 7, 2, padding=3, bias=False),
      nn.BatchNorm2d(widths[0]),
      nn.ReLU(inplace=True),
      nn.MaxPool2d(3, 2, padding=1),
    )
    before, blocks = widths[0], []
    for width, depth, stride, dilation in zip(
      widths, depths, strides, dilations, strict=True
    ):
      for i in range(depth):
        own = stride if i == 0 else 1
        far = dilation if own == 1 else 1
        blocks.append(Block(before, width, own, far))
        before = width
    self.blocks = nn.Sequential(*blocks)

  def forward(self, images):
    return self.blocks(self.stem(pixels(images, self.form)))


def unit(before: int, width: int, size: int, dilation: int = 1):
  """Returns a convolution with group normalization and ReLU."""
  groups = next(g for g in range(GROUPS, 0, -1) if width % g == 0)
  padding = dilation * (size // 2)
  return nn.Sequential(
    nn.Conv2d(
      before, width, size, padding=padding, dilation=dilation, bias=False
    ),
    nn.GroupNorm(groups, width),
    nn.ReLU(inplace=True),
  )


class Pyramid(nn.Module):
  """Atrous spatial pyramid pooling, and bilinear interpolation."""

  RATES = 12, 24, 36

  def __init__(self, before: int, outputs: int, width: int, factor: int):
    super().__init__()
    self.factor = factor
    far = [unit(before, width, 3, rate) for rate in self.RATES]
    self.branches = nn.ModuleList([unit(before, width, 1), *far])
    self.pooled = nn.Conv2d(before, width, 1)
    self.join = unit(width * (len(far) + 2), width, 1)
    self.last = nn.Sequential(
      unit(width, width, 3), nn.Conv2d(width, outputs, 1)
    )

  def forward(self, x):
    parts = [branch(x) for branch in self.branches]
    whole = F.relu(self.pooled(x.mean((2, 3), keepdim=True)))
    parts.append(whole.expand_as(parts[0]))
    x = self.last(self.join(torch.cat(parts, 1)))
    return F.interpolate(x, scale_factor=self.factor, mode='bilinear')


def encoder(workload, last: bool = False) -> nn.Module:
  """Returns the encoder of a dense workload.

  Args:
    workload: names the encoder and its fields.
    last: whether images have their channels last in memory.
  """
  form = torch.channels_last if last else torch.contiguous_format
  made = {'segnet': SegNet, 'deeplab': DeepLab}[workload.encoder]
  net = made(form, workload.shape, **workload.fields)
  return net.to(memory_format=form) if last else net


def head(workload, outputs: int) -> nn.Module:
  """Returns the head of a task.

  Args:
    workload: names the encoder.
    outputs: channels of the map.
  """
  fields = workload.fields
  width = fields['widths'][0]
  if workload.encoder == 'segnet':
    return nn.Sequential(
      nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, outputs, 1)
    )
  factor = 4
  for stride in fields['strides']:
    factor *= stride
  return Pyramid(fields['widths'][-1], outputs, fields['head'], factor)


class Heads(nn.ModuleList):
  """The maps of all tasks along the channels."""

  def forward(self, x):
    return torch.cat([own(x) for own in self], 1)


def segmentation_loss(pred, labels):
  """Cross-entropy over pixels that have a class.

  Args:
    pred: logits `[B, C, H, W]`.
    labels: `[B, H, W]`; -1 is ignored.
  """
  return F.cross_entropy(pred, labels.long(), ignore_index=-1)


def depth_loss(pred, labels):
  """Absolute error over pixels that have a depth.

  Args:
    pred: `[B, 1, H, W]`.
    labels: `[B, H, W]`; 0 is missing.
  """
  known = labels > 0
  return ((pred[:, 0] - labels).abs() * known).sum() / known.sum()


def normals_loss(pred, labels):
  """One minus the cosine over pixels that have a normal.

  Args:
    pred: `[B, 3, H, W]`.
    labels: unit vectors `[B, H, W, 3]`; zero is missing.
  """
  known = (labels != 0).any(-1)
  cosine = (F.normalize(pred, dim=1) * labels.permute(0, 3, 1, 2)).sum(1)
  return ((1 - cosine) * known).sum() / known.sum()


LOSSES = {
  'segmentation': segmentation_loss,
  'depth': depth_loss,
  'normals': normals_loss,
}


def loss_function(workload):
  """Returns a function from maps and labels of all tasks to K losses."""
  sizes = [outputs for _, _, outputs in workload.tasks]
  losses = [LOSSES[kind] for _, kind, _ in workload.tasks]

  def compute(out, labels):
    parts = zip(losses, out.split(sizes, 1), labels, strict=True)
    return torch.stack([loss(pred, y) for loss, pred, y in parts])

  return compute


class Labels:
  """Labels of all tasks, which have unlike shapes; rows are read at once."""

  def __init__(self, labels):
    self.labels = labels

  def __getitem__(self, rows):
    return [y[rows] for y in self.labels]

  def to(self, device: str) -> 'Labels':
    """Returns them on a device."""
    return Labels([y.to(device) for y in self.labels])
