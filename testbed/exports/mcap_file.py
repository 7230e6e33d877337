"""A record as MCAP, which Foxglove opens: JSON messages on a topic a group, well-known schemas where they fit.

/<group>       a message a sample time, {timestamp, TAG: value …}; of vibration one each 0.1 s, with all its samples
/events        foxglove.Log; /events/full every field
/truth         foxglove.Log, a line for onset, detectable, deadline, consequence and end; /truth/full every field
/evidence      foxglove.CompressedImage: what a camera saw of its alarms
/texts, /tags  heat, slab and coil; a message a tag with unit, range and rate
"""

from __future__ import annotations

import base64
import heapq
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from mcap.writer import Writer

from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from connectors.units import symbol
from testbed.exports.content import NUMBERS, Content

BLOCK_HZ = 200.0  # a group that is faster travels in blocks, a message each BLOCK_S; judgement
BLOCK_S = 0.1
DEBUG, INFO, WARNING, ERROR = 1, 2, 3, 4  # foxglove.LogLevel
STAMP = {
    "type": "object", "title": "time", "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
}  # fmt: skip
LOG = {
    "title": "foxglove.Log", "type": "object",
    "properties": {
        "timestamp": STAMP, "level": {"type": "integer"}, "message": {"type": "string"}, "name": {"type": "string"},
        "file": {"type": "string"}, "line": {"type": "integer"},
    },
    "required": ["timestamp", "level", "message", "name", "file", "line"],
}  # fmt: skip
IMAGE = {
    "title": "foxglove.CompressedImage", "type": "object",
    "properties": {
        "timestamp": STAMP, "frame_id": {"type": "string"},
        "data": {"type": "string", "contentEncoding": "base64"}, "format": {"type": "string"},
    },
    "required": ["timestamp", "frame_id", "data", "format"],
}  # fmt: skip
ROW = {"type": "object", "properties": {"timestamp": STAMP}, "additionalProperties": True}
Message = tuple[int, Mapping[str, Any]]  # ns, what is said


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with its schema and its messages by time."""

    name: str
    schema: str
    shape: Mapping[str, Any]
    messages: Iterable[Message]


def write(content: Content, out: Path) -> None:
    """Write `out`."""
    with out.open("wb") as file:
        writer = Writer(file)
        writer.start(profile="", library=f"steel-testbed {content.about()['versions']['testbed']}")
        writer.add_metadata("testbed", {key: _plain(value) for key, value in content.about().items()})
        turn, number = count(), count()
        streams = [_stream(writer, topic, turn) for topic in _topics(content)]
        for time, _, channel, data in heapq.merge(*streams):
            writer.add_message(channel, log_time=time, publish_time=time, sequence=next(number) % 2**32, data=data)
        writer.finish()


def _stream(writer: Writer, topic: Topic, turn: Iterator[int]) -> Iterator[tuple[int, int, int, bytes]]:
    """A topic's messages as they are written; `turn` keeps two of one time apart."""
    shape = orjson.dumps({"title": topic.schema, **topic.shape})
    schema = writer.register_schema(name=topic.schema, encoding="jsonschema", data=shape)
    channel = writer.register_channel(topic=topic.name, message_encoding="json", schema_id=schema)

    def told() -> Iterator[tuple[int, int, int, bytes]]:
        for time, values in topic.messages:
            data = orjson.dumps({"timestamp": _stamp(time), **values}, option=orjson.OPT_SERIALIZE_NUMPY)
            yield time, next(turn), channel, data

    return told()


def _topics(content: Content) -> Iterator[Topic]:
    for group in content.groups:
        if group.kind in NUMBERS:
            keys = short_names(group.tags)
            is_fast = group.kind == "blocks" and (group.tags[0].rate_hz or 0.0) > BLOCK_HZ
            shape, told = (_block_shape, _blocks) if is_fast else (_scalar_shape, _scalars)
            yield Topic(f"/{group.name}", f"testbed.{group.name}", shape(group, keys), told(content, group, keys))
    events, truths = content.events(), content.truths()
    yield Topic("/events", "foxglove.Log", LOG, [_event_line(one) for one in events])
    yield Topic("/events/full", "testbed.Event", ROW, _rows(events, "time"))
    lines = sorted((line for one in truths for line in _truth_lines(one)), key=lambda line: line[0])
    yield Topic("/truth", "foxglove.Log", LOG, lines)
    yield Topic("/truth/full", "testbed.Truth", ROW, _rows(truths, "onset"))
    yield Topic("/texts", "testbed.Text", ROW, _rows(content.texts(), "time"))
    yield Topic("/tags", "testbed.Tag", ROW, [(content.start, row) for row in content.tags()])
    yield Topic("/evidence", "foxglove.CompressedImage", IMAGE, _pictures(content))


def short_names(tags: Sequence[Tag]) -> dict[str, str]:
    """Of each tag a key that a message path may hold: as few last levels of its path as tell it from the others.

    >>> from connectors.tags import Tag
    >>> list(short_names([Tag(name="M/F1/GAP"), Tag(name="M/F2/GAP"), Tag(name="M/S1.X/V")]).values())
    ['F1_GAP', 'F2_GAP', 'V']
    """
    keys: dict[str, str] = {}
    most = max(tag.name.count("/") for tag in tags) + 1
    for levels in range(1, most + 1):
        left = [tag.name for tag in tags if tag.name not in keys]
        made = {name: re.sub(r"\W", "_", "_".join(name.split("/")[-levels:])) for name in left}
        told = [*keys.values(), *made.values()]
        keys |= {name: key for name, key in made.items() if told.count(key) == 1 and key != "timestamp"}
    for i, tag in enumerate(tags):
        keys.setdefault(tag.name, f"TAG_{i + 1}")
    return {tag.name: keys[tag.name] for tag in tags}


def _said(tag: Tag) -> str:
    return f"{tag.name} [{symbol(tag.unit) or '1'}]"


def _scalar_shape(group: Group, keys: Mapping[str, str]) -> dict[str, Any]:
    told = {keys[tag.name]: {"type": "number", "description": _said(tag)} for tag in group.tags}
    return {"type": "object", "properties": {"timestamp": STAMP, **told}}


def _block_shape(group: Group, keys: Mapping[str, str]) -> dict[str, Any]:
    """Least, greatest and root mean square can be plotted; `samples` are all there are, the first at `timestamp`."""
    number, samples = {"type": "number"}, {"type": "array", "items": {"type": "number"}}
    parts = {"min": number, "max": number, "rms": number, "rate_hz": number, "samples": samples}
    told = {
        keys[tag.name]: {"type": "object", "description": _said(tag), "properties": parts} for tag in group.tags
    }  # fmt: skip
    return {"type": "object", "properties": {"timestamp": STAMP, **told}}


def _scalars(content: Content, group: Group, keys: Mapping[str, str]) -> Iterator[Message]:
    time, values, named = _arrays(content, group, keys)
    for i, at in enumerate(time.tolist()):
        row = values[i]
        yield at, {key: value for key, value in zip(named, row.tolist(), strict=True) if value == value}


def _blocks(content: Content, group: Group, keys: Mapping[str, str]) -> Iterator[Message]:
    time, values, named = _arrays(content, group, keys)
    if not len(time):
        return
    rate = {keys[tag.name]: tag.rate_hz for tag in group.tags}
    piece = (time - content.start - 1) // round(BLOCK_S * SECOND)
    for first, after in _spans(piece):
        told = {}
        for k, key in enumerate(named):
            samples = np.ascontiguousarray(values[first:after, k])
            good = samples[np.isfinite(samples)]
            if len(good):
                rms = float(np.sqrt(np.mean(good * good)))
                told[key] = {"min": float(good.min()), "max": float(good.max()), "rms": rms, "rate_hz": rate[key],
                             "samples": samples}  # fmt: skip
        yield int(time[first]), told


def _spans(piece: np.ndarray) -> Iterator[tuple[int, int]]:
    firsts = np.flatnonzero(np.diff(piece, prepend=piece[0] - 1))
    yield from zip(firsts.tolist(), [*firsts[1:].tolist(), len(piece)], strict=True)


def _arrays(content: Content, group: Group, keys: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Times int64 (n,), values float64 (n, k) and the k keys of what was recorded."""
    frame = content.signals(group)
    there = [tag.name for tag in group.tags if tag.name in frame.columns]
    if not frame.height or not there:
        return np.zeros(0, np.int64), np.zeros((0, 0)), []
    columns = [frame[name].cast(float).fill_null(np.nan).to_numpy() for name in there]
    return frame["time"].to_physical().to_numpy(), np.column_stack(columns), [keys[name] for name in there]


def _rows(rows: Sequence[Mapping[str, Any]], by: str) -> list[Message]:
    return [(row[by], {k: v for k, v in row.items() if v is not None}) for row in rows]


def _event_line(event: Mapping[str, Any]) -> Message:
    level = INFO if event["change"] != "active" else ERROR if event["severity"] >= 700 else WARNING
    what = say("alarm: {condition}, score {score}", condition=event["called"], score=f"{event['score']:.3g}")
    if event["change"] != "active":
        what = say("over: {condition}", condition=event["called"])
    return event["time"], _line(
        level, f"{what} {event['label']} {event['truth']}".strip(), event["model"], event["source"]
    )


def _truth_lines(truth: Mapping[str, Any]) -> Iterator[Message]:
    said: tuple[tuple[str, int, Callable[[], str]], ...] = (
        ("onset", WARNING, lambda: say("begins")),
        ("detectable_from", INFO, lambda: say("detectable from here on")),
        ("alert_deadline", INFO, lambda: say("deadline of a useful alarm")),
        ("consequence_time", ERROR, lambda: say("consequence if nobody acts")),
        ("cleared", INFO, lambda: say("is over")),
    )
    is_fault = truth["kind"] != "lookalike"
    for name, level, speak in said:
        if truth[name] is not None and (is_fault or name in ("onset", "cleared")):
            line = _line(level if is_fault else DEBUG, f"{truth['called']}: {speak()}", truth["name"], truth["where"])
            yield truth[name], line


def _line(level: int, message: str, name: str, file: str) -> dict[str, Any]:
    return {"level": level, "message": message, "name": name, "file": file, "line": 0}


def _pictures(content: Content) -> Iterator[Message]:
    for time, name, data in content.pictures():
        yield time, {"frame_id": name, "data": base64.b64encode(data).decode(), "format": "png"}


def _stamp(time: int) -> dict[str, int]:
    return {"sec": time // SECOND, "nsec": time % SECOND}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
