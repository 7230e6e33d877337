"""What a threshold rests on: how often normal data reach which score, the law fitted to it, budget, alarm level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from anomaly.calibrate import Tail
from connectors.errors import InputError
from connectors.texts import say
from connectors.times import duration
from testbed.report.formats import NOTHING, number
from testbed.report.markup import Html, join, tag
from testbed.report.svg import LEFT, RIGHT, Scale, box, figure, line, path, ticks, words
from testbed.report.tables import table

TOP, BOTTOM = 26.0, 262.0  # units
MOVED = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)  # thresholds, as multiples of the model's, that a table tells of
PICTURES = 1000.0  # rates of pictures are told of so many


def calibration(card: Mapping[str, Any]) -> Html:
    """Plot and table; a sentence for a card that keeps no scores of its calibration."""
    told, level = card.get("calibration", {}), card.get("threshold")
    tail = told.get("tail")
    if not isinstance(tail, Mapping) or not isinstance(level, int | float) or not level > 0 or not tail.get("blocks"):
        return tag("p", say("This card keeps no scores of its calibration: fit the model again, and they stand here."))
    per = Rate.of(told)
    law = Tail(float(tail["block_s"]), (), tail.get("mu"), tail.get("beta"))
    seen = [(score / level, count / (tail["blocks"] + 1) * per.scale / law.block_s)
            for count, score in tail["at_or_above"]]  # fmt: skip
    sentence = say(
        "Normal data that nothing was fitted on were cut into {n} blocks of {block}; each dot is the highest score of "
        "one, and how often such a score came. The curve is Gumbel's law of such maxima. The alarm level, 1.0, lies "
        "where it meets the budget, or at the highest score ever seen, whichever is more.",
        n=tail["blocks"], block=per.block(law.block_s),
    )  # fmt: skip
    if law.mu is None:
        sentence = say(
            "{n} blocks of normal data are too few for a law: the alarm level is the highest score that was seen, and "
            "a tenth more.", n=tail["blocks"],
        )  # fmt: skip
    return join([tag("p", sentence), _plot(seen, law, level, per), _table(seen, law, level, per)])


class Rate:
    """False alarms in 24 h, or in so many pictures; the budget in the same.

    Attributes:
        scale: seconds, or pictures, that a rate is told of.
        budget: false alarms allowed in them; None where none is written.
        name: of the rate.
    """

    def __init__(self, scale: float, budget: float | None, name: str, is_time: bool) -> None:
        self.scale, self.budget, self.name, self._is_time = scale, budget, name, is_time

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Rate:
        """By the budget of a card's calibration."""
        alarms, _, span = str(told.get("budget", "")).partition("/")
        if "normal_pictures" in told:
            return cls(PICTURES, _share(alarms, span.removesuffix(" pictures"), PICTURES),
                       say("false alarms in {n} pictures", n=round(PICTURES)), False)  # fmt: skip
        try:
            seconds = duration(span)
        except (ValueError, InputError):
            seconds = 0.0
        return cls(86_400.0, _share(alarms, str(seconds), 86_400.0), say("false alarms in 24 h"), True)

    def block(self, block_s: float) -> str:
        """How long a block is."""
        return say("{s} s", s=number(block_s)) if self._is_time else say("{n} pictures", n=number(block_s))


def _share(alarms: str, span: str, of: float) -> float | None:
    try:
        return float(alarms) * of / float(span)
    except (ValueError, ZeroDivisionError):
        return None


def _plot(seen: Sequence[tuple[float, float]], law: Tail, level: float, per: Rate) -> Html:
    high = max(1.35, 1.1 * max(score for score, _ in seen))
    low = min(0.6, min(score for score, _ in seen))
    across = Scale(low, high, LEFT, RIGHT)
    rates = [rate for _, rate in seen] + ([per.budget] if per.budget else [])
    bottom_rate = math.floor(math.log10(min(rates)) - 0.5)
    up = Scale(float(bottom_rate), float(math.ceil(math.log10(max(rates)) + 0.1)), BOTTOM, TOP)
    parts: list[str] = [box(across(1.0), TOP, RIGHT, BOTTOM, "ground")]
    for at in ticks(low, high, 8):
        parts += [line(across(at), TOP, across(at), BOTTOM + 4, "grid"),
                  words(across(at), BOTTOM + 17, number(at), "tick", "middle")]  # fmt: skip
    for power in range(bottom_rate, round(up.high) + 1):
        parts += [line(LEFT, up(power), RIGHT, up(power), "grid"),
                  words(LEFT - 8, up(power) + 4, f"{10.0**power:g}", "tick", "end")]  # fmt: skip
    if law.mu is not None:
        x = np.linspace(low, high, 200)
        rate = np.array([(law.per_day(at * level) or 0.0) * per.scale / 86_400.0 for at in x])
        shown = np.log10(np.maximum(rate, 1e-300))
        parts.append(tag("path", d=path(x, shown, across, up), class_="curve"))
    for score, rate in seen:
        hint = f"{number(score)}: {number(rate)}"
        parts.append(tag("circle", tag("title", hint), cx=across(score), cy=up(math.log10(rate)), r=2.6, class_="dot"))
    if per.budget:
        y = up(math.log10(per.budget))
        parts += [line(LEFT, y, RIGHT, y, "deadline-line"), words(RIGHT, y - 5, say("budget"), "flag", "end")]
    parts += [line(across(1.0), TOP, across(1.0), BOTTOM, "pole"),
              words(across(1.0) + 5, TOP + 12, say("alarm level"), "flag"),
              words(4, 12, per.name, "tick"), words(RIGHT, BOTTOM + 32, say("score"), "tick", "end")]  # fmt: skip
    return tag("figure", figure(BOTTOM + 38, say("How often normal data reach which score"), *parts))


def _table(seen: Sequence[tuple[float, float]], law: Tail, level: float, per: Rate) -> Html:
    """What another threshold would cost, by the law and by what was seen."""
    rows = []
    for at in MOVED:
        by_law = law.per_day(at * level)
        counted = [rate for score, rate in seen if score >= at]
        told = NOTHING if by_law is None else number(by_law * per.scale / 86_400.0)
        rows.append((number(at), number(at * level), told, number(max(counted)) if counted else say("never")))
    heads = (say("score"), say("in the model's measure"), say("{rate}, by the law", rate=per.name),
             say("{rate}, as seen", rate=per.name))  # fmt: skip
    return table(heads, rows, range(4), "slim")
