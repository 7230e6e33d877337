"""A record as .rrd, which the Rerun viewer opens: a curve a tag, events and truth as a log, pictures of the camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from testbed.exports.content import NUMBERS, Content

SECONDS, TIME = "run", "time"  # the viewer's time lines: s since the start, and the source time
LEVELS = ((700, "ERROR"), (400, "WARN"), (0, "INFO"))


def write(content: Content, out: Path) -> None:
    """Write `out`; the package rerun-sdk must be there."""
    import rerun as rr  # pyright: ignore[reportMissingImports]

    stream = rr.RecordingStream("steel-testbed", recording_id=content.name)
    stream.save(str(out))
    stream.send_recording_name(content.name)
    stream.log("about", rr.TextDocument(_about(content)), static=True)
    for group in content.groups:
        if group.kind in NUMBERS:
            _curves(rr, stream, content, group)
    events, truths = content.events(), content.truths()
    told = [
        (one["time"], _level(one), f"{one['model']}: {one['called']} {one['change']}, {one['source']}")
        for one in events
    ]
    _log(rr, stream, content, "events", told)
    told = [(one["onset"], "WARN", f"{one['called']}, {one['where']}") for one in truths]
    told += [(one["cleared"], "INFO", f"{one['called']} –") for one in truths if one["cleared"] is not None]
    _log(rr, stream, content, "truth", sorted(told))
    for time, _, picture in content.pictures():
        stream.set_time(TIME, timestamp=np.datetime64(time, "ns"))
        stream.set_time(SECONDS, duration=(time - content.start) / 1e9)
        stream.log("evidence", rr.EncodedImage(contents=picture, media_type="image/png"))
    stream.disconnect()


def _curves(rr: Any, stream: Any, content: Content, group: Any) -> None:
    frame = content.signals(group)
    if not frame.height:
        return
    time = frame["time"].to_physical().to_numpy()
    for tag in group.tags:
        if tag.name not in frame.columns:
            continue
        value = frame[tag.name].cast(float).fill_null(np.nan).to_numpy()
        there = np.isfinite(value)
        stream.send_columns(
            tag.name, _index(rr, content, time[there]), rr.Scalars.columns(scalars=np.ascontiguousarray(value[there]))
        )
        stream.log(tag.name, rr.SeriesLines(names=f"{tag.short} [{tag.unit}]"), static=True)


def _log(rr: Any, stream: Any, content: Content, path: str, told: Sequence[tuple[int, str, str]]) -> None:
    if told:
        time, level, said = zip(*told, strict=True)
        stream.send_columns(path, _index(rr, content, np.array(time)), rr.TextLog.columns(text=said, level=level))


def _index(rr: Any, content: Content, time: np.ndarray) -> list[Any]:
    seconds = rr.TimeColumn(SECONDS, duration=(time - content.start) / 1e9)
    return [rr.TimeColumn(TIME, timestamp=time.astype("datetime64[ns]")), seconds]


def _level(event: Mapping[str, Any]) -> str:
    if event["change"] != "active":
        return "INFO"
    return next(name for least, name in LEVELS if event["severity"] >= least)


def _about(content: Content) -> str:
    return "\n".join(f"{key}: {value}" for key, value in content.about().items())
