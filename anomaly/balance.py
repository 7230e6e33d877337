"""Signals that must agree by physics: what some of them say of the others, fitted on normal data.

A balance holds the middle of many sensors against what causes them, as a line through normal data. A single sensor
that fails does not move the middle, and a change of the process moves both sides; values that were forged on one side
do not agree. The score is the distance from the line in standard deviations of normal data. What rises with the square
of its cause, as a pressure before a nozzle does with its flow, is held against it by its root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.texts import say

LEAST = 100  # windows that a line and a spread need


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What is held against what.

    Attributes:
        balances: (name, tags whose middle answers, tags that cause it).
        roots: tags whose square root is taken, zero where they are negative.
        name, condition, advice: what the card says.
        rate_hz, length, stride_s: of the windows, over which every tag is averaged.
    """

    balances: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    roots: tuple[str, ...] = ()
    name: str = "balance"
    condition: str = "cyber"
    advice: str = "check-network"
    rate_hz: float = 1.0
    length: int = 15
    stride_s: float = 1.0

    @property
    def channels(self) -> tuple[str, ...]:
        """Every tag once, answers and causes as they are named first."""
        return tuple(dict.fromkeys(tag for _, answers, causes in self.balances for tag in (*answers, *causes)))

    def columns(self, tags: Sequence[str]) -> list[int]:
        """Where these tags are among the channels."""
        channels = self.channels
        return [channels.index(tag) for tag in tags]


@dataclass(slots=True)
class Balance:
    """The model under construction: fit it, take its file, calibrate, take its file again."""

    view: BalanceView
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    lines: list[np.ndarray] = field(default_factory=list)  # of each balance: offset, then a slope a cause
    spread: np.ndarray = field(default_factory=lambda: np.empty(0))  # (b,) of what is left, in the answers' unit

    @property
    def reads(self) -> tuple[str, ...]:
        return self.view.channels

    def kept(self, run: np.ndarray) -> np.ndarray:
        """Means over windows, (m, channels), of a run of shape (n, channels), roots taken."""
        run = np.where(self._rooted(), np.sqrt(np.maximum(run, 0.0)), run)
        n, step = self.view.length, max(1, round(self.view.stride_s * self.view.rate_hz))
        if len(run) < n:
            return np.empty((0, run.shape[1]))
        total = np.concatenate([np.zeros((1, run.shape[1])), np.cumsum(run, axis=0)])
        return ((total[n:] - total[:-n]) / n)[::step]

    def _rooted(self) -> np.ndarray:
        """Which channels are read by their root, bool (channels,)."""
        return np.array([tag in self.view.roots for tag in self.reads])

    def fit(self, means: Sequence[np.ndarray], /) -> None:
        """Learn each balance's line. Raises InputError on too few windows."""
        seen = np.concatenate([np.empty((0, len(self.reads))), *means])
        if len(seen) < LEAST:
            raise InputError(
                say("balance needs at least {least} windows to fit, but got {n}. Give more rows.",
                    least=LEAST, n=len(seen))
            )  # fmt: skip
        self.lines, spread = [], []
        for _, answers, causes in self.view.balances:
            middle = np.median(seen[:, self.view.columns(answers)], axis=1)
            base = np.column_stack([np.ones(len(seen)), seen[:, self.view.columns(causes)]])
            line = np.linalg.lstsq(base, middle, rcond=None)[0]
            self.lines.append(line)
            spread.append((middle - base @ line).std())
        self.spread = np.maximum(spread, 1e-6)

    def graph(self) -> Graph:
        """Window (1, length, channels) to score (1, 1) and contribution (1, channels)."""
        view, k = self.view, len(self.reads)
        g = Graph("balance")
        x = g.reshape(g.input("window", [1, view.length, k]), [view.length, k])
        if view.roots:
            of_roots = g.add("Sqrt", g.add("Relu", g.mul(x, g.constant(self._rooted()[None]))))
            x = g.add("Add", of_roots, g.mul(x, g.constant(~self._rooted()[None])))
        means = g.add("ReduceMean", x, axes=[0], keepdims=1)  # (1, k)
        shares = []
        for (_, answers, causes), line, spread in zip(view.balances, self.lines, self.spread, strict=True):
            many = g.add("Gather", means, g.integers(view.columns(answers)), axis=1)
            middle = g.median(many, len(answers), 1)
            cause = g.add("Gather", means, g.integers(view.columns(causes)), axis=1)
            expected = g.add("Add", g.add("MatMul", cause, g.constant(line[1:, None])), g.constant(line[0]))
            off = g.add("Abs", g.add("Sub", middle, expected))
            shares.append(g.mul(off, g.constant(1.0 / (spread * self.level))))
        each = g.add("Concat", *shares, axis=1) if len(shares) > 1 else shares[0]  # (1, b)
        g.output(g.add("ReduceMax", each, axes=[1], keepdims=1), "score", [1, 1])
        own = np.array(
            [[float(tag in (*answers, *causes)) for tag in self.reads] for _, answers, causes in view.balances]
        )
        g.output(g.add("MatMul", each, g.constant(own)), "contribution", [1, k])
        return g

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        view = self.view
        return {
            "name": view.name,
            "kind": "balance",
            "task": "anomaly.series",
            "condition": view.condition,
            "severity": 700,
            "place": "unit",
            "advice": view.advice,
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "mixed",
                    "channels": list(view.channels), "rate_hz": view.rate_hz, "length": view.length,
                    "stride_s": view.stride_s, "hold_s": 5.0, "max_bad": 0.2,
                }
            ],
            "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
            "threshold": self.level,
            "alarm": {"on_delay_s": 3.0, "off_delay_s": 10.0, "deadband": 0.1},
            "choices": {"balances": [name for name, _, _ in view.balances]},
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            **self.notes,
        }  # fmt: skip
