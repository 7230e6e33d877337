"""How a net is learned in torch: steps, an average of all of them, and how a run goes on after a stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]

from anomaly.torch_checkpoint import found, keep
from vision.plan import STEADY, Plan, Progress, pace

PARTS = 2  # parts of a batch that are worked on beside each other
RATE = {"head": 1e-3, "backbone": 3e-4}  # of AdamW
DECAY = 0.02  # of kernels, not of biases and norms
WARMUP = 200  # steps
EMA = 0.998  # a step
CLIP = 10.0  # norm of the gradient

Loss = Callable[..., torch.Tensor]  # of a net and the arrays of a batch


def learn(
    net: Any, loss: Loss, shown: Callable[[int], Iterable[tuple[np.ndarray, ...]]], an_epoch: int, plan: Plan,
    run: dict[str, Any], checkpoint: Path | None, progress: Progress,
) -> tuple[Any, list[float]]:  # fmt: skip
    """The averaged net after `plan.epochs` epochs of `an_epoch` batches, which `shown` gives, and each one's mean loss.

    Each epoch's end is kept in `checkpoint`, and a training that finds it goes on from there to the same end. Raises
    InputError if it is of another training than `run` describes.
    """
    torch.set_num_threads(1)
    mean = deepcopy(net)
    net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(_groups(net))
    parts = {"net": net, "mean": mean, "optimizer": optimizer}
    losses = _restored(checkpoint, run, plan, parts)
    with Together(net, loss) as together:
        for epoch in range(len(losses), plan.epochs):
            lost = []
            for step, batch in enumerate(shown(epoch), epoch * an_epoch):
                progress("learn", step, plan.epochs * an_epoch)
                share = min(1.0, (step + 1) / WARMUP) * pace(plan, step / an_epoch)
                for group in optimizer.param_groups:
                    group["lr"] = group["rate"] * share
                lost.append(together.gradient(*map(torch.from_numpy, batch)))
                nn.utils.clip_grad_norm_(net.parameters(), CLIP)
                optimizer.step()
                _average(mean, net, min(EMA, (1 + step) / (10 + step)))
            losses.append(float(np.mean(lost)))
            state = {name: part.state_dict() for name, part in parts.items()}
            keep(checkpoint, {"run": run, "epochs": plan.epochs, "losses": losses, **state})
    return mean, losses


class Together:
    """Parts of a batch worked on beside each other, each on one thread by a net of its own that shares all weights.

    Beside other work this is faster than threads that share each operation and wait for each other after it. A batch
    norm sees its part alone; the first part's running means are kept.
    """

    def __init__(self, net: Any, loss: Loss) -> None:
        self._loss = loss
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

    def gradient(self, *batch: torch.Tensor) -> float:
        """Leave the gradient of a batch in the net, and return its loss."""
        halves = zip(*(array.chunk(PARTS) for array in batch), strict=True)
        values = list(self._pool.map(self._backward, self._nets, halves))
        for mine, *others in zip(*(net.parameters() for net in self._nets), strict=True):
            if mine.requires_grad:
                mine.grad = torch.stack([mine.grad, *(other.grad for other in others)]).mean(0)
        return float(np.mean(values))

    def _backward(self, net: Any, batch: tuple[torch.Tensor, ...]) -> float:
        torch.set_num_threads(1)
        net.zero_grad()
        value = self._loss(net, *batch)
        value.backward()
        return float(value.detach())


def _average(mean: Any, net: Any, keep: float) -> None:
    with torch.no_grad():
        for averaged, now in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if averaged.dtype.is_floating_point:
                averaged.lerp_(now, 1 - keep)
            else:
                averaged.copy_(now)


def _restored(path: Path | None, run: dict[str, Any], plan: Plan, parts: dict[str, Any]) -> list[float]:
    """Losses of the epochs that were done; none without a checkpoint.

    The number of epochs may be another one as long as the rate was steady up to here in both.
    """

    def is_ours(state: dict[str, Any]) -> bool:
        steady = STEADY * min(plan.epochs, state["epochs"])
        return state["run"] == run and (state["epochs"] == plan.epochs or len(state["losses"]) <= steady)

    state = found(path, is_ours)
    if state is None:
        return []
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return list(state["losses"])


def _groups(net: Any) -> list[dict[str, Any]]:
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
