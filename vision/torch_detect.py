"""The detector in torch: what is learned, from what loss, and how a run goes on after a stop. Needs the extra `train`.

Backbone: EfficientNet-Lite0 from the shipped file, its first blocks frozen (texture of ImageNet is texture), each
kernel learned as a direction times the length its batch norm gave it. Above it a feature pyramid (Lin et al., CVPR
2017) and one head for all strides, free of anchors (Tian et al., ICCV 2019), with a batch norm a stride. What a place
should say is decided by how well it says it already: task-aligned assignment (Feng et al., ICCV 2021), loss varifocal
(Zhang et al., CVPR 2021) and generalised IoU (Rezatofighi et al., CVPR 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from vision import torch_learning
from vision.augment import Sample
from vision.detect import batches
from vision.detect_graph import CELLS, LEVELS, PRIOR, STRIDES, WIDTH, Weights, points
from vision.plan import Plan, Progress
from vision.torch_parts import Backbone, Block, plain

BATCH = 8  # pictures a step
CANDIDATES, SHARPNESS = 10, 6.0  # places a box, exponent of IoU in the alignment (Feng et al.)
LEAST_SIDE = 10.0  # px; narrower boxes count as so wide when places inside are looked for
NEGATIVE, BOX = 0.75, 2.0  # weights in the loss


class Detector(Backbone):
    """Grey levels float32 (n, 1, s, s) to logits (n, p, classes) and boxes (n, p, 4) in px."""

    pyramid: Any
    label: Any
    reach: Any
    points: torch.Tensor

    def __init__(self, classes: int, side: int) -> None:
        super().__init__(LEVELS[-1])
        self.laterals = nn.ModuleList([nn.Conv2d(c, WIDTH, 1) for c in CELLS])
        self.pyramid = nn.ModuleList([Block(WIDTH) for _ in LEVELS])
        self.label = nn.ModuleList([Block(WIDTH, len(LEVELS)), Block(WIDTH, len(LEVELS))])
        self.reach = nn.ModuleList([Block(WIDTH, len(LEVELS)), Block(WIDTH, len(LEVELS))])
        self.label_out: Any = nn.Conv2d(WIDTH, classes, 1)
        self.reach_out: Any = nn.Conv2d(WIDTH, 4, 1)
        nn.init.normal_(self.label_out.weight, 0, 0.01)
        nn.init.constant_(self.label_out.bias, math.log(PRIOR / (1 - PRIOR)))
        nn.init.constant_(self.reach_out.bias, 1.0)
        self.register_buffer("points", torch.from_numpy(points(side)), persistent=False)

    def forward(self, grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cells = [lateral(tap) for lateral, tap in zip(self.laterals, self.taps(grey, LEVELS), strict=True)]
        above, levels = None, []
        for level in reversed(range(len(LEVELS))):
            cell = cells[level] if above is None else cells[level] + functional.interpolate(above, scale_factor=2.0)
            above = self.pyramid[level](cell)
            levels.insert(0, above)
        logits, reaches = [], []
        for level, cell in enumerate(levels):
            label = reach = cell
            for one, two in zip(self.label, self.reach, strict=True):
                label, reach = one(label, level), two(reach, level)
            logits.append(self.label_out(label).flatten(2))
            reaches.append(functional.softplus(self.reach_out(reach)).flatten(2) * STRIDES[level])
        reach = torch.cat(reaches, 2).transpose(1, 2)
        boxes = torch.cat([self.points - reach[..., :2], self.points + reach[..., 2:]], 2)
        return torch.cat(logits, 2).transpose(1, 2), boxes

    @torch.no_grad()
    def weights(self) -> Weights:
        """What was learned, lengths and batch norms folded in, for the graph."""
        levels = range(len(LEVELS))
        return Weights(
            self.body(),
            [plain(lateral) for lateral in self.laterals],
            [block.folded() for block in self.pyramid],
            [[block.folded(level) for block in self.label] for level in levels],
            [[block.folded(level) for block in self.reach] for level in levels],
            plain(self.label_out),
            plain(self.reach_out),
        )


def iou(one: torch.Tensor, other: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Intersection over union of boxes (..., 4), and the same less what the hull of both wastes."""
    inner = (torch.minimum(one[..., 2:], other[..., 2:]) - torch.maximum(one[..., :2], other[..., :2])).clamp(min=0)
    outer = torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])
    areas = [(b[..., 2:] - b[..., :2]).prod(-1) for b in (one, other)]
    both, hull = inner.prod(-1), outer.prod(-1) + 1e-6
    union = areas[0] + areas[1] - both + 1e-6
    return both / union, both / union - (hull - union) / hull


@torch.no_grad()
def assigned(
    logits: torch.Tensor, boxes: torch.Tensor, points: torch.Tensor, truth: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Which box each place answers for, and how surely it should say so.

    Args:
        logits: what the net says, (n, p, classes).
        boxes: and where, (n, p, 4).
        points: middles of the places, (p, 2).
        truth: boxes float32 (n, m, 5), x1 y1 x2 y2 and class, class -1 where a picture has fewer.

    Returns: number of the box int64 (n, p), and the wanted confidence (n, p), 0 where a place answers for none.
    """
    real, kind = truth[..., 4] >= 0, truth[..., 4].clamp(min=0).long()
    middle, half = (truth[..., :2] + truth[..., 2:4]) / 2, (truth[..., 2:4] - truth[..., :2]) / 2
    off = (points[None, None] - middle[:, :, None]).abs()
    inside = (off < half.clamp(min=LEAST_SIDE / 2)[:, :, None]).all(-1) & real[..., None]
    overlap = iou(boxes[:, None], truth[:, :, None, :4])[0] * inside
    sure = logits.sigmoid().gather(2, kind[:, None].expand(-1, logits.shape[1], -1)).transpose(1, 2)
    fit = sure * overlap**SHARPNESS + inside * 1e-9
    chosen = torch.zeros_like(inside).scatter_(2, fit.topk(CANDIDATES, 2).indices, True) & inside
    fit, overlap = fit * chosen, overlap * chosen
    best, owner = fit.max(1)
    top = fit.amax(2).clamp(min=1e-9).gather(1, owner)
    return owner, (best / top * overlap.amax(2).gather(1, owner)).clamp(0, 1)


def loss(net: Detector, grey: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Of a batch: grey levels (n, 1, s, s) and boxes (n, m, 5) as in `assigned`."""
    logits, boxes = net(grey)
    owner, wanted = assigned(logits, boxes, net.points, truth)
    mine = truth.gather(1, owner[..., None].expand(-1, -1, 5))
    target = torch.zeros_like(logits)
    target.scatter_(2, mine[..., 4:].clamp(min=0).long(), wanted[..., None])
    said = logits.detach().sigmoid()
    weight = torch.where(target > 0, target, NEGATIVE * said**2)
    labels = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum()
    places = wanted > 0
    gone = ((1 - iou(boxes[places], mine[places][:, :4])[1]) * wanted[places]).sum()
    return (labels + BOX * gone) / wanted.sum().clamp(min=1)


def learn(
    samples: Sequence[Sample], classes: int, plan: Plan, run: dict[str, Any], checkpoint: Path | None,
    progress: Progress,
) -> tuple[Weights, list[float]]:  # fmt: skip
    """What the averaged detector has learned, and the mean loss of each epoch: see `torch_learning.learn`."""
    torch.manual_seed(plan.seed)
    net, steps = Detector(classes, plan.side), len(samples) // BATCH
    mean, losses = torch_learning.learn(
        net, loss, lambda epoch: batches(samples, plan, epoch, BATCH), steps, plan, run, checkpoint, progress
    )
    return mean.weights(), losses
