"""Rules no model learns: a sensor that is out of range, jumps, sticks or falls silent. Built from the tag list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connectors.items import Frame
from connectors.results import Result
from connectors.tags import Group, Tag, unit_path
from edge.alarm import AlarmSpec
from edge.window import Window, WindowSpec

STRIDE_S = 1.0
ALIVE_S = 60.0  # a tag that moved in this stretch is expected to go on moving
STUCK_S = 10.0  # and is called stuck after this long without any change
SILENT_S = 10.0  # no sample for this long
MAX_RATE_HZ = 10.0  # faster tags are looked at ten times a second
JUMP = 0.25  # share of the range that no healthy sensor of a steel line crosses in one second


class Rules:
    """One alarm a tag, over all scalar and block groups; the score is 1.0 or more when any rule is broken.

    Ranges come from the tag list: a value outside [low, high] by more than a tenth of the span is out of range, and
    a change of more than a quarter of the span within a second is a jump. A tag without a range has only the
    rules 'stuck' and 'silent'. A constant tag is never stuck, since it never moved.
    """

    name = "rules"
    condition = "sensor"
    severity = 300
    place = "each"
    advice = "check-sensor"
    cameras: tuple[str, ...] = ()

    def __init__(self, groups: Sequence[Group]) -> None:
        self.alarm = AlarmSpec(off_delay_s=5.0)
        chosen = [g for g in groups if g.kind in ("scalars", "blocks") and g.tags]
        self._rules = [_GroupRules(group) for group in chosen]
        self.windows = tuple(rules.spec for rules in self._rules)
        self.channels = tuple(name for spec in self.windows for name in spec.channels)
        self.unit = unit_path(self.channels)

    def score(self, windows: Sequence[Window]) -> Result:
        scores = [rules.score(window) for rules, window in zip(self._rules, windows, strict=True)]
        each = np.concatenate(scores)
        return Result(self.name, windows[0].end, float(each.max()), self.channels, each)

    def score_frame(self, frame: Frame) -> Result:
        raise TypeError("The rules read no pictures.")


class _GroupRules:
    def __init__(self, group: Group) -> None:
        rate = _grid_rate(group.tags)
        self.spec = WindowSpec(
            channels=tuple(tag.name for tag in group.tags),
            rate_hz=rate,
            length=max(2, round((ALIVE_S + STUCK_S) * rate)),
            stride_s=max(STRIDE_S, 1.0 / rate),
            hold_s=max(SILENT_S, 3.0 / rate),
            max_bad=1.0,
        )
        ranges = np.array([_range(tag) for tag in group.tags])
        self._low, self._high = ranges[:, 0], ranges[:, 1]
        self._span = self._high - self._low
        self._stuck = max(2, round(STUCK_S * rate))
        self._second = max(1, round(rate))

    def score(self, window: Window) -> np.ndarray:
        """float64 (k,): 1.0 or more where a rule is broken; deepest break first."""
        values, bad = window.values, window.bad
        now = values[-1]
        with np.errstate(invalid="ignore"):
            out = np.maximum(self._low - now, now - self._high) / (0.1 * self._span)
            recent = values[-self._second - 1 :]
            jump = np.abs(np.diff(recent, axis=0)).max(axis=0) / (JUMP * self._span)
        moved = np.diff(values, axis=0) != 0
        was_alive = moved[: -self._stuck].mean(axis=0) > 0.5 if len(moved) > self._stuck else 0
        stuck = was_alive & ~moved[-self._stuck :].any(axis=0)
        silent = bad[-1] & ~np.isnan(now)
        score = np.nan_to_num(np.fmax(np.fmax(out, jump), 0.0))
        return np.maximum(score, np.where(stuck | silent, 1.0, 0.0))


def _grid_rate(tags: Sequence[Tag]) -> float:
    rates = [tag.rate_hz for tag in tags if tag.rate_hz is not None]
    return min(MAX_RATE_HZ, max(rates, default=1.0))


def _range(tag: Tag) -> tuple[float, float]:
    limits = tag.instrument_range or tag.eu_range
    return limits if limits is not None else (-np.inf, np.inf)
