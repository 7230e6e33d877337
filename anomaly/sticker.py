"""Stickers in a mould, by the two signs that simple limits miss.

A time lag from one thermocouple row to the next, and inversion: the upper one cools while the lower one heats.
Nothing here knows the mould: rows and columns come from the tags' names, levels of noise and thresholds from data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from anomaly.graph import Graph
from connectors.errors import InputError
from connectors.tags import Group, Tag
from connectors.texts import say

PATTERN = re.compile(r"^(?P<stem>.*_)(?P<row>\d+)_(?P<column>\d+)$")
LEAST_COLUMNS = 3  # of a face that a wave can be told on
RATE_HZ = 2.0
LENGTH = 96  # samples: 48 s, the longest lag, the rise before it, and a stretch to tell noise by
STRIDE_S = 0.5
SMOOTH = 3  # samples averaged before anything is compared
RISE = 12  # samples a rise is measured over: 6 s
LAGS = tuple(range(8, 42, 3))  # samples from row to row: 4 … 20 s
RECENT = 60  # samples in which a jump disqualifies a thermocouple
AND = 3.0  # the weaker of the two rises counts this many times
INVERSION = 1.0  # weight of the upper row's fall beside the two rises
JUMP_FACTOR = 5.0  # a step of so many times the largest of 1,000 normal steps is no temperature


@dataclass(frozen=True, slots=True)
class Wall:
    """Thermocouples by face, row (1 = uppermost) and column; `channels` in that order."""

    faces: int
    rows: int
    columns: int
    channels: tuple[str, ...]


def wall(tags: Sequence[Tag]) -> Wall:
    """The wall that names such as TC_BF_2_11 (face, row, column) describe.

    Narrow faces, of fewer than three columns, are left out beside broad ones. Raises InputError if the names do not
    form a full grid of at least two rows.
    """
    places: dict[tuple[str, int, int], str] = {}
    for tag in tags:
        match = PATTERN.match(tag.name)
        if match is not None:
            places[match["stem"], int(match["row"]), int(match["column"])] = tag.name
    narrow = {face for face, _, _ in places if len({c for f, _, c in places if f == face}) < LEAST_COLUMNS}
    if len(narrow) < len({face for face, _, _ in places}):
        places = {place: name for place, name in places.items() if place[0] not in narrow}
    faces = sorted({face for face, _, _ in places})
    rows = sorted({row for _, row, _ in places})
    columns = sorted({column for _, _, column in places})
    grid = [(f, r, c) for f in faces for r in rows for c in columns]
    if len(rows) < 2 or len(columns) < LEAST_COLUMNS or any(place not in places for place in grid):
        raise InputError(
            say(
                "A thermocouple wall needs tags named …_<row>_<column> in full rows, at least 2 by 3, but "
                "{places} of {tags} tags are named so, in {rows} rows and {columns} columns.",
                places=len(places),
                tags=len(tags),
                rows=len(rows),
                columns=len(columns),
            )
        )
    return Wall(len(faces), len(rows), len(columns), tuple(places[place] for place in grid))


@dataclass(slots=True)
class Sticker:
    """The model under construction: fit it, take its file, calibrate, take its file again.

    Attributes:
        wall: the thermocouples.
        jump: K per sample; a larger step disqualifies a thermocouple for a while.
        floor: K, the least noise of a rise that is believed.
        level: the score that is the alarm level.
        kind: what it is called.
        sign: 1.0 looks for rises that run down, -1.0 for dips.
        rise: samples a rise is measured over.
    """

    kind: ClassVar[str] = "sticker"
    sign: ClassVar[float] = 1.0
    rise: ClassVar[int] = RISE

    wall: Wall
    jump: float = np.inf
    floor: float = 0.0
    level: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Self:
        """For the thermocouples among the tags of these groups."""
        return cls(wall([tag for group in groups for tag in group.tags if PATTERN.match(tag.name)]))

    @property
    def reads(self) -> tuple[str, ...]:
        return self.wall.channels

    def kept(self, run: np.ndarray) -> np.ndarray:
        return run

    def fit(self, runs: Sequence[np.ndarray]) -> None:
        """Learn the sizes of normal steps and rises from runs of shape (n_i, channels) at RATE_HZ, in K."""
        steps = np.concatenate([np.abs(np.diff(run, axis=0)).ravel() for run in runs])
        self.jump = round(JUMP_FACTOR * float(np.quantile(steps, 0.999)), 2)
        rises = np.concatenate([np.abs(run[self.rise :] - run[: -self.rise]).ravel() for run in runs])
        self.floor = round(0.25 * float(np.median(rises)), 3)

    def graph(self) -> Graph:
        """Window (1, LENGTH, channels) in K to score (1, 1) and contribution (1, channels)."""
        w = self.wall
        g = Graph(self.kind)
        raw = g.input("window", [1, LENGTH, len(w.channels)])
        grid = g.reshape(raw, [LENGTH, w.faces, w.rows, w.columns])
        rises = self._rises(g, raw)
        sound = g.mul(rises, self._sound(g, grid))
        pairs = [self._pair(g, sound, upper) for upper in range(w.rows - 1)]
        evidence = g.add("Concat", *pairs, axis=1)  # (faces, rows - 1, columns)
        level = g.constant(self.level)
        top = g.add("Div", g.add("ReduceMax", evidence, axes=[0, 1, 2], keepdims=0), level)
        g.output(g.reshape(top, [1, 1]), "score", [1, 1])
        shares = g.add("Div", self._shares(g, evidence), level)
        g.output(g.reshape(shares, [1, len(w.channels)]), "contribution", [1, len(w.channels)])
        return g

    def _rises(self, g: Graph, raw: str) -> str:
        """Rises in units of their noise, (n, faces, rows, columns), newest last."""
        w = self.wall
        matrix = self.sign * _rise_matrix(self.rise)
        rises = g.add("MatMul", g.constant(matrix), g.reshape(raw, [LENGTH, -1]))
        rises = g.reshape(rises, [len(matrix), w.faces, w.rows, w.columns])
        rises = g.add("Sub", rises, self._common(g, rises))
        by_row = g.reshape(g.add("Transpose", g.add("Abs", rises), perm=[0, 2, 1, 3]), [len(matrix), w.rows, -1])
        typical = g.median(by_row, w.faces * w.columns, 2)  # (n, rows, 1)
        noise = g.add("ReduceMean", typical, axes=[0], keepdims=1)  # (1, rows, 1)
        noise = g.add("Div", noise, g.constant(0.6745))  # median of |x| to standard deviation
        noise = g.add("Max", noise, g.constant(max(self.floor, 1e-3)))
        return g.add("Div", rises, g.reshape(noise, [1, 1, w.rows, 1]))

    def _common(self, g: Graph, rises: str) -> str:
        """The rise a row has in common on all faces, (n, 1, rows, 1): the least of their medians, 0 if they differ.

        A change of speed or powder moves every face; a sticker, however wide, moves one.
        """
        typical = g.median(rises, self.wall.columns, 3)
        up = g.add("Relu", g.add("ReduceMin", typical, axes=[1], keepdims=1))
        down = g.add("Relu", g.add("Neg", g.add("ReduceMax", typical, axes=[1], keepdims=1)))
        return g.add("Sub", up, down)

    def _sound(self, g: Graph, grid: str) -> str:
        """1.0 for thermocouples without a jump lately, else 0.0; (1, faces, rows, columns)."""
        recent = g.slice(grid, LENGTH - RECENT - 1, LENGTH, 0)
        later, earlier = g.slice(recent, 1, RECENT + 1, 0), g.slice(recent, 0, RECENT, 0)
        step = g.add("ReduceMax", g.add("Abs", g.add("Sub", later, earlier)), axes=[0], keepdims=1)
        limit = g.constant(min(self.jump, 1e30))
        return g.add("Cast", g.add("LessOrEqual", step, limit), to=1)

    def _pair(self, g: Graph, rises: str, upper: int) -> str:
        """Evidence that a tear ran from row `upper` to the next: (faces, 1, columns)."""
        n = LENGTH - self.rise - SMOOTH + 1
        above = g.slice(rises, upper, upper + 1, 2)
        below = g.slice(g.slice(rises, upper + 1, upper + 2, 2), n - 1, n, 0)
        now_above = g.slice(above, n - 1, n, 0)
        falling = g.mul(g.add("Relu", g.add("Neg", now_above)), g.constant(INVERSION))
        below = g.add("Sub", below, g.add("Relu", now_above))  # rows that heat together are no wave
        lagged = g.add("Gather", above, g.integers([n - 1 - lag for lag in LAGS]), axis=0)
        total = g.add("Add", g.add("Add", lagged, below), falling)
        total = g.add("Div", total, g.constant(float(np.sqrt(2.0 + INVERSION**2))))
        weaker = g.mul(g.add("Min", lagged, below), g.constant(AND))
        best = g.add("ReduceMax", g.add("Min", total, weaker), axes=[0], keepdims=1)
        return g.reshape(best, [self.wall.faces, 1, self.wall.columns])

    def _shares(self, g: Graph, evidence: str) -> str:
        """Evidence for each thermocouple: the stronger of the pairs it belongs to; (faces, rows, columns)."""
        w = self.wall
        nothing = g.constant(np.zeros((w.faces, 1, w.columns)))
        as_upper = g.add("Concat", evidence, nothing, axis=1)
        as_lower = g.add("Concat", nothing, evidence, axis=1)
        return g.add("Relu", g.add("Max", as_upper, as_lower))

    def choices(self) -> dict[str, Any]:
        """The numbers above that were chosen, not learnt."""
        return {"rise": RISE, "smooth": SMOOTH, "lags": list(LAGS), "and": AND, "inversion": INVERSION}

    def card(self) -> dict[str, Any]:
        """What the file says of itself."""
        return {
            "name": self.kind,
            "kind": self.kind,
            "task": "anomaly.series",
            "condition": "breakout",
            "severity": 900,
            "place": "top",
            "advice": "slow-down",
            "inputs": [
                {
                    "name": "window", "kind": "window", "layout": "NTC", "unit": "Cel",
                    "channels": [_general(name) for name in self.wall.channels],
                    "rate_hz": RATE_HZ, "length": LENGTH, "stride_s": STRIDE_S, "hold_s": 3.0, "max_bad": 0.1,
                }
            ],
            "outputs": [{"name": "score", "role": "score"}, {"name": "contribution", "role": "contribution"}],
            "threshold": self.level,
            "alarm": {"k": 1, "n": 1, "off_delay_s": 10.0, "deadband": 0.2},
            "choices": self.choices(),
            "fitted": {"jump_K": self.jump, "floor_K": self.floor},
            "baseline": "always-alarm",
            "licence": "Apache-2.0",
            "origin": "trained on data simulated by testbed",
            **self.notes,
        }  # fmt: skip


def _rise_matrix(rise: int) -> np.ndarray:
    """(n, LENGTH): each row takes the mean of SMOOTH samples minus that of SMOOTH samples `rise` earlier."""
    n = LENGTH - rise - SMOOTH + 1
    matrix = np.zeros((n, LENGTH))
    for i in range(n):
        matrix[i, i : i + SMOOTH] -= 1.0 / SMOOTH
        matrix[i, i + rise : i + rise + SMOOTH] += 1.0 / SMOOTH
    return matrix


def _general(name: str) -> str:
    """A pattern that finds the tag of the same last level on any unit."""
    return f"*/{name.rsplit('/', 1)[-1]}"
