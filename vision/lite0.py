"""EfficientNet-Lite0 as an ONNX graph: its layout, and the shipped file with the weights that ImageNet gave it.

Layout: Tan and Le, ICML 2019, table 1, in the Lite variant (no squeeze-and-excite, ReLU6, stem and head not scaled);
weights: EfficientNet-Lite0 of the TensorFlow TPU project (Apache-2.0). `vision/torch_nets.py` writes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnx

from anomaly.graph import Graph

STEM, HEAD = 32, 1280  # channels
STAGES = (  # kernel, stride, expansion, channels, blocks
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
TAPS = {"stride4": 24, "stride8": 40, "stride16": 112, "pooled": HEAD}  # outputs of the file, and their channels
TAPPED = {2: "stride4", 4: "stride8", 10: "stride16"}  # block whose output a tap is
MULTIPLE = 32  # height and width must be multiples of it: the pads below are right for even sizes alone
MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255  # of ImageNet's red, green, blue, grey levels
SPREAD = np.array([0.229, 0.224, 0.225], np.float32) * 255
FILE = Path(__file__).parent / "models" / "lite0.onnx"


@dataclass(frozen=True, slots=True)
class Conv:
    """One convolution of the net, in order.

    Attributes:
        kernel, stride: the window, px.
        channels_in, channels_out: of its weights.
        depthwise: one filter a channel.
        clipped: ReLU6 follows.
        block: number of its block, -1 for the stem, 16 for the head.
        opens, closes: first or last convolution of its block.
        residual: the block's input is added to its output.
    """

    kernel: int
    stride: int
    channels_in: int
    channels_out: int
    depthwise: bool = False
    clipped: bool = True
    block: int = -1
    opens: bool = False
    closes: bool = False
    residual: bool = False

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros before and after, px: TensorFlow's SAME for even sizes, the odd one behind."""
        total = self.kernel - self.stride if self.stride > 1 else self.kernel - 1
        return total // 2, total - total // 2


def layout() -> Iterator[Conv]:
    """Every convolution from the stem to the head."""
    yield Conv(3, 2, 3, STEM)
    before, block = STEM, 0
    for kernel, stage_stride, expansion, after, blocks in STAGES:
        for i in range(blocks):
            stride = stage_stride if i == 0 else 1
            wide = before * expansion
            if expansion > 1:
                yield Conv(1, 1, before, wide, block=block, opens=True)
            yield Conv(kernel, stride, wide, wide, depthwise=True, block=block, opens=expansion == 1)
            residual = stride == 1 and before == after
            yield Conv(1, 1, wide, after, clipped=False, block=block, closes=True, residual=residual)
            before, block = after, block + 1
    yield Conv(1, 1, before, HEAD, block=block)


def write(weights: Sequence[tuple[np.ndarray, np.ndarray]], properties: dict[str, str]) -> bytes:
    """The file: standardised RGB float32 (n, 3, h, w) to every tap; h and w multiples of MULTIPLE.

    Args:
        weights: kernel (out, in, k, k) and bias (out,) of each convolution, batch norm folded in.
        properties: what the file says of itself.
    """
    g = Graph("efficientnet-lite0")
    x = entry = g.input("image", ["n", 3, "h", "w"])
    taps = {}
    for conv, (kernel, bias) in zip(layout(), weights, strict=True):
        if conv.opens:
            entry = x
        before, after = conv.pads
        x = g.add(
            "Conv", x, g.constant(kernel), g.constant(bias), kernel_shape=[conv.kernel] * 2, strides=[conv.stride] * 2,
            pads=[before, before, after, after], group=conv.channels_out if conv.depthwise else 1,
        )  # fmt: skip
        if conv.clipped:
            x = g.add("Clip", x, g.constant(0.0), g.constant(6.0))
        if conv.residual:
            x = g.add("Add", x, entry)
        if conv.closes and conv.block in TAPPED:
            taps[TAPPED[conv.block]] = x
    for name, value in taps.items():
        g.output(value, name, ["n", TAPS[name], f"h_{name}", f"w_{name}"])
    g.output(g.add("GlobalAveragePool", x), "pooled", ["n", HEAD, 1, 1])
    return g.plain(properties)


@cache
def load() -> onnx.ModelProto:
    """The shipped file."""
    return onnx.load(FILE)
