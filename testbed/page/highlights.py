"""Where a story becomes worth watching: shortly before its first fault, at a pace that shows it in two minutes."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.scenario import Fault, Scenario

PACES = ("real", "2", "5", "10", "30")
WITHIN_S = 150.0  # wall time from there to the end, of which the last half minute only tells how it went; judgement
LEAD_S, LONG_LEAD_S = 20.0, 60.0  # source time shown before it happens, at the plant's own pace and faster
SPARED_S = 30.0  # s that are not worth passing over
SEEN = 3  # of a quiet day, so many things that only resemble a fault
AFTER_S = 60.0  # s in which a look-alike has passed


@dataclass(frozen=True, slots=True)
class Highlight:
    """From which second on a story is shown, and how fast ('real' or a factor)."""

    begin: float
    speed: str


def highlight(scenario: Scenario, seed: int) -> Highlight:
    """Of a story with faults: from just before the first to the end. Of a quiet one: its first look-alikes."""
    steps = scenario.drawn(seed)
    faults = [float(step.at) for step in steps if isinstance(step, Fault)]  # pyright: ignore[reportArgumentType]
    others = [float(step.at) for step in steps]  # pyright: ignore[reportArgumentType]
    first = min(faults or others, default=0.0)
    end = scenario.duration if faults or not others else min(scenario.duration, others[:SEEN][-1] + AFTER_S)
    speed = "real"
    for lead in (LEAD_S, LONG_LEAD_S):
        begin = first - lead if first - lead >= SPARED_S else 0.0
        speed = _pace(end - begin)
        if speed == "real":
            break
    return Highlight(round(begin, 1), speed)


def _pace(span: float) -> str:
    """The slowest pace that shows `span` s in the time a visitor has."""
    for pace in PACES:
        if span / (1.0 if pace == "real" else float(pace)) <= WITHIN_S:
            return pace
    return PACES[-1]
