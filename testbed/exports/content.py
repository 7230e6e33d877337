"""What a record holds, as tables that speak for themselves: signals, a row a tag, events with their verdict, truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.places import Box
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND, parse, text
from connectors.units import symbol
from edge.versions import versions
from testbed.names import called, condition, measured
from testbed.record import RunRecord
from testbed.report.view import View
from testbed.rescore import rescore

FORMAT = "testbed.export/1"
NUMBERS = ("scalars", "blocks")
PNG = b"\x89PNG\r\n\x1a\n"
BOX = ("part_id", "start_m", "end_m", "left_mm", "right_mm")


class Content:
    """A record, or a stretch of it. Raises InputError if the folder holds none, or nothing lies in the stretch.

    Args:
        folder: the record.
        since, until: ns, the latter not included; None: from its beginning, to its end.
    """

    def __init__(self, folder: Path, since: int | None = None, until: int | None = None) -> None:
        self.record = RunRecord(folder)
        self.name = folder.resolve().name
        self.start = parse(self.record.about["start"])
        self.groups: tuple[Group, ...] = self.record.groups
        self._since, self._until = since, until
        if since is not None and until is not None and since >= until:
            raise InputError(say("The stretch to export ends before it begins."))

    @cached_property
    def view(self) -> View | None:
        """The run as its report reads it; None of a served plant, which nobody scored."""
        return None if self.record.about.get("kind") == "serve" else View(rescore(self.record.folder))

    def holds(self, time: int) -> bool:
        """Whether a time, ns, lies in the stretch."""
        return (self._since is None or time >= self._since) and (self._until is None or time < self._until)

    def signals(self, group: Group) -> Any:
        """A group's samples as a polars DataFrame: `time`, a column a tag, and a status column where it was not Good.

        `s`, seconds since the start of the run, comes second.
        """
        import polars as pl

        frame = self.record.signals(group.name)
        if not frame.height:
            return frame
        time = frame["time"].to_physical()
        kept = pl.Series([True] * frame.height)
        if self._since is not None:
            kept &= time >= self._since
        if self._until is not None:
            kept &= time < self._until
        frame = frame.filter(kept)
        seconds = (frame["time"].to_physical().to_numpy() - self.start) / SECOND
        return frame.insert_column(1, pl.Series("s", seconds))

    def tags(self) -> list[dict[str, Any]]:
        """One row of every tag: what it measures, in the language spoken, its unit, range, rate and group."""
        return [_tag(tag, group) for group in self.groups for tag in group.tags]

    def events(self) -> list[dict[str, Any]]:
        """Every event by time, with what it turned out to be and which truth it found."""
        judged = {} if self.view is None else {id(j.event): j for j in self.view.judged}
        events = self.record.events() if self.view is None else self.view.run.events
        return [
            {
                "time": event.time, "s": self._s(event.time), "change": event.change, "source": event.source,
                "condition": event.condition, "called": condition(event.condition), "label": event.label,
                "severity": event.severity, "state": str(event.state), "score": event.score, "model": event.model,
                "evidence": "; ".join(f"{name} {share:.4g}" for name, share in event.evidence),
                "advice": event.advice, "cause": event.cause,
                "verdict": judged[id(event)].kind if id(event) in judged else "",
                "truth": _name(judged[id(event)].truth) if id(event) in judged else "",
                "crop": self._crops.get((event.time, event.source, str(event.box)), ""),
                "is_simulated": event.is_simulated, **_box(event.box),
            }
            for event in sorted(events, key=lambda event: event.time) if self.holds(event.time)
        ]  # fmt: skip

    def truths(self) -> list[dict[str, Any]]:
        """The answer key by onset, with what was found of it: the figures of the report."""
        told = self._told()
        rows = []
        for truth in sorted(self.record.truths(), key=lambda truth: truth.onset):
            if not self.holds(truth.onset):
                continue
            key = truth.name, truth.where, self._s(truth.onset), str(truth.box)
            found = next((one for at, one in told if at == key), {})
            moments = {
                name: getattr(truth, name)
                for name in ("onset", "detectable_from", "alert_deadline", "consequence_time", "cleared", "struck")
            }
            rows.append({
                "name": truth.name, "called": called(truth.name), "kind": truth.kind, "where": truth.where, **moments,
                "expects": ", ".join(truth.expects), "forbids": ", ".join(truth.forbids), "cause": truth.cause,
                **{name: found.get(name) for name in ("detected", "detected_at", "delay_s", "lead_s", "model")},
                **_box(truth.box),
            })  # fmt: skip
        return rows

    def texts(self) -> list[dict[str, Any]]:
        """What was said of heats, slabs, coils and grades."""
        return [
            {"time": time, "s": self._s(time), "tag": tag, "text": said}
            for time, tag, said in sorted(self.record.texts()) if self.holds(time)
        ]  # fmt: skip

    def pictures(self) -> Iterator[tuple[int, str, bytes]]:
        """What a camera saw of its alarms: ns, file and bytes of the PNG."""
        for event in self.events():
            path = self.record.folder / event["crop"]
            data = path.read_bytes() if event["crop"] and path.is_file() else b""
            if data.startswith(PNG):  # a record from elsewhere may hold links to anything
                yield event["time"], path.name, data

    def about(self) -> dict[str, Any]:
        """What this is, in one object."""
        head = self.record.about
        score = {} if self.view is None else self.view.score
        return {
            "format": FORMAT, "record": self.name, "kind": head.get("kind"), "scenario": head.get("scenario"),
            "seed": head.get("seed"), "start": text(self.start), "state": head.get("state"),
            "is_simulated": score.get("is_simulated", True), "duration_s": score.get("duration_s"),
            "false_alarms": score.get("false_alarms"), "digest": score.get("digest"), "met": score.get("met"),
            "models": head.get("models", []), "versions": versions(),
        }  # fmt: skip

    @cached_property
    def _crops(self) -> dict[tuple[int, str, str], str]:
        """The file of what a camera saw, by time, source and box."""
        kept = (line for line in self.record.lines("events") if line.get("crop"))
        return {
            (line["time"], line["source"], str(_as_box(line["box"]))): f"evidence/{Path(str(line['crop'])).name}"
            for line in kept
        }

    def _told(self) -> Sequence[tuple[tuple[Any, ...], dict[str, Any]]]:
        score = {} if self.view is None else self.view.score
        entries = [*score.get("faults", ()), *score.get("lookalikes", ())]
        return [((one["name"], one["where"], one["onset"], str(_as_box(one.get("box")))), one) for one in entries]

    def _s(self, time: int) -> float:
        return round((time - self.start) / SECOND, 6)


def _as_box(told: Mapping[str, Any] | None) -> Box | None:
    return None if told is None else Box(**told)


def _box(box: Box | None) -> dict[str, Any]:
    return dict.fromkeys(BOX) if box is None else asdict(box)


def _name(truth: Any) -> str:
    return "" if truth is None else truth.name


def _tag(tag: Tag, group: Group) -> dict[str, Any]:
    low, high = tag.eu_range or (None, None)
    return {
        "name": tag.name, "measures": measured(tag.short), "unit": tag.unit, "symbol": symbol(tag.unit), "low": low,
        "high": high, "rate_hz": tag.rate_hz, "group": group.name, "kind": group.kind,
    }  # fmt: skip
