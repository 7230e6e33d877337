"""What a plain MQTT message says: a number, a text, or JSON with value, time and quality."""

from __future__ import annotations

import json
import math
from typing import Any

from connectors.errors import BadMessage
from connectors.status import BAD, GOOD, UNCERTAIN
from connectors.texts import say
from connectors.times import parse

VALUE = ("v", "value", "val")
TIME = ("ts", "timestamp", "time", "t")
QUALITY = ("q", "quality", "status")
SCALES = (
    (1e17, 1),
    (1e14, 1_000),
    (1e11, 1_000_000),
    (1e8, 1_000_000_000),
)  # least number, ns: ns, us, ms, s since 1970
DEEPEST = 8  # levels of 'topic#a.b.c'
QUALITIES = {"good": GOOD, "ok": GOOD, "uncertain": UNCERTAIN, "bad": BAD}


def decoded(payload: bytes, path: str = "") -> tuple[int | None, float | str, int]:
    """Time in ns (None where it tells none), value and status of a message. Raises BadMessage if it is none.

    >>> decoded(b"21.5")
    (None, 21.5, 0)
    >>> decoded(b'{"v": 1.2, "ts": "2026-01-05T00:00:00Z", "q": 0}')
    (1767571200000000000, 1.2, 0)
    >>> decoded(b'{"state": {"level": 3}}', "state.level")
    (None, 3.0, 0)
    """
    told = told_by(payload)
    head = told if isinstance(told, dict) else {}
    inner = _inside(told, path)
    if isinstance(inner, dict):
        head = inner
        inner = _first(inner, VALUE, missing=True)
    status = status_of(_first(head, QUALITY))
    value = number_or_text(inner)
    if isinstance(value, float) and (status & BAD or not math.isfinite(value)):
        value, status = math.nan, status if status & BAD else BAD
    return time_of(_first(head, TIME)), value, status


def told_by(payload: bytes) -> Any:
    """JSON, or a bare word as text; None for nothing."""
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise BadMessage(say("A message is neither a number nor JSON nor text.")) from None
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        if text[0] in '{["':
            raise BadMessage(say("A message begins like JSON and is none.")) from None
        return text


def _inside(told: Any, path: str) -> Any:
    for step in path.split(".")[:DEEPEST] if path else ():
        if not isinstance(told, dict) or step not in told:
            raise BadMessage(say("A message has no '{path}'.", path=path))
        told = told[step]
    return told


def _first(head: dict[str, Any], names: tuple[str, ...], missing: bool = False) -> Any:
    """What stands under the first of these names; raises BadMessage if it must be there and is not."""
    for name in names:
        if name in head:
            return head[name]
    if missing:
        raise BadMessage(say("A message has none of {names}.", names=", ".join(names)))
    return None


def number_or_text(told: Any) -> float | str:
    """A JSON value as a sample. Raises BadMessage for lists and objects."""
    if told is None:
        return math.nan
    if isinstance(told, bool | int | float):
        try:
            return float(told)
        except OverflowError:
            return math.inf
    if isinstance(told, str):
        return told
    raise BadMessage(say("A message's value is neither a number nor a text."))


def status_of(told: Any) -> int:
    """A quality as a status: an OPC UA code, or a word that begins like good, uncertain or bad."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told & 0xFFFF_FFFF
    if isinstance(told, str):
        word = told.strip().lower()
        return next((code for name, code in QUALITIES.items() if word.startswith(name)), GOOD)
    return GOOD


def time_of(told: Any) -> int | None:
    """ns of an ISO 8601 text, or of a number since 1970 in s, ms, us or ns, told apart by its size."""
    if told is None:
        return None
    try:
        if isinstance(told, str):
            return parse(told)
        number = float(told)
        scale = next(scale for least, scale in SCALES if number >= least)
        return int(told) * scale if isinstance(told, int) else round(number * scale / 1000) * 1000
    except (ValueError, TypeError, OverflowError, StopIteration):
        raise BadMessage(say("A message's time '{time}' does not fit.", time=str(told)[:40])) from None
