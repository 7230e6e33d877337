"""Plain topics of an MQTT broker that is not ours: a number, a text, or JSON with value, time and quality."""

from __future__ import annotations

import json
import math
from typing import Any

from connectors.addresses import in_the_clear
from connectors.clock import Stopwatch, now_ns, sleep
from connectors.errors import BadMessage, InputError, PartFailed
from connectors.live import ALIVE_S, DEAD, LIFE_S, TICK_S, Line
from connectors.marks import Reading
from connectors.mqtt import MqttTopics
from connectors.mqtt_address import mqtt_address
from connectors.sparkplug_live import SparkplugTags, is_sparkplug
from connectors.status import BAD, GOOD, UNCERTAIN
from connectors.tags import Tag
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


class MqttLine(Line):
    """One broker; see Line.

    Addresses are topics; 'topic#a.b' takes a number out of deeper JSON; an empty one is the tag's own name; metrics of
    Sparkplug B are 'spBv1.0/GROUP/NODE/DEVICE#metric'.
    """

    async def read(self) -> None:
        at = mqtt_address(self.url, self.settings.mqtt_version)
        wanted: dict[str, list[tuple[Tag, str]]] = {}
        born = SparkplugTags([tag for tag in self.tags if is_sparkplug(tag.address)])
        for tag in self.tags:
            if is_sparkplug(tag.address):
                continue
            topic, _, path = (tag.address or tag.name).partition("#")
            wanted.setdefault(topic, []).append((tag, path))
        bad = [topic for topic in wanted if not topic or "+" in topic or "#" in topic]
        if bad:
            raise InputError(say("'{topic}' is no topic of a tag: it must be one topic, without '+'.", topic=bad[0]))
        if at.session.share and born.filters:
            raise InputError(say("{url}: a Sparkplug host needs every message. Leave out 'share'.", url=self.url))
        seen: set[str] = set()
        self.note = await in_the_clear(self.url, self.login.user, self.settings.insecure)
        filters = [*wanted, *born.filters]
        async with MqttTopics(filters, at.host, at.port, self.login, at.is_secure, at.session) as topics:
            if topics.refused:
                shown = ", ".join(topics.refused[:5])
                raise InputError(
                    say("{url} does not let us read {topics} ({reason}).", url=self.url, topics=shown,
                        reason=topics.reason)
                )  # fmt: skip
            self.up()
            pulse = _Pulse(self)
            while True:
                for topic, payload, is_kept in topics.take():
                    if is_sparkplug(topic):
                        self._hear(born, topic, payload)
                        continue
                    self._take(wanted.get(topic, []), payload, is_kept and topic not in seen)
                    seen.add(topic)
                readings, asked = born.tick()
                if readings:
                    self.put(readings)
                for note in asked:
                    topics.publish(note.topic, note.payload)
                pulse.look(topics)
                await sleep(TICK_S / 2)

    def _hear(self, born: SparkplugTags, topic: str, payload: bytes) -> None:
        self.bytes += len(payload)
        before = born.app.counts.malformed
        self.put(born.take(topic, payload))
        self.malformed += born.app.counts.malformed - before

    def _take(self, tags: list[tuple[Tag, str]], payload: bytes, is_first: bool) -> None:
        self.bytes += len(payload)
        readings = []
        for tag, path in tags:
            try:
                time, value, status = decoded(payload, path)
            except BadMessage:
                self.malformed += 1
                continue
            readings.append(Reading(tag, now_ns() if time is None else time, value, status, is_first))
        self.put(readings)


class _Pulse:
    """Asks a broker for signs of life. One that never answered is judged by its messages alone."""

    def __init__(self, line: MqttLine) -> None:
        self._line, self._answers = line, 0
        self._asked: Stopwatch | None = None
        line.life_s = line.settings.patience_s

    def look(self, topics: MqttTopics) -> None:
        """Call it often. Raises PartFailed once the broker is dead."""
        line, patience = self._line, self._line.settings.patience_s
        if topics.answers > self._answers:
            self._answers, line.life_s = topics.answers, LIFE_S
            line.heard()
        if self._asked is None or self._asked.seconds() > min(ALIVE_S, patience / 3):
            self._asked = Stopwatch()
            topics.ask()
        if self._answers and line.silent_s > DEAD * patience:
            raise PartFailed(say("no sign of life for {s} s", s=f"{DEAD * patience:g}"))


def decoded(payload: bytes, path: str = "") -> tuple[int | None, float | str, int]:
    """Time in ns (None where it tells none), value and status of a message. Raises BadMessage if it is none.

    >>> decoded(b"21.5")
    (None, 21.5, 0)
    >>> decoded(b'{"v": 1.2, "ts": "2026-01-05T00:00:00Z", "q": 0}')
    (1767571200000000000, 1.2, 0)
    >>> decoded(b'{"state": {"level": 3}}', "state.level")
    (None, 3.0, 0)
    """
    told = _told(payload)
    head = told if isinstance(told, dict) else {}
    inner = _inside(told, path)
    if isinstance(inner, dict):
        head = inner
        inner = _first(inner, VALUE, missing=True)
    status = _status(_first(head, QUALITY))
    value = _value(inner)
    if isinstance(value, float) and (status & BAD or not math.isfinite(value)):
        value, status = math.nan, status if status & BAD else BAD
    return _time(_first(head, TIME)), value, status


def _told(payload: bytes) -> Any:
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


def _value(told: Any) -> float | str:
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


def _status(told: Any) -> int:
    if isinstance(told, int) and not isinstance(told, bool):
        return told & 0xFFFF_FFFF
    if isinstance(told, str):
        word = told.strip().lower()
        return next((code for name, code in QUALITIES.items() if word.startswith(name)), GOOD)
    return GOOD


def _time(told: Any) -> int | None:
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
