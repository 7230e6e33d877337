"""Every tag of a run on one time axis, as a page draws it: the lowest and the highest value of each stretch of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from connectors.tags import Group, Tag
from connectors.times import END, SECOND, nanoseconds
from edge.merge import Chunk

STEP_S = 0.1  # the finest stretch: ten rows a second are as many as an eye follows
MOST = 6_000  # rows; a run that is longer than ten minutes has longer stretches
BEFORE_S, LATELY_S = 10.0, 1.0  # what a tag is held against to say which way it went
SWING_S, SHAKE_S, CALM_S = 4.0, 0.3, 20.0  # of a slow and of a fast swing, and what it is held against: judgement
VIBRATION_HZ = 2_000.0  # from this rate on: judgement
MORE = 1.8  # times as wide as at its calmest; noise is so once in a thousand looks


class Rows:
    """Rows grow while a run goes on; what is complete never changes again, so another thread may read it.

    Attributes:
        tags: every tag that has numbers, in order of the columns.
        step_ns: length of a stretch, ns.
        complete: rows that are complete.
    """

    def __init__(self, groups: Sequence[Group], start: int, duration_s: float) -> None:
        self.start = start
        self.step_ns = nanoseconds(STEP_S) * max(1, math.ceil(duration_s / STEP_S / MOST))
        self.n = -(-nanoseconds(duration_s) // self.step_ns)
        self.tags: list[Tag] = []
        self.complete = 0
        self._first: dict[str, int] = {}
        for group in groups:
            if group.kind in ("scalars", "blocks"):
                self._first[group.name] = len(self.tags)
                self.tags.extend(group.tags)
        self.column = {tag.name: i for i, tag in enumerate(self.tags)}
        self._is_vibration = [(tag.rate_hz or 0.0) >= VIBRATION_HZ for tag in self.tags]  # whose mean tells nothing
        self._low = np.full((self.n, len(self.tags)), np.nan, np.float32)
        self._high = self._low.copy()
        self._marks = dict.fromkeys(self._first, 0)

    def add(self, chunk: Chunk) -> None:
        """Take in what a group has up to its mark."""
        name = chunk.group.name
        if name not in self._first:
            return
        if len(chunk.time):
            row = np.clip((chunk.time - self.start - 1) // self.step_ns, 0, self.n - 1)
            first = np.flatnonzero(np.diff(row, prepend=-1))
            columns = slice(self._first[name], self._first[name] + chunk.values.shape[1])
            for array, least in ((self._low, np.fmin), (self._high, np.fmax)):
                part = least.reduceat(chunk.values, first, axis=0)
                array[row[first], columns] = least(array[row[first], columns], part)
        self._marks[name] = self.n if chunk.mark == END else int((chunk.mark - self.start) // self.step_ns)
        self.complete = min(self.n, *self._marks.values())

    @property
    def present_s(self) -> float:
        """Source time up to which rows are complete, s since the run's start."""
        return self.complete * self.step_ns / SECOND

    def block(self, since: int, until: int, columns: Sequence[int]) -> np.ndarray:
        """float32 (until - since, 2 k): of each column its lowest and its highest value, NaN where nothing came."""
        picked = np.empty((until - since, 2 * len(columns)), np.float32)
        picked[:, 0::2] = self._low[since:until, columns]
        picked[:, 1::2] = self._high[since:until, columns]
        return picked

    def way(self, tag: str, time: int) -> int:
        """Whether a tag went up (1), down (-1) or nowhere (0) just before `time` (ns), against a while before.

        2: it stays where it was on the average but swings more.
        """
        column = self.column.get(tag)
        at = int((time - self.start) // self.step_ns)
        if column is None or at <= 0:
            return 0
        lately = max(1, round(LATELY_S * SECOND / self.step_ns))
        before = max(lately + 1, round(BEFORE_S * SECOND / self.step_ns))
        middle = (
            self._low[max(0, at - 2 * before) : at, column] + self._high[max(0, at - 2 * before) : at, column]
        ) / 2
        old, new = middle[: -before or None], middle[-lately:]
        old, new = old[~np.isnan(old)], new[~np.isnan(new)]
        if not len(old) or not len(new):
            return 0
        moved = float(new.mean() - old.mean())
        if not self._is_vibration[column] and abs(moved) > 2.0 * float(old.std()):
            return int(np.sign(moved))
        since = max(0, at - round(CALM_S * SECOND / self.step_ns))
        wide = self._high[since:at, column] - self._low[since:at, column]
        slow = max(2, round(SWING_S * SECOND / self.step_ns))
        fast = max(1, round(SHAKE_S * SECOND / self.step_ns))
        return 2 if _grew(wide, fast, np.mean) or _grew(middle[since - at :], slow, np.std) else 0


def _grew(values: np.ndarray, n: int, measure: Callable[[np.ndarray], Any]) -> bool:
    """Whether a measure of the last `n` values is well above its least in the stretches of `n` before."""
    values = values[~np.isnan(values)]
    whole = len(values) // n
    if whole < 2:
        return False
    each = [float(measure(part)) for part in values[len(values) - whole * n :].reshape(whole, n)]
    return min(each[:-1]) > 0.0 and each[-1] > MORE * min(each[:-1])
