"""What every net that is learned here has, in torch: the backbone from the shipped file, and a block above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from vision.backbone import FROZEN, Folded, Pair, convolutions, weights
from vision.features import PAD


class Backbone(nn.Module):
    """EfficientNet-Lite0 up to a block, its first blocks frozen: texture of ImageNet is texture.

    Each kernel is learned as a direction times the length its batch norm gave it.
    """

    def __init__(self, last: int) -> None:
        super().__init__()
        self.convs = convolutions(last)
        kernels, biases = zip(*weights(last), strict=True)
        self.kernels, self.biases = nn.ParameterList(), nn.ParameterList()
        for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            k, learned = torch.from_numpy(kernel.copy()), self.convs[i].block > FROZEN
            gain = k.square().sum((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-6)
            self.kernels.append(nn.Parameter(k / gain, requires_grad=learned))
            self.biases.append(nn.Parameter(torch.from_numpy(bias.copy()), requires_grad=learned))
            self.register_buffer(f"gain{i}", gain)

    def taps(self, grey: torch.Tensor, blocks: Sequence[int]) -> list[torch.Tensor]:
        """What each of `blocks` gives of grey levels (n, 1, h, w)."""
        taps, x = [], grey - PAD
        entry = x
        for i, (conv, kernel, bias) in enumerate(zip(self.convs, self.kernels, self.biases, strict=True)):
            if conv.opens:
                entry = x
            before, after = conv.pads
            if before != after:
                x, before = functional.pad(x, (before, after, before, after)), 0
            gain = getattr(self, f"gain{i}")
            groups = conv.channels_out if conv.depthwise else 1
            x = functional.conv2d(x, kernel * gain, bias, conv.stride, before, groups=groups)
            if conv.clipped:
                x = functional.hardtanh_(x, 0.0, 6.0)
            if conv.residual:
                x = x + entry
            if conv.closes and conv.block in blocks:
                taps.append(x)
        return taps

    @torch.no_grad()
    def body(self) -> list[Pair]:
        """Kernel and bias of each convolution, lengths folded in."""
        kernels = [kernel * getattr(self, f"gain{i}") for i, kernel in enumerate(self.kernels)]
        return [(k.numpy().copy(), b.numpy().copy()) for k, b in zip(kernels, self.biases, strict=True)]


class Block(nn.Module):
    """A depthwise 5 × 5 and a 1 × 1 convolution, a batch norm a level that it serves, ReLU6."""

    norms: Any

    def __init__(self, width: int, levels: int = 1) -> None:
        super().__init__()
        self.depth = nn.Conv2d(width, width, 5, padding=2, groups=width, bias=False)
        self.point = nn.Conv2d(width, width, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(width) for _ in range(levels)])

    def forward(self, x: torch.Tensor, level: int = 0) -> torch.Tensor:
        return functional.relu6(self.norms[level](self.point(self.depth(x))))

    @torch.no_grad()
    def folded(self, level: int = 0) -> Folded:
        """Both kernels and a bias, the level's batch norm folded in."""
        norm = self.norms[level]
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        point = self.point.weight * gain[:, None, None, None]
        return self.depth.weight.numpy().copy(), point.numpy(), (norm.bias - norm.running_mean * gain).numpy()


def plain(layer: Any) -> Pair:
    """Kernel and bias of a layer."""
    return layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()
