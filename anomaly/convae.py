"""What a net that was taught to redraw normal windows cannot redraw: a convolutional autoencoder, learned with PyTorch.

A window is squeezed through a narrow middle and drawn again (after the Conv-AE of SKAB, Katser and Kozitsin 2020); what
comes out wrong is the score. It is here as the learned example beside kinds that are fitted in one go: on public
benchmarks such nets are no better than PCA (TSB-AD, NeurIPS 2024). What is learned is in anomaly/torch_convae.py; the
file needs no PyTorch to run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.graph import Graph
from anomaly.scaled import general_card, long_enough, scale_of, scaled
from anomaly.with_torch import with_torch
from connectors.errors import InputError
from connectors.texts import say

LENGTH = 32  # samples of a window; models.md section 3
WIDTH = 64  # channels of the outer layers
KERNELS = (7, 5)  # samples that a layer looks at, from outside in; each layer halves the window
SQUEEZE = 4  # channels of the plant a channel of the narrow middle
HELD_OUT = 0.2  # of each stretch, its end: not learned, decides when to stop and how large a residual is normal
SHRINK = 0.8  # of the residuals' variances towards one for all channels, as in var-residual
Layer = tuple[np.ndarray, np.ndarray]  # kernel and bias


@dataclass(frozen=True, slots=True)
class Plan:
    """How a training goes.

    Attributes:
        epochs: times all windows are seen, at most.
        patience: epochs without a better redrawing of the windows held out, after which it ends.
        seed: of the weights it begins with, and of the order.
    """

    epochs: int = 60
    patience: int = 8
    seed: int = 1


@dataclass(slots=True)
class Convae:
    """The model under construction: fit it, take its file, calibrate, take its file again.

    Attributes:
        channels: tag names, k of them.
        rate_hz: of its windows.
        level: the score that is the alarm level.
        plan: of the training.
        checkpoint: file that keeps each epoch's end; the same training goes on from it. Default none.
        progress: told what is being done, how far, of how many.
        layers: kernel (out, in, n) and bias of the two layers that squeeze, (in, out, n) of the two that redraw.
    """

    channels: tuple[str, ...]
    rate_hz: float
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    plan: Plan = Plan()
    checkpoint: Path | None = None
    progress: Callable[[str, int, int], None] = lambda what, done, of: None
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,)
    spread: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,)
    layers: Sequence[Layer] = ()
    precision: np.ndarray = field(default_factory=lambda: np.empty(0))  # (k,), of what is drawn wrong
    learned: dict[str, Any] = field(default_factory=dict)  # how the training went

    @property
    def reads(self) -> tuple[str, ...]:
        return self.channels

    @property
    def middle(self) -> int:
        """Channels of the narrow middle."""
        return max(1, round(len(self.channels) / SQUEEZE))

    def kept(self, run: np.ndarray) -> np.ndarray:
        return run

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn to redraw runs (n_i, k) at `rate_hz`.

        Raises InputError on too little data, a checkpoint of another training, or where PyTorch is not installed.
        """
        long = long_enough("convae", runs, LENGTH, 4 * LENGTH)
        self.mean, self.spread = scale_of(long)
        on_scale = [((run - self.mean) / self.spread).astype(np.float32) for run in long]
        rows = np.concatenate(on_scale)  # (n, k)
        learned, held = starts([len(run) for run in long])
        if not len(held):
            raise InputError(
                say("convae needs a stretch of at least {least} complete rows, but the longest has {rows}.",
                    least=2 * LENGTH, rows=max(len(run) for run in long))
            )  # fmt: skip
        digest = hashlib.sha256(rows.tobytes()).hexdigest()
        run = {"seed": self.plan.seed, "patience": self.plan.patience, "middle": self.middle, "data_sha256": digest}
        self.layers, losses, best = with_torch("anomaly.torch_convae").learn(
            rows, learned, held, self.middle, self.plan, run, self.checkpoint, self.progress
        )
        self._judge(rows, held)
        self.learned = {
            "windows": len(learned), "held_out": len(held), "seed": self.plan.seed, "epochs": len(losses),
            "best_epoch": best + 1, "loss": [float(f"{loss:.4g}") for loss in losses[best]],
        }  # fmt: skip

    def _judge(self, rows: np.ndarray, held: np.ndarray) -> None:
        """How large a residual is normal, by windows that were not learned."""
        from edge.session import Session

        g = Graph("convae")
        z = g.input("z", ["n", LENGTH, len(self.channels)])
        g.output(self._rest(g, z), "rest", ["n", len(self.channels), LENGTH])
        rest = Session(g.plain({}), "convae").run({"z": rows[held[:, None] + np.arange(LENGTH)]})["rest"]
        variance = (rest.astype(np.float64) ** 2).mean(axis=(0, 2))
        even = max(float(variance.mean()), 1e-12)
        self.precision = 1.0 / ((1.0 - SHRINK) * variance + SHRINK * even) / len(self.channels)

    def graph(self) -> Graph:
        """Window (1, LENGTH, k) in the tags' units to score (1, 1) and contribution (1, k)."""
        k = len(self.channels)
        g = Graph("convae")
        z = scaled(g, g.input("window", [1, LENGTH, k]), (LENGTH, k), self.mean, self.spread)
        rest = self._rest(g, g.reshape(z, [1, LENGTH, k]))
        share = g.mul(g.mul(rest, rest), g.constant(self.precision[None, :, None] / self.level))
        by_channel = g.add("ReduceMean", share, axes=[2], keepdims=0)
        g.output(g.add("ReduceSum", by_channel, g.integers([1]), keepdims=1), "score", [1, 1])
        g.output(by_channel, "contribution", [1, k])
        return g

    def _rest(self, g: Graph, z: str) -> str:
        """What is drawn wrong of windows (n, LENGTH, k) on one scale, (n, k, LENGTH)."""
        x = g.add("Transpose", z, perm=[0, 2, 1])
        drawn = x
        for i, (kernel, bias) in enumerate(self.layers):
            pads = [kernel.shape[2] // 2] * 2
            op, more = ("Conv", {}) if i < len(KERNELS) else ("ConvTranspose", {"output_padding": [1]})
            drawn = g.add(op, drawn, g.constant(kernel), g.constant(bias), strides=[2], pads=pads, **more)
            drawn = g.add("Relu", drawn) if i in (0, 2) else drawn
        return g.add("Sub", x, drawn)

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        choices = {
            "length": LENGTH, "width": WIDTH, "kernels": list(KERNELS), "middle": self.middle, "shrink": SHRINK,
            "parameters": sum(kernel.size + bias.size for kernel, bias in self.layers),
        }  # fmt: skip
        card = general_card("convae", self.channels, self.rate_hz, LENGTH, self.level, choices)
        return {**card, **self.notes, "training": {**self.notes.get("training", {}), **self.learned}}


def starts(lengths: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """First rows of the windows that are learned, and of those that are held out, of stretches laid end to end.

    No row is in windows of both. Of a stretch that is too short for that nothing is held out.
    """
    learned, held, offset = [], [], 0
    for n in lengths:
        cut = n - max(LENGTH, round(HELD_OUT * n))
        whole = cut < LENGTH
        learned.append(offset + np.arange(0, (n if whole else cut) - LENGTH + 1))
        held.append(offset + np.arange(n if whole else cut, n - LENGTH + 1))
        offset += n
    return np.concatenate(learned), np.concatenate(held)
