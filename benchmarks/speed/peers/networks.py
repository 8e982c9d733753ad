"""The encoders of the workloads in PyTorch, for both peers.

Each reads a batch as it is stored (bytes or word numbers) and returns `[B, C]`.
"""

import functools

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.speed import workloads


def mlp(width_in, widths, dropout=0.0) -> nn.Sequential:
  """Returns dense layers with ReLU and dropout, as mtl_jax/encoders/mlp.py.

  Args:
    width_in: of the input.
    widths: of the layers.
    dropout: probability of dropping a unit, after each layer.
  """
  layers = []
  for before, after in zip((width_in, *widths), widths, strict=False):
    layers += [nn.Linear(before, after), nn.ReLU()]
    layers += [nn.Dropout(dropout)] if dropout else []
  return nn.Sequential(*layers)


def pixels(images: torch.Tensor, form: torch.memory_format) -> torch.Tensor:
  """Scales bytes to [0, 1] and moves the channels to where torch has them.

  Args:
    images: bytes `[B, H, W, C]`.
    form: the memory format of the result.

  Returns:
    float32 `[B, C, H, W]`.
  """
  moved = images.permute(0, 3, 1, 2).to(torch.float32) / 255
  return moved.contiguous(memory_format=form)


class LeNet(nn.Module):
  """Twice convolution, 2 x 2 max pooling and ReLU; then dense and ReLU."""

  def __init__(self, form, shape, channels, sizes, padding, width):
    super().__init__()
    del padding  # always 'VALID', the default of torch
    self.form = form
    self.first = nn.Conv2d(shape[-1], channels[0], sizes[0])
    self.second = nn.Conv2d(*channels, sizes[1])
    # Both convolutions are VALID; each is followed by a pooling by 2.
    side = ((shape[0] - sizes[0] + 1) // 2 - sizes[1] + 1) // 2
    self.dense = nn.Linear(side**2 * channels[1], width)

  def forward(self, images):
    x = pixels(images, self.form)
    x = F.relu(F.max_pool2d(self.first(x), 2))
    x = F.relu(F.max_pool2d(self.second(x), 2))
    return F.relu(self.dense(x.flatten(1)))


class Block(nn.Module):
  """A residual block: two 3 x 3 convolutions with BatchNorm and a shortcut."""

  def __init__(self, before: int, after: int, stride: int, dilation: int = 1):
    super().__init__()
    far = {'padding': dilation, 'dilation': dilation, 'bias': False}
    self.first = nn.Conv2d(before, after, 3, stride, **far)
    self.second = nn.Conv2d(after, after, 3, **far)
    self.norms = nn.ModuleList([nn.BatchNorm2d(after) for _ in range(2)])
    self.around = nn.Identity()
    if stride > 1 or before != after:
      self.around = nn.Sequential(
        nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
      )

  def forward(self, x):
    h = F.relu(self.norms[0](self.first(x)))
    return F.relu(self.norms[1](self.second(h)) + self.around(x))


class ResNet(nn.Module):
  """A 3 x 3 stem, stages of blocks, and the mean over positions."""

  def __init__(self, form, shape, widths, depths, norm):
    super().__init__()
    del norm  # always BatchNorm
    self.form = form
    width = widths[0]
    self.stem = nn.Conv2d(shape[-1], width, 3, padding=1, bias=False)
    self.norm = nn.BatchNorm2d(width)
    blocks = []
    for number, (after, depth) in enumerate(zip(widths, depths, strict=True)):
      for i in range(depth):
        # The first block of every stage but the first halves the image.
        blocks.append(Block(width, after, 2 if number and not i else 1))
        width = after
    self.blocks = nn.Sequential(*blocks)

  def forward(self, images):
    x = F.relu(self.norm(self.stem(pixels(images, self.form))))
    return self.blocks(x).mean((2, 3))


class LSTM(nn.Module):
  """Embedding and LSTM; the state at each sentence's last word."""

  def __init__(self, packed: bool, vocab_size, embedding, width):
    super().__init__()
    self.packed = packed
    self.embedding = nn.Embedding(vocab_size, embedding)
    self.cell = nn.LSTM(embedding, width, batch_first=True)

  def forward(self, words):
    words = words.long()
    lengths = (words > 0).sum(1)
    x = self.embedding(words)
    if self.packed:
      x = nn.utils.rnn.pack_padded_sequence(
        x, lengths, batch_first=True, enforce_sorted=False
      )
      return self.cell(x)[1][0][-1]  # the last state of each sentence
    rows = torch.arange(len(x), device=x.device)
    return self.cell(x)[0][rows, lengths - 1]


class Layer(nn.Module):
  """Pre-norm self-attention and a dense layer of four times the width."""

  def __init__(self, width: int, heads: int):
    super().__init__()
    self.heads = heads
    self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(2)])
    self.project = nn.Linear(width, 3 * width)
    self.out = nn.Linear(width, width)
    self.dense = nn.Sequential(
      nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
    )

  def forward(self, x, mask):
    """Applies the layer.

    Args:
      x: `[B, L, C]`.
      mask: bool, broadcast to `[B, heads, L, L]`; False for padding.

    Returns:
      `[B, L, C]`.
    """
    batch, length, width = x.shape
    projected = self.project(self.norms[0](x))
    q, k, v = projected.view(
      batch, length, 3, self.heads, width // self.heads
    ).permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
    return x + self.dense(self.norms[1](x))


class Transformer(nn.Module):
  """Word and position embeddings, layers, and the mean over words."""

  def __init__(self, length, vocab_size, width, heads, depth):
    super().__init__()
    self.embedding = nn.Embedding(vocab_size, width)
    self.places = nn.Parameter(torch.randn(length, width) / width**0.5)
    self.layers = nn.ModuleList([Layer(width, heads) for _ in range(depth)])
    self.norm = nn.LayerNorm(width)

  def forward(self, words):
    known = words > 0
    x = self.embedding(words.long()) + self.places
    for layer in self.layers:
      x = layer(x, known[:, None, None])
    weights = known[..., None].float()  # padding does not count in the mean
    return (self.norm(x) * weights).sum(1) / weights.sum(1)


class Experts(nn.Module):
  """Copies of an MLP as batched products, weighted by a gate per task."""

  def __init__(self, workload):
    super().__init__()
    count, tasks = workloads.EXPERTS, len(workload.tasks)
    sizes = (*workload.shape, *workload.fields['widths'])
    pairs = list(zip(sizes, sizes[1:], strict=False))
    self.kernels = nn.ParameterList(
      [nn.Parameter(torch.randn(count, a, b) / a**0.5) for a, b in pairs]
    )
    self.biases = nn.ParameterList(
      [nn.Parameter(torch.zeros(count, 1, b)) for _, b in pairs]
    )
    self.gates = nn.Linear(sizes[0], tasks * count, bias=False)

  def forward(self, x):
    gates = self.gates(x).view(len(x), -1, workloads.EXPERTS).softmax(-1)
    h = x.expand(workloads.EXPERTS, *x.shape)
    for kernel, bias in zip(self.kernels, self.biases, strict=True):
      h = F.relu(torch.baddbmm(bias, h, kernel))
    return torch.bmm(gates, h.transpose(0, 1))  # [B, K, C]


class TaskHeads(nn.Module):
  """One output per task from features `[B, K, C]`."""

  def __init__(self, tasks: int, width: int):
    super().__init__()
    self.kernel = nn.Parameter(torch.randn(tasks, width) / width**0.5)
    self.bias = nn.Parameter(torch.zeros(tasks))

  def forward(self, h):
    return (h * self.kernel).sum(-1) + self.bias


def encoder(workload, last: bool = False, packed: bool = False) -> nn.Module:
  """Returns the encoder of a workload.

  Args:
    workload: names the encoder and its fields.
    last: whether images have their channels last in memory.
    packed: whether an LSTM runs on packed sequences.
  """
  form = torch.channels_last if last else torch.contiguous_format
  made = {
    'mlp': functools.partial(mlp, workload.shape[0]),
    'lenet': functools.partial(LeNet, form, workload.shape),
    'resnet': functools.partial(ResNet, form, workload.shape),
    'lstm': functools.partial(LSTM, packed),
    'transformer': functools.partial(Transformer, workload.shape[0]),
  }[workload.encoder](**workload.fields)
  return made.to(memory_format=form) if last else made


def width(workload) -> int:
  """Returns the channels of the encoder's output."""
  fields = workload.fields
  return fields['widths'][-1] if 'widths' in fields else fields['width']
