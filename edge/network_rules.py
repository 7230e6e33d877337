"""Rules that tell an attack on the network from a fault of the plant; they read tags alone and learn nothing.

A group that falls silent as a whole; a signal that shows the same stretch twice, noise and all; a controller that holds
a set-point which no desk gave.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connectors.items import Frame
from connectors.results import Result
from connectors.tags import Group, unit_path
from edge.alarm import AlarmSpec
from edge.window import Window, WindowSpec

STRIDE_S = 1.0
SILENT_S = 15.0  # a whole group without a sample; a gateway restarts in less
REPEAT_S = 8.0  # a stretch that comes again, longer than a packet that a broker delivers twice
FEWEST = 40  # samples of such a stretch, so that chance does not make one
SHORTEST_S, LONGEST_S = 3.0, 45.0  # lags looked at
DISTINCT = 8  # values that a stretch must hold: a constant repeats by itself
SETTLE_S = 5.0  # a set-point may differ so long between desk and controller
GRID_HZ = (10.0, 5.0, 4.0, 2.0, 1.0)
DESK, HELD = "/DESK_", "/HELD_"  # beginnings of the last level of a set-point's two tags


class NetworkRules:
    """One alarm of class 'cyber' for the unit, over all groups of scalars.

    Slower than 2 Hz a signal is not asked for repetitions.
    """

    name = "network"
    condition = "cyber"
    severity = 700
    place = "unit"
    advice = "check-network"
    cameras: tuple[str, ...] = ()

    def __init__(self, groups: Sequence[Group]) -> None:
        self.alarm = AlarmSpec(off_delay_s=10.0)
        self._rules = [_GroupRules(g) for g in groups if g.kind == "scalars" and any(t.rate_hz for t in g.tags)]
        self.windows = tuple(rules.spec for rules in self._rules)
        self.channels = tuple(name for spec in self.windows for name in spec.channels)
        self.unit = unit_path(self.channels)

    def score(self, windows: Sequence[Window]) -> Result:
        each = np.concatenate([rules.score(w) for rules, w in zip(self._rules, windows, strict=True)])
        return Result(self.name, windows[0].end, float(each.max()), self.channels, each)

    def score_frame(self, frame: Frame) -> Result:
        raise TypeError("The rules read no pictures.")


class _GroupRules:
    def __init__(self, group: Group) -> None:
        rates = [tag.rate_hz for tag in group.tags if tag.rate_hz]
        self._rate = next((rate for rate in GRID_HZ if rate <= max(rates)), GRID_HZ[-1])
        names = [tag.name for tag in group.tags]
        self._pairs = [(i, names.index(name.replace(DESK, HELD))) for i, name in enumerate(names)
                       if DESK in name and name.replace(DESK, HELD) in names]  # fmt: skip
        self._again = max(round(REPEAT_S * self._rate), FEWEST) if self._rate >= 2.0 and not self._pairs else 0
        span = SILENT_S * self._rate if not self._again else self._again + LONGEST_S * self._rate
        self.spec = WindowSpec(
            channels=tuple(names), rate_hz=self._rate, length=round(span) + 1, stride_s=STRIDE_S,
            hold_s=3.0 / min(rates), max_bad=1.0,
        )  # fmt: skip

    def score(self, window: Window) -> np.ndarray:
        """float64 (k,): 1.0 or more where a rule is broken."""
        score = np.zeros(window.values.shape[1])
        known = ~np.isnan(window.values[-1])
        silent = window.bad[-round(SILENT_S * self._rate) :].all(axis=0) & known
        if known.any() and silent[known].all():
            score[silent] = 1.0
        if self._again and not window.bad[-1].all():
            score[self._repeats(window)] = 1.0
        for desk, held in self._pairs:
            recent = window.values[-round(SETTLE_S * self._rate) :]
            apart = np.abs(recent[:, desk] - recent[:, held]) > 1e-6
            if apart.all():
                score[[desk, held]] = 1.0
        return score

    def _repeats(self, window: Window) -> np.ndarray:
        """True for tags whose last stretch was there before, bool (k,)."""
        values, n = window.values, self._again
        last = values[-n:]
        rich = (np.diff(np.sort(last, axis=0), axis=0) > 0).sum(axis=0) + 1 >= DISTINCT
        rich &= ~window.bad[-n:].any(axis=0)
        found = np.zeros(values.shape[1], bool)
        lags = np.arange(round(SHORTEST_S * self._rate), len(values) - n + 1)
        lag, tag = np.nonzero(rich & (values[-1 - lags] == last[-1]))  # most end within a few samples
        for back in range(2, n + 1):
            is_same = values[-back - lags[lag], tag] == last[-back, tag]
            lag, tag = lag[is_same], tag[is_same]
            if not len(tag):
                break
        found[tag] = True
        return found
