"""Rules no model learns: a sensor that is out of range, jumps, sticks or falls silent. Built from the tag list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from connectors.items import Frame
from connectors.results import Result
from connectors.tags import Group, Tag, unit_path
from edge.alarm import AlarmSpec
from edge.window import Window, WindowSpec

STRIDE_S = 1.0  # between looks; where all tags are slower, a whole number of them is enough
LOOKS = 2  # looks a period of the fastest tag, so that no sample is passed over
LEAST_LOOKS = 12  # in a window of slow tags: six periods, for the usual step
ALIVE_S = 60.0  # a tag that moved in this stretch is expected to go on moving
STUCK_S = 10.0  # and is called stuck after this long without any change, or longer if it moves seldom
LONGEST_STUCK_S = 60.0  # a tag that moves too seldom for this is not judged
UNLIKELY = 20.0  # -ln of the chance that a living tag stays put for so long
SILENT_S = 10.0  # no sample for this long
GRID_HZ = (10.0, 5.0, 4.0, 2.0, 1.0)  # how often tags are looked at: each divides the stride of every group
JUMP = 0.25  # share of the range that no healthy sensor of a steel line crosses from sample to sample
STEPS = 20.0  # so many times its usual step is a jump, too, if it is more than
SMALL_JUMP = 0.05  # of the range
PEERS = 8  # tags of one group and unit that are compared with each other
ODD = 1.0 / 3.0  # of the range from the middle of its peers


class Rules:
    """One alarm a tag, over all scalar and block groups; the score is 1.0 or more when any rule is broken.

    Ranges come from the tag list. Broken rules are: a value outside [low, high] by more than a tenth of the span; a
    jump from sample to sample of a quarter of the span, or of twenty usual steps where that is more than a twentieth,
    beyond what its peers moved at once (eight or more tags of one group and unit: what moves them all is no sensor); a
    value a third of the span away from the middle of its peers; a tag
    that moved and then stays put for longer than chance allows, other than at an end of its range; no sample for ten
    seconds. A tag without a range has only the last two. A constant tag is never stuck, since it never moved. A tag
    reported by exception (without rate) is never silent, and neither is one that has not spoken yet. Blocks are
    waveforms: only range and silence are looked at. Tags are looked at once a second; where the fastest is slower than
    a sample in four seconds, twice a sample, and then none is called stuck.
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
        stride_s = _stride_s(chosen)
        self._rules = [_GroupRules(group, stride_s) for group in chosen]
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
    def __init__(self, group: Group, stride_s: float) -> None:
        rates = [tag.rate_hz for tag in group.tags if tag.rate_hz is not None]
        self._is_slow = stride_s > STRIDE_S
        rate = next((rate for rate in GRID_HZ if rate <= max(rates, default=1.0)), GRID_HZ[-1])
        rate = 1.0 / stride_s if self._is_slow else rate
        self.spec = WindowSpec(
            channels=tuple(tag.name for tag in group.tags),
            rate_hz=rate,
            length=max(LEAST_LOOKS, round((ALIVE_S + LONGEST_STUCK_S) * rate)),
            stride_s=stride_s,
            hold_s=max(SILENT_S, 3.0 / min(rates, default=1.0)),
            max_bad=1.0,
        )
        ranges = np.array([_range(tag) for tag in group.tags])
        self._low, self._high = ranges[:, 0], ranges[:, 1]
        self._span = self._high - self._low
        self._is_regular = np.array([tag.rate_hz is not None for tag in group.tags])
        self._is_waveform = group.kind == "blocks"
        self._rate = rate
        units = [tag.unit for tag in group.tags]
        self._peers = [np.flatnonzero([u == unit for u in units]) for unit in dict.fromkeys(units)]

    def score(self, window: Window) -> np.ndarray:
        """float64 (k,): 1.0 or more where a rule is broken; deepest break first."""
        values, bad = window.values, window.bad
        now = values[-1]
        with np.errstate(invalid="ignore"):
            score = np.maximum(self._low - now, now - self._high) / (0.1 * self._span)
            if not self._is_waveform:
                moves = np.diff(values, axis=0)
                steps = np.abs(moves)
                score = np.fmax(np.fmax(score, self._jump(moves, steps)), self._odd(now))
                if not self._is_slow:
                    score = np.fmax(score, np.where(self._stuck(steps, now), 1.0, 0.0))
        silent = bad[-1] & self._is_regular & ~np.isnan(now)
        return np.maximum(np.nan_to_num(np.fmax(score, 0.0)), np.where(silent, 1.0, 0.0))

    def _jump(self, moves: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Largest step of the last second, its own or apart from its peers, over what would be a jump."""
        recent = max(1, round(self._rate))
        last = steps[-recent:].copy()
        for members in self._peers:
            if len(members) >= PEERS:
                own = moves[-recent:, members]
                apart = np.abs(own - np.median(np.nan_to_num(own), axis=1, keepdims=True))
                last[:, members] = np.fmin(last[:, members], apart)
        usual = np.nan_to_num(_median_of_moves(steps[:-recent]))
        limit = np.clip(STEPS * usual, SMALL_JUMP * self._span, JUMP * self._span)
        limit = np.where(usual > 0, limit, JUMP * self._span)
        return np.fmax.reduce(last, axis=0) / limit

    def _odd(self, now: np.ndarray) -> np.ndarray:
        """Distance from the middle of its peers over what would be odd."""
        score = np.zeros(len(now))
        for members in self._peers:
            if len(members) >= PEERS and not np.isnan(now[members]).all():
                away = np.abs(now[members] - np.nanmedian(now[members]))
                score[members] = away / (ODD * self._span[members])
        return score

    def _stuck(self, steps: np.ndarray, now: np.ndarray) -> np.ndarray:
        """True where a tag that moved stays put for longer than chance allows."""
        moved = steps > 0  # from nothing to a first value is no move
        alive, recent = np.split(moved, [round(ALIVE_S * self._rate)])
        share = np.clip(alive.mean(axis=0), 1e-6, 0.999)
        still = np.where(recent.any(axis=0), np.argmax(recent[::-1], axis=0), len(recent))
        enough = np.maximum(STUCK_S * self._rate, UNLIKELY / -np.log1p(-share))
        at_an_end = (now <= self._low) | (now >= self._high)
        return (still >= enough) & ~at_an_end


def _stride_s(groups: Sequence[Group]) -> float:
    """s between looks: whole seconds, LOOKS a period of the fastest tag; a tag without rate may speak at any time."""
    rates = [1.0 if tag.rate_hz is None else tag.rate_hz for group in groups for tag in group.tags]
    return max(STRIDE_S, float(1.0 / (LOOKS * max(rates, default=1.0)) // STRIDE_S))


def _median_of_moves(steps: np.ndarray) -> np.ndarray:
    """The usual step of each tag, (k,): the median of those that are not 0; NaN if none is."""
    moves = np.sort(np.where(steps > 0, steps, np.inf), axis=0)  # what is no move comes last
    n, every = np.isfinite(moves).sum(axis=0), np.arange(steps.shape[1])
    if not len(moves):
        return np.full(steps.shape[1], np.nan)
    middle = 0.5 * (moves[np.maximum(n - 1, 0) // 2, every] + moves[np.minimum(n // 2, len(moves) - 1), every])
    return np.where(n > 0, middle, np.nan)


def _range(tag: Tag) -> tuple[float, float]:
    limits = tag.instrument_range or tag.eu_range
    return limits if limits is not None else (-np.inf, np.inf)
