"""What came of each tag of a live line, and what did not: gaps with their start, their end, and samples lost in them.

A gap opens when a line stops delivering, and closes tag by tag with the first sample that is newer than the last one
before. What is missing in between follows from the rate that the tag list gives; a tag without a rate is reported by
exception, and nobody can say what is missing of it. History that a server kept fills a gap later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connectors.readings import Block, Columns, Reading, Told, joined
from connectors.status import BAD
from connectors.tags import Tag
from connectors.times import NONE, SECOND, text

NEVER = -(2**62)
BACK_NS = SECOND  # time that falls back further is a clock that was set
AHEAD_NS = 60 * SECOND  # and so is time that runs ahead of ours by more
KEPT_GAPS = 200  # the oldest go; their counts stay
REMEMBERED = 64  # packets in which a sample that comes a second time is found


@dataclass(slots=True, eq=False)
class Gap:
    """A span in which nothing came.

    Attributes:
        reason: why, as the line's state said.
        start, end: ns of source time, the last sample before and the first after; end is NONE while it is open.
        missing: samples that the rates of the tag list promise between them; filled: those that history held.
        before, after: int64 (k,) ns, the same by tag; NEVER where a tag has none.
        wall: int, ns of a clock that never jumps, when it opened.
    """

    reason: str
    wall: int
    before: np.ndarray
    after: np.ndarray
    start: int = NONE
    end: int = NONE
    missing: int = 0
    filled: int = 0
    is_asked: bool = False  # whether history was asked for it

    @property
    def lost(self) -> int:
        """What is missing and was not filled."""
        return max(0, self.missing - self.filled)

    def status(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "start": None if self.start == NONE else text(self.start),
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
    _recent: deque[tuple[np.ndarray, np.ndarray]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def __post_init__(self) -> None:
        k = len(self.tags)
        self.column = {tag.name: i for i, tag in enumerate(self.tags)}
        self.last = np.full(k, NEVER)
        self.is_bad = np.zeros(k, bool)
        self._rate = np.array([tag.rate_hz or 0.0 for tag in self.tags])
        self._waiting = np.zeros(k, bool)

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
        self.gaps.append(Gap(reason, wall, self.last.copy(), np.full(len(self.tags), NEVER), int(self.last.max())))

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
        order = np.arange(len(column)) if (column[1:] > column[:-1]).all() else np.argsort(column, kind="stable")
        c, t = column[order], time[order]
        starts = np.concatenate([[True], c[1:] != c[:-1]])
        before = np.where(starts, self.last[c], np.concatenate([[NEVER], t[:-1]]))
        rises = t > before
        ends = np.concatenate([starts[1:], [True]])
        self.is_bad[c[ends]] = status[order][ends] & BAD != 0
        if rises.all():
            self.totals.received += len(c)
        else:
            self._count_odd(c, t, first[order], wall)
        if self.is_open:
            self._close(c, t, wall)
        self._move(c, t)
        self._recent.append((c, t))

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

    def _close(self, c: np.ndarray, t: np.ndarray, wall: int) -> None:
        """Whoever speaks again ends its part of the open gap."""
        gap = self.gaps[-1]
        for i in np.unique(c[self._waiting[c]]).tolist():
            since = int(gap.before[i])
            mine = t[c == i]
            new = mine[(mine > since) | (mine < since - BACK_NS)]
            if not len(new):
                continue  # told again what was known
            after, span = int(new.min()), int(new.min()) - since
            if span < 0 or span > (wall - gap.wall) + AHEAD_NS:
                span = wall - gap.wall  # a clock that was set meanwhile tells nothing
            gap.after[i] = after
            self._waiting[i] = False
            missing = max(0, round(span * float(self._rate[i]) / SECOND) - 1)
            gap.missing += missing
            self.totals.missing += missing
            gap.end = after if gap.end == NONE else min(gap.end, after)

    def fill(self, gap: Gap, column: int, time: np.ndarray) -> np.ndarray:
        """Which of these times, int64 (n,) ns of one tag's history, fill the gap: bool (n,). They are counted."""
        inside = (time > gap.before[column]) & (time < gap.after[column])
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
