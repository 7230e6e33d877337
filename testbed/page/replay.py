"""A run record on a page: what happened against what was said of it, on one time axis; the figures of its report."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.places import Box
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.exports.content import PNG
from testbed.match import Found
from testbed.page import line, speech
from testbed.report.choose import Zoom, zooms
from testbed.report.formats import span
from testbed.report.view import Judged, View, evidence_of, what
from testbed.rescore import rescore

ROWS = 6_000  # stretches a page may ask for at once
TAGS = 40  # and tags
WHY = 3  # tags shown of an alarm
PLACES = 3  # metre axes of a record
POINTS = 1_500  # of a metre axis
END_S = 1e-6  # the end of a stretch that is told in s still belongs to it


class Replay:
    """One record, opened. Raises InputError if it cannot be read. Times are s since the run's start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = rescore(folder)
        self.view = View(self.run)
        self._reading = threading.Lock()

    @cached_property
    def tags(self) -> list[Tag]:
        """Every tag that has numbers, in order of the columns."""
        return [tag for group in self.view.signals.groups for tag in group.tags]

    @cached_property
    def _looks(self) -> list[Zoom]:
        """The faults that the report looks at closely, with the tags that tell of each."""
        return zooms(self.view)

    def plain(self) -> dict[str, Any]:
        """Everything but curves and pictures, as JSON values."""
        with self._reading:
            return self._plain()

    def _plain(self) -> dict[str, Any]:
        view, about, score = self.view, self.view.about, self.view.score
        steps = [step for step in about.get("steps", ()) if step.get("kind") in ("response", "setpoint")]
        return {
            "title": speech.words(str(about.get("title") or score.get("scenario"))),
            "story": speech.words(str(about["story"])) if about.get("story") else None,
            "folder": self.folder.name,
            "seed": score.get("seed"),
            "state": score.get("state", "done"),
            "is_simulated": score["is_simulated"],
            "is_judged": view.is_judged,
            "start_ms": self.run.start / 1e6,
            "duration_s": view.duration,
            "models": view.models,
            "outcome": outcome(score),
            "truths": self._truths(),
            "alarms": [_alarm(i, j, view) for i, j in enumerate(view.judged)],
            "steps": [{"at": view.s(step["time"]), "what": speech.called(step["name"])} for step in steps],
            "blind": score.get("blind_spans", {}),
            "classes": _classes(score),
            "tags": line.described(self.tags),
            "trends": self._trends(),
            "metres": self._metres(),
        }

    def rows(self, columns: Sequence[int], since: float, until: float, n: int) -> np.ndarray:
        """float32 (n, 2 k): of k tags the lowest and highest sample in each of n equal stretches, NaN where none came.

        Row i holds what came after `since` + i stretches, up to its end. Raises InputError if what is asked for does
        not fit.
        """
        fits = 0 < len(columns) <= TAGS and 0 < n <= ROWS and all(0 <= c < len(self.tags) for c in columns)
        if not (fits and -1e9 < since < until < 1e9):
            raise InputError(say("The page asks for curves that this record does not have."))
        edges = np.linspace(since, until, n + 1) + END_S
        found = np.full((n, 2 * len(columns)), np.nan, np.float32)
        with self._reading:
            traces = [self.view.signals.trace(self.tags[c].name) for c in columns]
        for k, trace in enumerate(traces):
            if trace is not None:
                found[:, 2 * k], found[:, 2 * k + 1] = stretches(trace.time, trace.value, edges)
        return found

    def picture(self, alarm: int) -> bytes:
        """PNG of what a camera saw of an alarm; empty where there is none."""
        judged = self.view.judged
        crop = judged[alarm].event.crop if 0 <= alarm < len(judged) else b""
        return crop if crop.startswith(PNG) else b""

    def _trends(self) -> list[str]:
        """The tags worth a look first: those of the faults, then those of the alarms, then what a person looks at."""
        names = [pick.name for zoom in self._looks for pick in zoom.picks]
        names += [name for j in self.view.judged[:WHY] for name in evidence_of([j.event], 1)]
        names += line.trends(self.tags)
        known = {tag.name for tag in self.tags}
        return [name for name in dict.fromkeys(names) if name in known][: line.TRENDS]

    def _truths(self) -> list[dict[str, Any]]:
        score, picks = self.view.score, {id(zoom.found): zoom.picks for zoom in self._looks}
        entries = {True: iter(score["faults"]), False: iter(score["lookalikes"])}
        told = []
        for found in self.view.found:
            names = [pick.name for pick in picks.get(id(found), ())] or evidence_of(found.events, WHY)
            names += [found.truth.where] if found.truth.where in self.view.signals else []
            told.append(_truth(self.view, found, next(entries[found.truth.is_fault]), list(dict.fromkeys(names))))
        return told

    def _metres(self) -> list[dict[str, Any]]:
        """Which metre of which coil or slab passed, at each place that tells: for a look by length instead of time."""
        told: dict[tuple[Any, ...], dict[str, Any]] = {}
        for group in self.view.signals.groups:
            if group.kind != "scalars":
                continue
            try:
                frame = self.run.signals(group.name, by="length")
            except InputError:  # no tag of this record tells a speed
                continue
            axis = _axis(frame, group.tags[0].name, self.run.start)
            if axis is not None:
                told.setdefault((axis["parts"][0]["part"], round(axis["m"][-1])), axis)
        return sorted(told.values(), key=lambda axis: not _has_boxes(self.view, axis["place"]))[:PLACES]


def stretches(time: np.ndarray, value: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value, float32 (n,), of the samples in each (edge, next edge]; NaN where there is none.

    Args:
        time: float64 (m,), s, rising.
        value: float64 (m,).
        edges: float64 (n + 1,), s, rising.
    """
    n = len(edges) - 1
    starts = np.searchsorted(time, edges, side="right")
    filled = np.flatnonzero(np.diff(starts) > 0)
    low = np.full(n, np.nan, np.float32)
    high = low.copy()
    if len(filled):
        kept = value[: starts[-1]]
        low[filled] = np.fmin.reduceat(kept, starts[filled])
        high[filled] = np.fmax.reduceat(kept, starts[filled])
    return low, high


def outcome(score: Mapping[str, Any]) -> dict[str, Any]:
    """How a run ended, in the figures of its report."""
    counted = [fault for fault in score["faults"] if fault["in_time"]]
    return {
        "found": sum(fault["detected"] for fault in counted),
        "faults": len(counted),
        "late": sum(not fault["detected"] and fault["detected_at"] is not None for fault in counted),
        "missed": sum(fault["detected_at"] is None for fault in counted),
        "false_alarms": score["false_alarms"],
        "forbidden": len(score["forbidden"]),
        "blind_s": score["blind_s"],
        "lost": score["samples"]["lost"],
        "met": score["met"],
        "digest": score["digest"],
    }


def _truth(view: View, found: Found, entry: Mapping[str, Any], tags: list[str]) -> dict[str, Any]:
    truth = found.truth
    at = entry["detected_at"] if truth.is_fault else entry["found_at"]
    told: dict[str, Any] = {
        "what": speech.called(truth.name), "where": truth.where, "is_fault": truth.is_fault,
        "onset": entry["onset"], "cleared": entry["cleared"],
        "detectable": entry.get("detectable_from"), "deadline": entry.get("deadline"),
        "consequence": entry.get("consequence"), "struck": None if truth.struck is None else view.s(truth.struck),
        "found_at": at, "verdict": _verdict(truth, entry), "repeats": entry.get("repeats", 0),
        "model": entry.get("model"), "box": _box(truth.box), "tags": tags,
        "alarm": next((i for i, j in enumerate(view.judged) if found.events and j.event is found.events[0]), None),
    }  # fmt: skip
    for name in ("delay_s", "lead_s"):
        value = entry.get(name)
        told[name], told[f"{name}_text"] = value, None if value is None else speech.told(lambda v=value: span(v))
    return told


def _verdict(truth: Truth, entry: Mapping[str, Any]) -> str:
    if not truth.is_fault:
        return "forbidden" if entry["forbidden"] else "known" if entry["found_at"] is not None else "left"
    if entry["detected"]:
        return "found"
    if entry["detected_at"] is not None:
        return "late"
    return "missed" if entry["in_time"] else "unseen"


def _alarm(i: int, j: Judged, view: View) -> dict[str, Any]:
    event = j.event
    return {
        "id": i, "at": j.at, "until": j.until, "kind": j.kind, "verdict": speech.told(lambda: what(j.kind)),
        "truth": None if j.truth is None else speech.called(j.truth.name),
        "condition": speech.condition(event.condition), "source": event.source, "model": event.model,
        "severity": event.severity, "score": float(f"{event.score:.4g}"),
        "label": speech.called(event.label) if event.label else None, "advice": speech.advice(event.advice),
        "why": [{"tag": tag, "what": speech.measured(tag.rsplit("/", 1)[-1]), "share": round(share, 3)}
                for tag, share in event.evidence[:WHY]],
        "box": _box(event.box), "picture": event.crop.startswith(PNG),
    }  # fmt: skip


def _classes(score: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A strip's marks by class, as its report has them."""
    rows = (score.get("surface") or {}).get("classes", ())
    return [{"what": speech.called(row["name"]), "marks": row["marks"], "found": row["found"]} for row in rows]


def _box(box: Box | None) -> list[Any] | None:
    return None if box is None else [box.part_id, box.start_m, box.left_mm, box.end_m, box.right_mm]


def _axis(frame: Any, place: str, start: int) -> dict[str, Any] | None:
    """Seconds and metres of the parts that passed, thinned; None where none did."""
    if not frame.height:
        return None
    names, metres = frame["part"].to_list(), frame["metre"].to_numpy()
    seconds = (frame["time"].to_physical().to_numpy() - start) / SECOND
    parts: list[dict[str, Any]] = []
    for i, name in enumerate(names):
        if name and (not parts or parts[-1]["part"] != name):
            parts.append({"part": name, "from": i, "to": i})
        if name:
            parts[-1]["to"] = i
    if not parts:
        return None
    kept = set(range(0, len(names), max(1, len(names) // POINTS)))
    rows = sorted(kept | {i for part in parts for i in (part["from"], part["to"])})
    spans = [{"part": p["part"], "from": float(seconds[p["from"]]), "to": float(seconds[p["to"]])} for p in parts]
    values = ([round(float(array[i]), 4) for i in rows] for array in (seconds, metres))
    return {"place": place.rsplit("/", 1)[0], "parts": spans, **dict(zip(("s", "m"), values, strict=True))}


def _has_boxes(view: View, place: str) -> bool:
    return any(found.truth.box is not None and found.truth.where.startswith(place) for found in view.found)
