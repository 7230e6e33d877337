"""How a model of signals did on labelled series: figures by events, and its score around the worst of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.metrics import Points, stretches
from connectors.texts import say
from connectors.times import SECOND, text
from testbed.benching.series import heard
from testbed.datasets.labelled import Series
from testbed.evidence import MOST, Evidence, Example, Figure
from testbed.report.formats import number
from testbed.report.markup import Html, tag
from testbed.report.svg import LEFT, RIGHT, Scale, box, figure, line, path, ticks, words

AROUND = 2.0  # lengths of an event that are shown on either side of it
LEAST_ROWS = 30  # that are shown on either side
HIGH = 110.0  # units of a figure


@dataclass(frozen=True, slots=True)
class Heard:
    """A file's scored part: time int64 (n,), truth, alarm bool (n,), score float (n,)."""

    path: str
    time: np.ndarray
    truth: np.ndarray
    alarm: np.ndarray
    score: np.ndarray


def of_series(file: Path, data: str, series: Sequence[Series]) -> Evidence:
    """Measure. Raises InputError for series that do not fit the model."""
    files, seen = [], []
    for one in series:
        answer, alarm, score, again = heard(str(file), one)
        files.append(Heard(one.path, answer.time, answer.truth != 0, alarm, score))
        seen.append(again)
    parts = [part for one in files for part in _parts(one)]
    points = [Points.of(one.truth[a:b], one.alarm[a:b]) for one, a, b in parts]
    names = [str(i) for i in range(len(parts))]

    def pooled(at: np.ndarray) -> Points:
        return sum((points[i] for i in at), Points())

    events = [(one, a, b) for one in files for a, b in stretches(one.truth)]
    found = np.array([bool(one.alarm[a:b].any()) for one, a, b in events])
    figures = [
        Figure.of(say("events found, share"), [str(i) for i in range(len(events))],
                  lambda at: float(found[at].mean()) if len(at) else None),
        Figure.of("F1", names, lambda at: pooled(at).f1),
        Figure.of("FAR", names, lambda at: pooled(at).far),
        Figure.of("MAR", names, lambda at: pooled(at).mar),
    ]  # fmt: skip
    missed = sorted((one for one, hit in zip(events, found, strict=True) if not hit), key=_highest)
    false = sorted(((one, a, b) for one in files for a, b in stretches(one.alarm) if not one.truth[a:b].any()),
                   key=_highest, reverse=True)  # fmt: skip
    return Evidence(
        told=say("{n} files of {data}, {hours} h of them scored, {events} events.", n=len(files), data=Path(data).name,
                 hours=number(sum(float(one.time[-1] - one.time[0]) for one in files) / SECOND / 3600),
                 events=len(events)),
        overlap=_overlap(seen),
        kept_together=say("An event and what follows it up to the next are one group"),
        groups=len(parts),
        figures=tuple(figures),
        missed=tuple(_example(*one) for one in missed[:MOST]),
        false=tuple(_example(*one) for one in false[:MOST]),
    )  # fmt: skip


def _parts(one: Heard) -> list[tuple[Heard, int, int]]:
    """From each event to the next one; what comes before the first is a part, too."""
    edges = sorted({0, *(a for a, _ in stretches(one.truth)), len(one.truth)})
    return [(one, a, b) for a, b in pairwise(edges)]


def _highest(event: tuple[Heard, int, int]) -> float:
    one, a, b = event
    known = one.score[a:b][np.isfinite(one.score[a:b])]
    return float(known.max()) if len(known) else 0.0


def _overlap(seen: Sequence[Any]) -> dict[str, Any]:
    if any(again.share is None for again in seen):
        return {"overlap": "unknown"}
    found, compared = sum(again.found for again in seen), sum(again.compared for again in seen)
    return {"overlap": "some" if found else "none", "overlap_share": found / compared if found else None}


def _example(one: Heard, a: int, b: int) -> Example:
    highest = _highest((one, a, b))
    caption = say("{path}, {time}, {rows} rows: the score reached {score}, the alarm level is 1.0", path=one.path,
                  time=text(int(one.time[a])), rows=b - a, score=f"{highest:.2f}")  # fmt: skip
    return Example(_drawn(one, a, b), caption)


def _drawn(one: Heard, a: int, b: int) -> Html:
    """The score around an event, what was wrong and what was alarmed below it."""
    more = max(LEAST_ROWS, round(AROUND * (b - a)))
    first, end = max(0, a - more), min(len(one.time), b + more)
    t = (one.time[first:end] - one.time[a]) / SECOND
    score = one.score[first:end]
    across = Scale(float(t[0]), float(t[-1]), LEFT, RIGHT)
    top = max(1.3, float(np.nanmax(score)) * 1.1) if np.isfinite(score).any() else 1.3
    up = Scale(0.0, top, HIGH, 8.0)
    parts: list[str] = []
    for at in ticks(across.low, across.high, 8):
        parts += [line(across(at), 8, across(at), HIGH + 32, "grid"),
                  words(across(at), HIGH + 46, number(at), "tick", "middle")]  # fmt: skip
    for name, y, flags, class_ in ((say("wrong"), HIGH + 5, one.truth, "fault"),
                                   (say("alarm"), HIGH + 19, one.alarm, "active")):  # fmt: skip
        parts.append(words(LEFT - 8, y + 9, name, "tick", "end"))
        parts += [box(across(t[x]), y, across(t[min(z, len(t) - 1)]), y + 9, class_)
                  for x, z in stretches(flags[first:end])]  # fmt: skip
    parts += [line(LEFT, up(1.0), RIGHT, up(1.0), "deadline-line"), words(LEFT - 8, up(1.0) + 4, "1.0", "tick", "end"),
              words(LEFT - 8, 16, say("score"), "tick", "end"), words(4, HIGH + 46, "s", "tick"),
              tag("path", d=path(t, np.clip(score, 0, top), across, up), class_="curve")]  # fmt: skip
    return figure(HIGH + 52, say("Score around an event of {path}", path=one.path), *parts)
