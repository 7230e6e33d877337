"""The autoencoder of windows in torch: what is learned, from what loss, when it ends. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]

from anomaly.convae import KERNELS, LENGTH, WIDTH, Layer, Plan
from anomaly.torch_checkpoint import found, keep

BATCH = 64  # windows a step
RATE, DECAY = 1e-3, 1e-2  # of AdamW
NOISE = 0.1  # standard deviations laid over what is shown, not over what is asked for: it must not learn to copy
LEAST = 1_024  # windows an epoch at least: few are shown several times
MOST = 20_000  # windows an epoch at most: of more, others each time
Losses = list[list[float]]  # an epoch: of the windows learned, and of those held out


class Net(nn.Module):
    """Windows (n, k, LENGTH) on one scale to the same, drawn again."""

    def __init__(self, k: int, middle: int) -> None:
        super().__init__()
        outer, inner = KERNELS
        self.layers: Any = nn.Sequential(
            nn.Conv1d(k, WIDTH, outer, 2, outer // 2),
            nn.ReLU(),
            nn.Conv1d(WIDTH, middle, inner, 2, inner // 2),
            nn.ConvTranspose1d(middle, WIDTH, inner, 2, inner // 2, 1),
            nn.ReLU(),
            nn.ConvTranspose1d(WIDTH, k, outer, 2, outer // 2, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)

    def plain(self) -> list[Layer]:
        """Kernels and biases for the graph."""
        layers = [layer for layer in self.layers if not isinstance(layer, nn.ReLU)]
        return [(layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()) for layer in layers]


def learn(
    rows: np.ndarray, learned: np.ndarray, held: np.ndarray, middle: int, plan: Plan, run: dict[str, Any],
    checkpoint: Path | None, progress: Callable[[str, int, int], None],
) -> tuple[list[Layer], Losses, int]:  # fmt: skip
    """The layers that redrew what was held out best, the losses of each epoch, and which epoch was best.

    Each epoch's end is kept in `checkpoint`, and a training that finds it goes on from there to the same end; it may
    have another number of epochs. Raises InputError if it is of another training than `run` describes.

    Args:
        rows: float32 (n, k) on one scale.
        learned: first rows of the windows that are learned, int64.
        held: and of those that are not.
        middle: channels of the narrow middle.
        plan: how the training goes.
        run: what tells it from others.
        checkpoint: file, None for none.
        progress: told how many epochs are done, of how many.
    """
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    net = Net(rows.shape[1], middle)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    best, losses = deepcopy(net.state_dict()), []
    state = found(checkpoint, lambda state: state["run"] == run and len(state["losses"]) <= plan.epochs)
    if state is not None:
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        best, losses = state["best"], list(state["losses"])
    while len(losses) < plan.epochs and len(losses) - _best(losses) <= plan.patience:
        progress("learn", len(losses), plan.epochs)
        lost = [_step(net, optimizer, *batch) for batch in _batches(rows, learned, plan, len(losses))]
        losses.append([float(np.mean(lost)), _error(net, rows, held)])
        if _best(losses) == len(losses) - 1:
            best = deepcopy(net.state_dict())
        parts = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "best": best}
        keep(checkpoint, {"run": run, "losses": losses, **parts})
    net.load_state_dict(best)
    return net.plain(), losses, _best(losses)


def _best(losses: Losses) -> int:
    """Epoch with the least loss on what was held out, the first of equals; 0 before there is one."""
    return min(range(len(losses)), key=lambda i: losses[i][1], default=0)


def _batches(
    rows: np.ndarray, learned: np.ndarray, plan: Plan, epoch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """An epoch's windows as they are shown and as they are, (BATCH, k, LENGTH), in an order of its own."""
    rng = np.random.Generator(np.random.Philox(key=[plan.seed, epoch]))
    times = -(-LEAST // len(learned))
    order = np.concatenate([rng.permutation(learned) for _ in range(times)])[:MOST]
    for first in range(0, len(order) - BATCH + 1, BATCH):
        asked = _windows(rows, order[first : first + BATCH])
        noise = rng.standard_normal(tuple(asked.shape), np.float32)
        yield asked + NOISE * torch.from_numpy(noise), asked


def _windows(rows: np.ndarray, first: np.ndarray) -> torch.Tensor:
    """Windows that begin at rows, (n, k, LENGTH)."""
    return torch.from_numpy(np.ascontiguousarray(rows[first[:, None] + np.arange(LENGTH)].transpose(0, 2, 1)))


def _step(net: Net, optimizer: Any, shown: torch.Tensor, asked: torch.Tensor) -> float:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(shown), asked)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@torch.no_grad()
def _error(net: Net, rows: np.ndarray, held: np.ndarray) -> float:
    """Mean square of what is drawn wrong of the windows held out; of many, of MOST spread over all."""
    windows = _windows(rows, held[:: -(-len(held) // MOST)])
    return float(nn.functional.mse_loss(net(windows), windows))
