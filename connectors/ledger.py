"""What came of each tag of a live line, and what did not: gaps with their start, their end, and samples lost in them.

A gap opens when a line stops delivering, and closes tag by tag, a second after it speaks again. What is missing in
between follows from the rate that the tag list gives; a tag without a rate is reported by exception, and nobody can say
what is missing of it. History that a server kept fills a gap later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from connectors.readings import Block, Columns, Reading, Told, is_sorted, joined, runs_of
from connectors.status import BAD
from connectors.tags import Tag
from connectors.times import NONE, SECOND, text

NEVER = -(2**62)
BACK_NS = SECOND  # time that falls back further is a clock that was set
AHEAD_NS = 60 * SECOND  # and so is time that runs ahead of ours by more
SETTLE_NS = SECOND  # wall: so long a tag is watched after it speaks again
KEPT_GAPS = 200  # the oldest go; their counts stay
REMEMBERED = 64  # packets in which a sample that comes a second time is found


class Hole(NamedTuple):
    """Where samples of one tag are missing: its column, and ns of the samples before and after."""

    column: int
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Gap:
    """A span in which nothing came.

    Attributes:
        reason: why, as the line's state said.
        wall: ns of a clock that never jumps, when it opened; resumed: when something came again, NONE before.
        start, end: ns of source time, the last sample before and the first after; end is NONE while nothing came.
        holes: what is missing; missing: so many samples by the rates of the tag list; filled: those history held.
    """

    reason: str
    wall: int
    start: int
    end: int = NONE
    resumed: int = NONE
    missing: int = 0
    filled: int = 0
    holes: list[Hole] = field(default_factory=list)
    is_asked: bool = False  # whether history was asked for it

    @property
    def lost(self) -> int:
        """What is missing and was not filled."""
        return max(0, self.missing - self.filled)

    def status(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "start": text(self.start),
            "end": None if self.end == NONE else text(self.end),
            "reason": self.reason, "missing": self.missing, "filled": self.filled, "lost": self.lost,
        }  # fmt: skip


@dataclass(slots=True)
class Totals:
    """Samples: came (without doubles), came twice, came out of order, missing in gaps, filled from history."""

    received: int = 0
    doubled: int = 0
    reordered: int = 0
    missing: int = 0
    filled: int = 0

    @property
    def lost(self) -> int:
        """What is missing and was not filled."""
        return max(0, self.missing - self.filled)


@dataclass(slots=True)
class Ledger:
    """The books of one line; columns are the line's tags in their order."""

    tags: Sequence[Tag]
    totals: Totals = field(default_factory=Totals)
    gaps: deque[Gap] = field(default_factory=lambda: deque(maxlen=KEPT_GAPS))
    odd_at: float = float("-inf")  # wall seconds, when a sample last came twice or out of order
    column: dict[str, int] = field(init=False)
    is_bad: np.ndarray = field(init=False)  # bool (k,): the newest value is Bad
    last: np.ndarray = field(init=False)  # int64 (k,) ns, the newest source time
    _rate: np.ndarray = field(init=False)
    _waiting: np.ndarray = field(init=False)  # bool (k,): the open gap still waits for this tag
    _resumed: np.ndarray = field(init=False)  # int64 (k,) wall ns, when the tag spoke again
    _recent: deque[tuple[np.ndarray, np.ndarray]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def __post_init__(self) -> None:
        k = len(self.tags)
        self.column = {tag.name: i for i, tag in enumerate(self.tags)}
        self.last = np.full(k, NEVER)
        self.is_bad = np.zeros(k, bool)
        self._rate = np.array([tag.rate_hz or 0.0 for tag in self.tags])
        self._waiting = np.zeros(k, bool)
        self._resumed = np.full(k, NEVER)

    @property
    def is_open(self) -> bool:
        """Whether a gap waits for its end."""
        return bool(self._waiting.any())

    def interrupt(self, reason: str, wall: int) -> None:
        """Nothing comes from now on. A gap that is open already goes on."""
        told = self.last != NEVER
        if self.is_open or not told.any():
            return
        self._waiting = told & (self._rate > 0) if (told & (self._rate > 0)).any() else told
        self._resumed[:] = NEVER
        self.gaps.append(Gap(reason, wall, int(self.last.max())))

    def take_told(self, told: Sequence[Told], wall: int) -> int | None:
        """What has come at `wall`, ns; the newest source time of what answers no subscription, None for none."""
        newest: list[int] = []
        singles: list[Reading] = []
        for one in joined(told):
            if isinstance(one, Reading):
                singles.append(one)
                newest += [one.time] if one.tag.rate_hz and not one.is_first else []
                continue
            self._take_singles(singles, wall)
            singles = []
            n = len(one)
            is_first = isinstance(one, Block) and one.is_first
            column = one.tag if isinstance(one, Columns) else np.full(n, self.column[one.tag.name])
            self.take(column, one.time, one.status, np.full(n, is_first), wall)
            newest += [] if is_first else [int(one.time.max())]
        self._take_singles(singles, wall)
        return max(newest, default=None)

    def _take_singles(self, singles: Sequence[Reading], wall: int) -> None:
        if singles:
            rows = [(self.column[one.tag.name], one.time, one.status, one.is_first) for one in singles]
            column, time, status, first = zip(*rows, strict=True)
            self.take(np.array(column), np.array(time), np.array(status, np.uint32), np.array(first), wall)

    def take(self, column: np.ndarray, time: np.ndarray, status: np.ndarray, first: np.ndarray, wall: int) -> None:
        """Samples have come, in this order: int (n,), ns int64 (n,), uint32 (n,), bool (n,): answers a subscription."""
        if not len(column):
            return
        if not is_sorted(column):
            order = np.argsort(column, kind="stable")
            column, time, status, first = column[order], time[order], status[order], first[order]
        starts, ends = runs_of(column)
        before = np.empty_like(time)
        before[1:] = time[:-1]
        before[starts] = self.last[column[starts]]
        rises = bool((time > before).all())
        spoke = column[ends]
        self.is_bad[spoke] = status[ends] & BAD != 0
        if rises:
            self.totals.received += len(column)
        else:
            self._count_odd(column, time, first, wall)
        if self.is_open:
            self._close(column, time, before, wall)
        if rises:
            self.last[spoke] = time[ends]
        else:
            self._move(column, time)
        self._recent.append((column, time))

    def _count_odd(self, c: np.ndarray, t: np.ndarray, first: np.ndarray, wall: int) -> None:
        """Count samples of which some do not rise; a value told again on subscribing is none."""
        seen = {pair for known in self._recent for pair in zip(known[0].tolist(), known[1].tolist(), strict=True)}
        newest = dict(enumerate(self.last.tolist()))
        for pair, is_first in zip(zip(c.tolist(), t.tolist(), strict=True), first.tolist(), strict=True):
            i, at = pair
            if is_first and at <= newest[i]:
                continue
            if pair in seen or at == newest[i]:
                self.totals.doubled += 1
                self.odd_at = wall / SECOND
                continue
            seen.add(pair)
            self.totals.received += 1
            is_back = newest[i] - BACK_NS <= at < newest[i]
            if is_back:
                self.totals.reordered += 1
                self.odd_at = wall / SECOND
            newest[i] = newest[i] if is_back else at

    def _move(self, c: np.ndarray, t: np.ndarray) -> None:
        """The newest time of each tag; one that fell back far is the newest of a clock that was set."""
        newest = np.full(len(self.tags), NEVER)
        np.maximum.at(newest, c, t)
        has = newest != NEVER
        forth = has & ((newest > self.last) | (newest < self.last - BACK_NS))
        self.last[forth] = newest[forth]

    def _close(self, c: np.ndarray, t: np.ndarray, before: np.ndarray, wall: int) -> None:
        """Whoever speaks again ends its part of the open gap, once it has gone on for a while.

        What a server had waiting when it stood still comes first, and what is missing only then.
        """
        gap = self.gaps[-1]
        fresh = self._waiting[c] & (before != NEVER) & ((t > before) | (t < before - BACK_NS))
        c, t, before = c[fresh], t[fresh], before[fresh]
        if len(c):
            gap.resumed = wall if gap.resumed == NONE else gap.resumed
            new = self._resumed[c] == NEVER
            self._resumed[c[new]] = wall
            span = t - before
            set_meanwhile = (span < 0) | (span > wall - gap.wall + AHEAD_NS)  # a clock that was set tells nothing
            span = np.where(set_meanwhile, np.where(new, wall - gap.wall, 0), span)
            missing = np.rint(span * self._rate[c] / SECOND).astype(np.int64) - 1
            is_hole = missing > 0
            rows = zip(c[is_hole].tolist(), before[is_hole].tolist(), t[is_hole].tolist(), strict=True)
            gap.holes += [Hole(*row) for row in rows]
            gap.missing += int(missing[is_hole].sum())
            self.totals.missing += int(missing[is_hole].sum())
            if is_hole.any() or gap.end == NONE:
                gap.end = int(t[is_hole].max() if is_hole.any() else t.min())
        spoke = self._resumed != NEVER
        self._waiting &= ~(spoke & (wall - np.where(spoke, self._resumed, wall) >= SETTLE_NS))

    def fill(self, gap: Gap, hole: Hole, time: np.ndarray) -> np.ndarray:
        """Which of these times, int64 (n,) ns of one tag's history, fill the hole: bool (n,). They are counted."""
        inside = (time > hole.start) & (time < hole.end)
        gap.filled += int(inside.sum())
        self.totals.filled += int(inside.sum())
        return inside

    def status(self) -> dict[str, Any]:
        """Counts as JSON values, and the gaps that cost anything or are open."""
        totals = self.totals
        shown = [gap.status() for gap in self.gaps if gap.missing or gap.end == NONE]
        return {
            "doubled": totals.doubled, "reordered": totals.reordered, "filled": totals.filled, "lost": totals.lost,
            "gaps": shown,
        }  # fmt: skip
