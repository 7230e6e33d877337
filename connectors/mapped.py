"""Messages of any shape as readings, by a mapping."""

from __future__ import annotations

import math
from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from connectors.clock import now_ns
from connectors.errors import BadMessage, InputError
from connectors.items import Frame, block_times
from connectors.json_path import Bound, JsonPath, filled, match, pattern
from connectors.mapping import FORMATS, Rule
from connectors.mqtt_values import number_or_text, status_of, time_of, told_by
from connectors.readings import Block, Reading, Told
from connectors.status import BAD, GOOD, UNCERTAIN
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import MICROSECOND, parse

LATEST = 2**62  # ns
LONGEST = 1_000_000  # samples of a block
LARGEST = 8 << 20  # bytes of a picture


class Picture(NamedTuple):
    """A picture of a message, and where on what it was taken."""

    data: bytes
    part_id: str = ""
    position_m: float | None = None
    pixel_mm: float | None = None


class Value(NamedTuple):
    """One value of a message: what it is called, and the rest as the message says it."""

    name: str
    time: int | None  # ns
    value: Any
    status: int
    rate: float | None  # Hz; None for a single value
    unit: str
    picture: Picture | None = None


def values(rules: Sequence[tuple[Rule, Bound]], payload: bytes) -> Iterator[Value | BadMessage]:
    """Every value that these rules find, and what does not fit."""
    pictures = [(rule, bound) for rule, bound in rules if rule.picture == "raw"]
    for rule, bound in pictures:
        yield Value(_name(rule, bound), None, None, GOOD, None, "", Picture(payload))
    if len(pictures) == len(rules):
        return
    try:
        told = told_by(payload)
    except BadMessage as error:
        yield error
        return
    for rule, bound in rules:
        if rule.picture == "raw":
            continue
        empty = True
        for inner, value in rule.value.find(told, bound):
            empty = False
            try:
                yield _value(rule, told, inner, value)
            except BadMessage as error:
                yield error
        if empty:
            yield BadMessage(say("A message has no '{path}'.", path=rule.value.text))


def _value(rule: Rule, told: Any, bound: Bound, value: Any) -> Value:
    name = _name(rule, bound)
    time = None if rule.time is None else _time(rule, rule.time.one(told, bound))
    if rule.picture:
        return Value(name, time, None, GOOD, None, "", _picture(rule, told, bound, value))
    status = GOOD if rule.quality is None else _status(rule, rule.quality.one(told, bound))
    rate = rule.rate.one(told, bound) if isinstance(rule.rate, JsonPath) else rule.rate
    if rate is not None and not (isinstance(rate, int | float) and 1e-3 <= rate <= 1e6):
        raise BadMessage(say("A message's rate '{rate}' does not fit.", rate=str(rate)[:40]))
    unit = rule.unit if isinstance(rule.unit, str) else next((u for _, u in rule.unit.find(told, bound)), "")
    return Value(
        name, time, value, status, None if rate is None else float(rate), unit if isinstance(unit, str) else ""
    )


def _name(rule: Rule, bound: Bound) -> str:
    return "/".join(filter(None, filled(rule.name, bound).split("/")))


def _picture(rule: Rule, told: Any, bound: Bound, value: Any) -> Picture:
    about = {key: path.one(told, bound) for key, path in rule.about}
    try:
        data = b64decode(value, validate=True)
        numbers = {key: float(about[key]) for key in ("position_m", "pixel_mm") if about.get(key) is not None}
    except (ValueError, TypeError, OverflowError):
        raise BadMessage(say("A message's picture does not read.")) from None
    return Picture(data, str(about.get("part_id", "")), **numbers)


def _time(rule: Rule, told: Any) -> int:
    try:
        if rule.time_format == "auto" and not isinstance(told, str):
            time = time_of(told)
        elif rule.time_format in ("auto", "iso"):
            time = parse(told, rule.zone)
        else:
            time = _scaled(told, FORMATS[rule.time_format])
    except (ValueError, TypeError, OverflowError, AttributeError):
        time = None
    if time is None or abs(time) > LATEST:
        raise BadMessage(say("A message's time '{time}' does not fit.", time=str(told)[:40]))
    return time


def _scaled(told: Any, scale: int) -> int:
    """A number since 1970, also one in quotes, in whole ns; a fraction to the microsecond."""
    if isinstance(told, bool):
        raise ValueError
    if isinstance(told, str):
        told = float(told) if "." in told or "e" in told.lower() else int(told)
    return told * scale if isinstance(told, int) else round(told * scale / MICROSECOND) * MICROSECOND


def _status(rule: Rule, told: Any) -> int:
    if not rule.good and not rule.uncertain:
        return status_of(told)
    if _is_one_of(told, rule.uncertain):
        return UNCERTAIN
    return GOOD if not rule.good or _is_one_of(told, rule.good) else BAD


def _is_one_of(told: Any, listed: Sequence[Any]) -> bool:
    """Whether it is listed; true is not 1."""
    return any(type(told) is type(one) and told == one for one in listed)


class Mapped:
    """The tags of a list that a mapping leads to.

    Attributes:
        tags: those of the list that a rule can name, by its address, or by its own name where it has none.
        filters: what is to be subscribed for them.
        cameras: names of those that are pictures.
        unmapped: values that came and no tag asks for.
    """

    def __init__(self, rules: Sequence[Rule], tags: Sequence[Tag]) -> None:
        self.unmapped = 0
        self.tags: dict[str, Tag] = {}
        self.cameras: set[str] = set()
        used: dict[str, None] = {}
        for tag in tags:
            name = tag.address or tag.name
            fitting = [rule for rule in rules if match(rule.name, name, {}) is not None]
            if fitting:
                self.tags[name] = tag
                self.cameras |= {tag.name for rule in fitting if rule.picture}
                used.update(dict.fromkeys(rule.filter for rule in fitting))
        self.filters = list(used)
        self._rules = rules
        self._by_topic: dict[str, list[tuple[Rule, Bound]]] = {}

    def of(self, topic: str) -> list[tuple[Rule, Bound]]:
        """The rules that fit a topic, with what their placeholders stand for."""
        if topic not in self._by_topic:
            if len(self._by_topic) > LONGEST:
                self._by_topic.clear()
            self._by_topic[topic] = rules_of(self._rules, topic)
        return self._by_topic[topic]

    def take(self, topic: str, payload: bytes, is_first: bool) -> tuple[list[Told | Frame], int]:
        """What a message tells of the tags, and how much of it is malformed."""
        told: list[Told | Frame] = []
        malformed = 0
        for value in values(self.of(topic), payload):
            if isinstance(value, BadMessage):
                malformed += 1
                continue
            tag = self.tags.get(value.name)
            if tag is None:
                self.unmapped += 1
                continue
            try:
                told.append(reading(tag, value, is_first))
            except BadMessage:
                malformed += 1
        return told, malformed


def rules_of(rules: Sequence[Rule], topic: str) -> list[tuple[Rule, Bound]]:
    """The rules that fit a topic; a placeholder stands for a level, or a part of one."""
    found = ((rule, pattern(rule.topic, "[^/]+").fullmatch(topic)) for rule in rules)
    return [(rule, fits.groupdict()) for rule, fits in found if fits is not None]


def reading(tag: Tag, value: Value, is_first: bool) -> Reading | Block | Frame:
    """A value as the sample, text, block or picture of a tag. Raises BadMessage if it is none."""
    time = now_ns() if value.time is None else value.time
    if value.picture is not None:
        return _frame(tag, time, value.picture)
    if value.rate is None:
        number = number_or_text(value.value)
        if isinstance(number, str):
            return Reading(tag, time, number, value.status, is_first)
        if value.status & BAD or not math.isfinite(number):
            return Reading(tag, time, math.nan, value.status if value.status & BAD else BAD, is_first)
        return Reading(tag, time, number, value.status, is_first)
    return _block(tag, time, value, value.rate, is_first)


def _frame(tag: Tag, time: int, told: Picture) -> Frame:
    """A picture that decodes: a model would fail on another."""
    frame = Frame(tag, time, told.data, told.position_m, told.part_id, told.pixel_mm)
    if len(told.data) > LARGEST:
        raise BadMessage(say("A picture of {n} bytes is larger than {most}.", n=len(told.data), most=LARGEST))
    try:
        _ = frame.image
    except InputError as error:
        raise BadMessage(str(error)) from None
    return frame


def _block(tag: Tag, time: int, value: Value, rate: float, is_first: bool) -> Block:
    """Samples `1/rate` apart, the first at the message's time; without one, the last is now."""
    listed = value.value
    if not isinstance(listed, list) or not listed or len(listed) > LONGEST:
        raise BadMessage(say("A block is a list of numbers."))
    try:
        numbers = np.array([math.nan if one is None else one for one in listed], np.float64)
    except (ValueError, TypeError, OverflowError):
        raise BadMessage(say("A block is a list of numbers.")) from None
    if numbers.ndim != 1:
        raise BadMessage(say("A block is a list of numbers."))
    times = block_times(time, rate, len(numbers))
    if value.time is None:
        times -= times[-1] - time
    status = np.full(len(numbers), value.status, np.uint32)
    status[~np.isfinite(numbers) & (status & BAD == 0)] = BAD
    numbers[status & BAD != 0] = np.nan
    return Block(tag, times, numbers, status, is_first)
