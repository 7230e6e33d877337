"""The topics of a broker as tags: what came in some seconds, and what each message says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors.addresses import in_the_clear
from connectors.browsed import Found, level, rate_of, ucum, unique, with_groups
from connectors.clock import Stopwatch, now_ns, sleep
from connectors.errors import BadMessage
from connectors.json_path import Bound
from connectors.mapped import rules_of, values
from connectors.mapping import Rule
from connectors.mqtt import MARKER, MqttTopics
from connectors.mqtt_address import Session, mqtt_address
from connectors.mqtt_session import Note
from connectors.mqtt_setpoints import MARKER as SET
from connectors.mqtt_values import DEEPEST, VALUE, decoded
from connectors.secrets import Login
from connectors.sparkplug_live import SparkplugSeen, is_sparkplug
from connectors.tags import Tag
from connectors.texts import say

LOOK_S = 0.05
MOST = 100_000  # topics
PICTURES = "pictures"  # group of cameras
UNIT = ("eu", "unit", "units", "uom")

Progress = Callable[[int, int], None]


async def browse_mqtt(
    url: str,
    login: Login,
    seconds: float,
    insecure: bool = False,
    progress: Progress = lambda done, of: None,
    mapping: Sequence[Rule] = (),
) -> Found:
    """Every number and text that came within `seconds` of wall time, on plain topics or as Sparkplug B.

    Topics that a rule of `mapping` fits are read by it alone.

    Raises PartFailed if the broker is not there or does not let us in, InputError if a password would go in the clear
    and `insecure` does not allow it.
    """
    note = await in_the_clear(url, login.user, insecure)
    at = mqtt_address(url)
    seen = _Seen(mapping)
    watch = Stopwatch()
    async with MqttTopics(["#"], at.host, at.port, login, at.is_secure, Session(at.session.version)) as topics:
        while (gone := watch.seconds()) < seconds:
            for topic, payload, is_kept in topics.take():
                for answer in seen.take(topic, payload, is_kept):
                    topics.publish(answer.topic, answer.payload)
            progress(round(10 * gone), round(10 * seconds))
            await sleep(LOOK_S)
    found = seen.found()
    found.notes += [note] if note else []
    return found


class _Seen:
    """What has come so far."""

    def __init__(self, mapping: Sequence[Rule] = ()) -> None:
        self._mapping = mapping
        self._mapped: dict[str, float | None] = {}  # rate of blocks, by name
        self._cameras: set[str] = set()
        self._times: dict[str, list[int]] = {}  # by address
        self._units: dict[str, str] = {}
        self._found = Found()
        self._sparkplug = SparkplugSeen()

    def take(self, topic: str, payload: bytes, is_kept: bool) -> list[Note]:
        """Note one message; what is to be answered."""
        levels = topic.split("/")
        if is_sparkplug(topic):
            return self._sparkplug.take(topic, payload)
        if levels[0] == "$SYS" or MARKER in levels or SET in levels or len(self._times) >= MOST:
            return []
        if fitting := rules_of(self._mapping, topic):
            self._take_mapped(fitting, payload, is_kept)
            return []
        told = list(_values(payload))
        if not told:
            self._found.left_out[say("messages that are neither number, text nor JSON")] += 1
        for path, unit in told:
            address = f"{topic}#{path}" if path else topic
            times = self._times.setdefault(address, [])
            if unit:
                self._units[address] = unit
            if not is_kept:
                times.append(decoded(payload, path)[0] or now_ns())
        return []

    def _take_mapped(self, fitting: Sequence[tuple[Rule, Bound]], payload: bytes, is_kept: bool) -> None:
        for value in values(fitting, payload):
            if isinstance(value, BadMessage):
                self._found.left_out[say("messages that the mapping does not fit")] += 1
                continue
            self._mapped[value.name] = value.rate
            if value.picture is not None:
                self._cameras.add(value.name)
            times = self._times.setdefault(value.name, [])
            if value.unit:
                self._units[value.name] = value.unit
            if not is_kept:
                times.append(now_ns() if value.time is None else value.time)

    def found(self) -> Found:
        """As tags, by topic."""
        for name in sorted(self._mapped):
            rate = self._mapped[name] or rate_of(self._times[name])
            told = "/".join(level(part) for part in name.split("/"))
            unit = ucum(self._units.get(name, ""))
            self._found.tags.append(Tag(name=told or "_", unit=unit, rate_hz=rate, address=name))
        for address in sorted(self._times.keys() - self._mapped.keys()):
            topic, _, path = address.partition("#")
            name = "/".join(level(part) for part in [*topic.split("/"), *path.split(".")] if part)
            rate = rate_of(self._times[address])
            self._found.tags.append(
                Tag(name=name or "_", unit=ucum(self._units.get(address, "")), rate_hz=rate, address=address)
            )
        tags = with_groups(unique([*self._found.tags, *self._sparkplug.tags()]))
        self._found.tags = [replace(tag, group=PICTURES) if tag.address in self._cameras else tag for tag in tags]
        return self._found


def _values(payload: bytes) -> Iterator[tuple[str, str]]:
    """(path, unit) of every value a message carries; the path is '' where it is the message itself."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict) and not any(name in told for name in VALUE):
        yield from _inside(told, ())
        return
    try:
        _, value, _ = decoded(payload)
    except BadMessage:
        return
    if isinstance(value, str) and not value.isprintable():
        return
    yield "", _unit(told)


def _inside(told: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Numbers, booleans and objects with a value, wherever they stand in an object."""
    for name, value in told.items():
        if not name or "." in name or "#" in name or len(path) >= DEEPEST - 1:
            continue
        if isinstance(value, bool | int | float) and name not in (
            "ts",
            "timestamp",
            "time",
            "t",
            "q",
            "quality",
            "seq",
        ):
            yield ".".join([*path, name]), _unit(told)
        elif isinstance(value, dict) and any(one in value for one in VALUE):
            yield ".".join([*path, name]), _unit(value)
        elif isinstance(value, dict):
            yield from _inside(value, (*path, name))


def _unit(told: Any) -> str:
    found = next((told[name] for name in UNIT if name in told), "") if isinstance(told, dict) else ""
    return found if isinstance(found, str) else ""
