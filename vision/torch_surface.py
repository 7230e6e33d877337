"""The surface model in torch: what is learned from pictures with masks, and from what loss. Needs the extra `train`.

Backbone: EfficientNet-Lite0 up to stride 16, its first blocks frozen. Above it two levels of cells as in a feature
pyramid (Lin et al., CVPR 2017); the finer one says of each cell whether it is defect, and what is strongest and usual
in both says it of the picture, as in SuperSimpleNet (Rolih et al., 2024). Loss of the cells: focal (Lin et al., ICCV
2017), by picture, so that a pore counts about as much as a patch a hundred times as large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from vision import torch_learning
from vision.plan import Plan, Progress
from vision.surface import batches
from vision.surface_augment import SEEN, Masked
from vision.surface_graph import CELLS, LEVELS, STRIDE, TOP, WIDTH, Weights
from vision.torch_parts import Backbone, Block, plain

BATCH = 8  # pictures a step
PRIOR = 0.05  # share of cells thought to be defect before anything is learned
SHARE = 0.25  # of a cell under the mask from which on it is defect, or half the largest share in the picture
CLEAN = 0.01  # share up to which it is sound; between the two it does not count
FEW = 16.0  # cells added to those of a picture's defect: how much less a small one counts
MAP = 2.0  # weight of the cells in the loss
Shown = Callable[[Sequence[Masked], Plan, int, int], Iterable[tuple[np.ndarray, ...]]]


class SurfaceNet(Backbone):
    """Grey levels float32 (n, 1, s, s), even, to logits of cells (n, s / STRIDE, s / STRIDE) and of pictures (n,)."""

    def __init__(self) -> None:
        super().__init__(LEVELS[-1])
        self.laterals = nn.ModuleList([nn.Conv2d(c, WIDTH, 1) for c in CELLS])
        self.coarse, self.fine = Block(WIDTH), Block(WIDTH)
        self.cell: Any = nn.Conv2d(WIDTH, 1, 1)
        self.whole: Any = nn.Linear(4 * WIDTH + 1, 1)
        for layer in (self.cell, self.whole):
            nn.init.normal_(layer.weight, 0, 0.01)
        nn.init.constant_(self.cell.bias, math.log(PRIOR / (1 - PRIOR)))

    def forward(self, grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first, second, third = (at(tap) for at, tap in zip(self.laterals, self.taps(grey, LEVELS), strict=True))
        coarse = self.coarse(third)
        fine = functional.interpolate(coarse, scale_factor=2.0) + second + functional.max_pool2d(first, 2)
        fine = self.fine(fine)
        cells = self.cell(fine)[:, 0]
        top = cells.flatten(1).topk(TOP, 1).values.mean(1, keepdim=True)
        told = [value for level in (fine, coarse) for value in (level.amax((2, 3)), level.mean((2, 3)))]
        return cells, self.whole(torch.cat([*told, top], 1))[:, 0]

    @torch.no_grad()
    def weights(self) -> Weights:
        """What was learned, lengths and batch norms folded in, for the graph."""
        return Weights(
            self.body(), [plain(lateral) for lateral in self.laterals], self.coarse.folded(), self.fine.folded(),
            plain(self.cell), plain(self.whole),
        )  # fmt: skip


def wanted(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of masks (n, s, s): whether each cell is defect, and whether it counts; both (n, s / STRIDE, s / STRIDE)."""
    share = functional.avg_pool2d(mask[:, None], STRIDE)[:, 0]
    least = (share.amax((1, 2), keepdim=True) / 2).clamp(max=SHARE)
    defect = (share >= least) & (share > CLEAN)
    return defect.float(), (defect | (share <= CLEAN)).float()


def loss(net: SurfaceNet, grey: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Of a batch: grey levels (n, 1, s, s) and masks (n, s, s)."""
    cells, whole = net(grey)
    defect, counts = wanted(mask)
    sure = cells.detach().sigmoid()
    weight = torch.where(defect > 0, 1 - sure, sure**2) * counts
    each = functional.binary_cross_entropy_with_logits(cells, defect, reduction="none")
    places = ((weight * each).sum((1, 2)) / (defect.sum((1, 2)) + FEW)).mean()
    bad = (mask.amax((1, 2)) > SEEN).float()
    return MAP * places + functional.binary_cross_entropy_with_logits(whole, bad)


def learn(
    samples: Sequence[Masked], plan: Plan, run: dict[str, Any], checkpoint: Path | None, progress: Progress,
    shown: Shown = batches,
) -> tuple[Weights, list[float]]:  # fmt: skip
    """What the averaged net has learned, and the mean loss of each epoch: see `torch_learning.learn`.

    `shown` varies an epoch's pictures, as `surface.batches` does.
    """
    torch.manual_seed(plan.seed)
    net, steps = SurfaceNet(), len(samples) // BATCH
    mean, losses = torch_learning.learn(
        net, loss, lambda epoch: shown(samples, plan, epoch, BATCH), steps, plan, run, checkpoint, progress
    )
    return mean.weights(), losses
