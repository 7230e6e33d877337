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
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from connectors.errors import InputError
from connectors.texts import say
from vision.augment import Sample
from vision.detect import STEADY, Plan, Progress, batches, pace
from vision.detect_graph import CELLS, FROZEN, LEVELS, PRIOR, STRIDES, WIDTH, Weights, backbone, convolutions, points
from vision.features import PAD

BATCH, PARTS = 8, 2  # pictures a step, and parts of them that are worked on beside each other
RATE = {"head": 1e-3, "backbone": 3e-4}  # of AdamW
DECAY = 0.02  # of kernels, not of biases and norms
WARMUP = 200  # steps
EMA = 0.998  # a step
CANDIDATES, SHARPNESS = 10, 6.0  # places a box, exponent of IoU in the alignment (Feng et al.)
LEAST_SIDE = 10.0  # px; narrower boxes count as so wide when places inside are looked for
NEGATIVE, BOX = 0.75, 2.0  # weights in the loss
CLIP = 10.0  # norm of the gradient


class Block(nn.Module):
    """A depthwise 5 × 5 and a 1 × 1 convolution, a batch norm a level that it serves, ReLU6."""

    norms: Any

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.depth = nn.Conv2d(WIDTH, WIDTH, 5, padding=2, groups=WIDTH, bias=False)
        self.point = nn.Conv2d(WIDTH, WIDTH, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(WIDTH) for _ in range(levels)])

    def forward(self, x: torch.Tensor, level: int) -> torch.Tensor:
        return functional.relu6(self.norms[level](self.point(self.depth(x))))

    def folded(self, level: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Both kernels and a bias, the level's batch norm folded in."""
        norm = self.norms[level]
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        point = self.point.weight * gain[:, None, None, None]
        return self.depth.weight.numpy().copy(), point.numpy(), (norm.bias - norm.running_mean * gain).numpy()


class Detector(nn.Module):
    """Grey levels float32 (n, 1, s, s) to logits (n, p, classes) and boxes (n, p, 4) in px."""

    pyramid: Any
    label: Any
    reach: Any
    points: torch.Tensor

    def __init__(self, classes: int, side: int) -> None:
        super().__init__()
        self.convs = convolutions()
        kernels, biases = zip(*backbone(), strict=True)
        self.kernels, self.biases = nn.ParameterList(), nn.ParameterList()
        for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            k, learned = torch.from_numpy(kernel.copy()), self.convs[i].block > FROZEN
            gain = k.square().sum((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-6)
            self.kernels.append(nn.Parameter(k / gain, requires_grad=learned))
            self.biases.append(nn.Parameter(torch.from_numpy(bias.copy()), requires_grad=learned))
            self.register_buffer(f"gain{i}", gain)
        self.laterals = nn.ModuleList([nn.Conv2d(c, WIDTH, 1) for c in CELLS])
        self.pyramid = nn.ModuleList([Block(1) for _ in LEVELS])
        self.label = nn.ModuleList([Block(len(LEVELS)), Block(len(LEVELS))])
        self.reach = nn.ModuleList([Block(len(LEVELS)), Block(len(LEVELS))])
        self.label_out: Any = nn.Conv2d(WIDTH, classes, 1)
        self.reach_out: Any = nn.Conv2d(WIDTH, 4, 1)
        nn.init.normal_(self.label_out.weight, 0, 0.01)
        nn.init.constant_(self.label_out.bias, math.log(PRIOR / (1 - PRIOR)))
        nn.init.constant_(self.reach_out.bias, 1.0)
        self.register_buffer("points", torch.from_numpy(points(side)), persistent=False)

    def forward(self, grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cells = [lateral(tap) for lateral, tap in zip(self.laterals, self._taps(grey - PAD), strict=True)]
        above, levels = None, []
        for level in reversed(range(len(LEVELS))):
            cell = cells[level] if above is None else cells[level] + functional.interpolate(above, scale_factor=2.0)
            above = self.pyramid[level](cell, 0)
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

    def _taps(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What the backbone gives at each level."""
        taps, entry = [], x
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
            if conv.closes and conv.block in LEVELS:
                taps.append(x)
        return taps

    @torch.no_grad()
    def weights(self) -> Weights:
        """What was learned, lengths and batch norms folded in, for the graph."""
        kernels = [kernel * getattr(self, f"gain{i}") for i, kernel in enumerate(self.kernels)]
        body = [(k.numpy().copy(), b.numpy().copy()) for k, b in zip(kernels, self.biases, strict=True)]
        levels = range(len(LEVELS))
        return Weights(
            body,
            [_plain(lateral) for lateral in self.laterals],
            [block.folded(0) for block in self.pyramid],
            [[block.folded(level) for block in self.label] for level in levels],
            [[block.folded(level) for block in self.reach] for level in levels],
            _plain(self.label_out),
            _plain(self.reach_out),
        )


def _plain(conv: Any) -> tuple[np.ndarray, np.ndarray]:
    return conv.weight.numpy().copy(), conv.bias.numpy().copy()


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
    """What the averaged net has learned after `plan.epochs` epochs, and the mean loss of each.

    Each epoch's end is kept in `checkpoint`, and a training that finds it goes on from there to the same end. Raises
    InputError if it is of another training than `run` describes.
    """
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    net, mean = Detector(classes, plan.side), Detector(classes, plan.side)
    net = net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    mean.load_state_dict(net.state_dict())
    optimizer = torch.optim.AdamW(_groups(net))
    parts = {"net": net, "mean": mean, "optimizer": optimizer}
    losses = [] if checkpoint is None else _restored(checkpoint, run, plan, parts)
    an_epoch = len(samples) // BATCH
    with Together(net) as together:
        for epoch in range(len(losses), plan.epochs):
            lost = []
            for step, batch in enumerate(batches(samples, plan, epoch, BATCH), epoch * an_epoch):
                progress("learn", step, plan.epochs * an_epoch)
                share = min(1.0, (step + 1) / WARMUP) * pace(plan, step / an_epoch)
                for group in optimizer.param_groups:
                    group["lr"] = group["rate"] * share
                lost.append(together.gradient(*map(torch.from_numpy, batch)))
                nn.utils.clip_grad_norm_(net.parameters(), CLIP)
                optimizer.step()
                _average(mean, net, min(EMA, (1 + step) / (10 + step)))
            losses.append(float(np.mean(lost)))
            if checkpoint is not None:
                state = {name: part.state_dict() for name, part in parts.items()}
                _keep(checkpoint, {"run": run, "epochs": plan.epochs, "losses": losses, **state})
    return mean.weights(), losses


class Together:
    """Parts of a batch worked on beside each other, each on one thread by a net of its own that shares all weights.

    Beside other work this is faster than threads that share each operation and wait for each other after it. A batch
    norm sees its part alone; the first part's running means are kept.
    """

    def __init__(self, net: Detector) -> None:
        self._nets = [net, *(deepcopy(net) for _ in range(PARTS - 1))]
        for other in self._nets[1:]:
            for mine, shared in zip(other.parameters(), net.parameters(), strict=True):
                mine.data = shared.data
        for each in self._nets:
            each.train()

    def __enter__(self) -> Together:
        self._pool = ThreadPoolExecutor(PARTS)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def gradient(self, grey: torch.Tensor, truth: torch.Tensor) -> float:
        """Leave the gradient of a batch in the net, and return its loss."""
        halves = zip(self._nets, grey.chunk(PARTS), truth.chunk(PARTS), strict=True)
        values = list(self._pool.map(_backward, *zip(*halves, strict=True)))
        for mine, *others in zip(*(net.parameters() for net in self._nets), strict=True):
            if mine.requires_grad:
                mine.grad = torch.stack([mine.grad, *(other.grad for other in others)]).mean(0)
        return float(np.mean(values))


def _backward(net: Detector, grey: torch.Tensor, truth: torch.Tensor) -> float:
    torch.set_num_threads(1)
    net.zero_grad()
    value = loss(net, grey, truth)
    value.backward()
    return float(value.detach())


def _average(mean: Detector, net: Detector, keep: float) -> None:
    with torch.no_grad():
        for averaged, now in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if averaged.dtype.is_floating_point:
                averaged.lerp_(now, 1 - keep)
            else:
                averaged.copy_(now)


def _keep(path: Path, state: dict[str, Any]) -> None:
    """Beside and renamed: a stop leaves the last whole one."""
    beside = path.with_name(path.name + ".new")
    torch.save(state, beside)
    beside.replace(path)


def _restored(path: Path, run: dict[str, Any], plan: Plan, parts: dict[str, Any]) -> list[float]:
    """Losses of the epochs that were done; none without a checkpoint.

    The number of epochs may be another one as long as the rate was steady up to here in both.
    """
    if not path.exists():
        return []
    try:
        state = torch.load(path, weights_only=True)
        done = len(state["losses"])
        steady = STEADY * min(plan.epochs, state["epochs"])
        same = state["run"] == run and (state["epochs"] == plan.epochs or done <= steady)
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, UnpicklingError):
        state, same = {}, False
    if not same:
        raise InputError(
            say("{path} is a checkpoint of another training. Delete it to begin anew, or give the pictures, epochs "
                "and seed it was begun with.", path=path)
        )  # fmt: skip
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return list(state["losses"])


def _groups(net: Detector) -> list[dict[str, Any]]:
    """What is learned, by rate and decay: kernels decay, what has one dimension does not."""
    made = {}
    for name, parameter in net.named_parameters():
        part = "backbone" if name.startswith(("kernels", "biases")) else "head"
        if parameter.requires_grad:
            made.setdefault((part, parameter.ndim > 1), []).append(parameter)
    return [
        {"params": found, "rate": RATE[part], "weight_decay": DECAY if decays else 0.0}
        for (part, decays), found in made.items()
    ]
