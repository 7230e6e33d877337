"""One group's samples of one tick as one message: u32 header length, JSON header, little-endian payload.

The header says what the payload holds, part by part; numbers travel as float64, times as whole microseconds,
pictures as the bytes the camera encoded. A mark is data: every message ends with one.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.errors import BadMessage
from connectors.items import Batch, Context, Frame, Item, Mark, block_times
from connectors.tags import Group
from connectors.texts import say
from connectors.times import MICROSECOND

FORMAT = "testbed.group/1"
LAST_US = (2**63 - 1) // MICROSECOND  # the last whole microsecond of int64 ns
_PART = {"scalars": "batch", "blocks": "batch", "frames": "frame", "texts": "text"}


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message: `items` of one group, closed by its mark; `seq` counts the group's messages from 0.

    `is_last` says that the group ends here.
    """

    group: str
    seq: int
    items: tuple[Item, ...]
    mark: Mark
    is_last: bool


def encode(group: Group, seq: int, items: Sequence[Item], mark: Mark, is_last: bool = False) -> bytes:
    """Bytes of one message. `items` are Batches, Frames or Contexts of `group`, `mark` is no END mark."""
    parts: list[dict[str, Any]] = []
    payload: list[bytes] = []
    index = {tag.name: i for i, tag in enumerate(group.tags)}
    for item in items:
        match item:
            case Batch():
                parts.append(_batch_part(group, index, item, payload))
            case Frame():
                payload.append(item.data)
                parts.append({"kind": "frame", "tag": index[item.tag.name], "t": item.time // MICROSECOND,
                              "bytes": len(item.data), "position_m": item.position_m,
                              "part_id": item.part_id, "pixel_mm": item.pixel_mm})  # fmt: skip
            case Context():
                parts.append({"kind": "text", "tag": index[item.tag.name], "t": item.time // MICROSECOND,
                              "text": item.text})  # fmt: skip
            case _:
                raise TypeError(f"A message carries Batch, Frame and Context, but got {type(item).__name__}.")
    header = {
        "format": FORMAT,
        "group": group.name,
        "seq": seq,
        "time": mark.time // MICROSECOND,
        "count": mark.count,
        "end": int(is_last),
        "parts": parts,
    }
    head = json.dumps(header, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(head)), head, *payload])


def _batch_part(group: Group, index: dict[str, int], batch: Batch, payload: list[bytes]) -> dict[str, Any]:
    n = len(batch.time)
    part: dict[str, Any] = {"kind": "batch", "n": n, "t0": int(batch.time[0]) // MICROSECOND if n else 0}
    if batch.tags != group.tags:
        part["tags"] = [index[tag.name] for tag in batch.tags]
    rate = batch.tags[0].rate_hz
    if n and rate is not None and np.array_equal(block_times(int(batch.time[0]), rate, n), batch.time):
        part["rate_hz"] = rate
    else:
        payload.append((batch.time // MICROSECOND).astype("<i8").tobytes())
    payload.append(batch.values.astype("<f8").tobytes())
    if batch.status.any():
        part["status"] = "each"
        payload.append(batch.status.astype("<u4").tobytes())
    return part


def decode(data: bytes, groups: dict[str, Group]) -> Message:
    """The message in `data`. Raises BadMessage if it is torn, too short, or of a group nobody knows."""
    try:
        return _decode(data, groups)
    except BadMessage:
        raise
    except (ValueError, LookupError, TypeError, struct.error, ArithmeticError, RecursionError) as error:
        raise BadMessage(
            say("A group message of {n} bytes does not decode: {error}.", n=len(data), error=error)
        ) from None


def _decode(data: bytes, groups: dict[str, Group]) -> Message:
    (size,) = struct.unpack_from("<I", data)
    if size > len(data) - 4:
        raise BadMessage(
            say("A group message announces a header of {size} bytes, but {came} came.", size=size, came=len(data) - 4)
        )
    header = json.loads(data[4 : 4 + size])
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise BadMessage(say('A group message must say "format": "{format}".', format=FORMAT))
    group = groups.get(header["group"])
    if group is None:
        raise BadMessage(
            say("A message is of group '{group}', which the tag list does not name.", group=header["group"])
        )
    cursor = _Cursor(data, 4 + size)
    items = tuple(_part(group, part, cursor) for part in header["parts"])
    if cursor.at != len(data):
        raise BadMessage(say("A group message has {n} bytes more than its header announces.", n=len(data) - cursor.at))
    count = None if header["count"] is None else _whole(header["count"])
    mark = Mark(group.name, _time(header["time"]), count)
    return Message(group.name, _whole(header["seq"]), items, mark, bool(_whole(header["end"])))


def _part(group: Group, part: dict[str, Any], cursor: _Cursor) -> Item:
    if part["kind"] != _PART[group.kind]:
        raise BadMessage(
            say(
                "A part of '{group}' is a {kind}, but got '{got}'.",
                group=group.name,
                kind=_PART[group.kind],
                got=part["kind"],
            )
        )
    if group.kind in ("scalars", "blocks"):
        return _batch(group, part, cursor)
    tag, time = group.tags[_whole(part["tag"])], _time(part["t"])
    if group.kind == "texts":
        return Context(tag, time, _text(part["text"]))
    data = cursor.take(_whole(part["bytes"]))
    position = None if part["position_m"] is None else float(part["position_m"])
    pixel = None if part.get("pixel_mm") is None else float(part["pixel_mm"])
    return Frame(tag, time, data, position, _text(part["part_id"]), pixel)


def _batch(group: Group, part: dict[str, Any], cursor: _Cursor) -> Batch:
    n, first = _whole(part["n"]), _time(part["t0"])
    tags = group.tags
    if "tags" in part:
        chosen = [_whole(i) for i in part["tags"]]
        tags = tuple(group.tags[i] for i in chosen)
        if len(set(chosen)) != len(chosen) or not chosen:
            raise BadMessage(
                say(
                    "A batch of '{group}' names each of its tags once, but got {chosen}.",
                    group=group.name,
                    chosen=chosen,
                )
            )
    if "rate_hz" in part:
        cursor.need(8 * n * len(tags))
        time = block_times(first, _rate(part["rate_hz"], first, n), n)
    else:
        time = np.frombuffer(cursor.take(8 * n), "<i8").astype(np.int64)
        if n and not -LAST_US <= time.min() <= time.max() <= LAST_US:
            raise BadMessage(say("A batch of '{group}' lies outside the years 1678 to 2262.", group=group.name))
        time = time * MICROSECOND
    values = np.frombuffer(cursor.take(8 * n * len(tags)), "<f8").astype(np.float64).reshape(n, len(tags))
    if part.get("status") == "each":
        raw = np.frombuffer(cursor.take(4 * n * len(tags)), "<u4")
        status = raw.astype(np.uint32).reshape(n, len(tags))
    else:
        status = np.zeros((n, len(tags)), np.uint32)
    return Batch(tags, time, values, status)


def _whole(value: object, low: int = 0, high: int = 2**63 - 1) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadMessage(
            say(
                "A group message needs a whole number from {low} to {high}, but got {value!r:.50}.",
                low=low,
                high=high,
                value=value,
            )
        )
    return value


def _time(value: object) -> int:
    """Whole microseconds on the wire, ns here."""
    return _whole(value, -LAST_US, LAST_US) * MICROSECOND


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadMessage(say("A group message needs a text, but got {value!r:.50}.", value=value))
    return value


def _rate(value: object, first: int, n: int) -> float:
    """A rate whose block ends before time does."""
    rate = float(value) if isinstance(value, int | float) else 0.0
    if not 0 < rate < np.inf or first // MICROSECOND + n * 1e6 / rate > LAST_US:
        raise BadMessage(say("A block of {n} samples cannot have a rate of {value!r:.50} Hz.", n=n, value=value))
    return rate


class _Cursor:
    """Reads a payload front to back and never past its end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def need(self, n: int) -> None:
        if n < 0 or self.at + n > len(self.data):
            raise BadMessage(
                say("A message part needs {n} bytes, but {left} are left.", n=n, left=len(self.data) - self.at)
            )

    def take(self, n: int) -> bytes:
        self.need(n)
        piece = self.data[self.at : self.at + n]
        self.at += n
        return piece
