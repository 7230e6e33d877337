"""The checks accept every transport, and each of them catches the fault it is there for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest

from connectors import checks
from connectors.broker import Broker
from connectors.checks import CHECKS, check_source
from connectors.items import Batch, Changes, Context, Frame, Item, Mark
from connectors.memory import MemoryLink
from connectors.mqtt import MqttPublisher, MqttSource
from connectors.opcua import OpcUaSource
from connectors.opcua_server import OpcUaServer
from connectors.status import BAD_SENSOR_FAILURE, GOOD_NO_DATA
from connectors.tags import Group
from connectors.times import END
from testbed.testplant import TestPlant
from tests.models import plain

SECONDS = 10.5  # of source time: pictures, stretches of Bad samples, and one text
BROKERS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.needs("mosquitto"))]


@asynccontextmanager
async def sending(sender: object, source: object) -> AsyncIterator[object]:
    """The source, while the test plant's stream goes into the sender."""

    async def produce() -> None:
        for items in plain(SECONDS)[1]:
            await sender.send(items)
            await asyncio.sleep(0.01)  # so that it arrives in many pieces

    producer = asyncio.create_task(produce())
    try:
        yield source
    finally:
        producer.cancel()
        await asyncio.gather(producer, return_exceptions=True)


@asynccontextmanager
async def memory() -> AsyncIterator[object]:
    async with MemoryLink(TestPlant.groups) as link, sending(link, link) as source:
        yield source


@asynccontextmanager
async def opcua() -> AsyncIterator[object]:
    async with OpcUaServer(TestPlant.groups) as server:
        async with OpcUaSource(TestPlant.groups, server.url) as receiver, sending(server, receiver) as source:
            yield source


@asynccontextmanager
async def mqtt(broker_kind: str) -> AsyncIterator[object]:
    async with Broker(broker_kind) as broker, MqttSource(TestPlant.groups, broker.port) as receiver:
        async with (
            MqttPublisher(TestPlant.groups, broker.port) as sender,
            sending(sender, receiver) as source,
        ):
            yield source


async def test_memory_keeps_every_rule():
    assert await check_source(memory) == []


async def test_opc_ua_keeps_every_rule():
    assert await check_source(opcua) == []


@pytest.mark.parametrize("kind", BROKERS)
async def test_mqtt_keeps_every_rule(kind):
    assert await check_source(lambda: mqtt(kind)) == []


# -- a source that breaks one rule -------------------------------------------------------------------------


class Played:
    """Items from a list."""

    def __init__(self, items: Sequence[Item], groups: Sequence[Group] = TestPlant.groups) -> None:
        self.groups, self.items, self.bytes = tuple(groups), items, 1

    async def __aenter__(self) -> Played:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Item]:
        for item in self.items:
            yield item


def healthy() -> list[Item]:
    return [item for tick in plain(SECONDS)[1] for item in tick]


def first(items: Sequence[Item], kind: type, after: int = 0, **wanted: object) -> int:
    """Where the first item of this kind stands whose attributes are as wanted."""
    return next(
        i
        for i, item in enumerate(items)
        if i >= after and isinstance(item, kind) and all(getattr(item, key) == value for key, value in wanted.items())
    )


def only_marks(items: list[Item]) -> list[Item]:
    return [replace(item, count=None) for item in items if isinstance(item, Mark)]


def strange_group(items: list[Item]) -> list[Item]:
    return [Mark("elsewhere", 1), *items]


def strange_tag(items: list[Item]) -> list[Item]:
    i = first(items, Context)
    return [*items[:i], replace(items[i], tag=replace(items[i].tag, name="TEST/ELSEWHERE")), *items[i + 1 :]]


def a_batch_twice(items: list[Item]) -> list[Item]:
    i = first(items, Batch)
    return [*items[: i + 1], items[i], *items[i + 1 :]]


def changes_in_disorder(items: list[Item]) -> list[Item]:
    i = first(items, Batch, group="scalars")
    batch = items[i]
    times = batch.time[0] + np.array([0, -1000])
    changes = Changes(batch.tags, np.zeros(2, np.int32), times, np.zeros(2), np.zeros(2, np.uint32))
    return [*items[:i], changes, *items[i + 1 :]]


def a_batch_after_its_mark(items: list[Item]) -> list[Item]:
    i = first(items, Batch, group="blocks")
    j = first(items, Mark, group="blocks")
    return [*items[:i], *items[i + 1 : j + 1], items[i], *items[j + 1 :]]


def a_mark_again(items: list[Item]) -> list[Item]:
    i = first(items, Mark)
    return [*items[: i + 1], items[i], *items[i + 1 :]]


def no_end(items: list[Item]) -> list[Item]:
    i = first(items, Mark, time=END)
    return [*items[:i], *items[i + 1 :]]


def two_ends(items: list[Item]) -> list[Item]:
    return [*items, items[first(items, Mark, time=END)]]


def more_after_the_end(items: list[Item]) -> list[Item]:
    return [*items, items[first(items, Frame)]]


def with_cell(items: list[Item], value: float, status: int, row: int = 0) -> list[Item]:
    """One cell of the first block batch overwritten, behind the back of its constructor."""
    batch = items[first(items, Batch, group="blocks")]
    batch.values[row, 0], batch.status[row, 0] = value, status
    return items


def a_bad_number(items: list[Item]) -> list[Item]:
    return with_cell(items, 1.0, BAD_SENSOR_FAILURE)


def a_bad_number_in_changes(items: list[Item]) -> list[Item]:
    i = first(items, Batch, group="scalars")
    changes = Changes(items[i].tags, np.array([3], np.int32), items[i].time,
                      np.array([np.nan]), np.array([BAD_SENSOR_FAILURE], np.uint32))  # fmt: skip
    changes.value[0] = 1.0
    return [*items[:i], changes, *items[i + 1 :]]


def a_good_nan(items: list[Item]) -> list[Item]:
    return with_cell(items, np.nan, 0)


def a_number_in_a_hole(items: list[Item]) -> list[Item]:
    return with_cell(items, 1.0, GOOD_NO_DATA)


def no_picture(items: list[Item]) -> list[Item]:
    i = first(items, Frame)
    return [*items[:i], replace(items[i], data=items[i].data[:40]), *items[i + 1 :]]


def a_batch_lost(items: list[Item]) -> list[Item]:
    i = first(items, Batch, group="blocks")
    return [*items[:i], *items[i + 1 :]]


def a_picture_lost(items: list[Item]) -> list[Item]:
    i = first(items, Frame)
    return [*items[:i], *items[i + 1 :]]


def a_number_as_text(items: list[Item]) -> list[Item]:
    i = first(items, Context)
    return [*items[:i], replace(items[i], text=17), *items[i + 1 :]]


MUTANTS: dict[Callable[[list[Item]], list[Item]], checks.Check] = {
    only_marks: checks.something_comes,
    strange_group: checks.items_have_a_home,
    strange_tag: checks.items_have_a_home,
    a_batch_twice: checks.time_rises,
    changes_in_disorder: checks.time_rises,
    a_batch_after_its_mark: checks.nothing_is_late,
    a_mark_again: checks.marks_rise,
    no_end: checks.groups_end_once,
    two_ends: checks.groups_end_once,
    more_after_the_end: checks.groups_end_once,
    a_bad_number: checks.bad_is_nan,
    a_bad_number_in_changes: checks.bad_is_nan,
    a_good_nan: checks.values_fit_status,
    a_number_in_a_hole: checks.values_fit_status,
    no_picture: checks.pictures_decode,
    a_batch_lost: checks.counts_match,
    a_picture_lost: checks.counts_match,
    a_number_as_text: checks.texts_are_text,
}


@pytest.mark.parametrize(("mutant", "check"), MUTANTS.items(), ids=lambda f: f.__name__)
async def test_a_check_names_what_a_broken_source_breaks(mutant, check):
    assert check(healthy(), TestPlant.groups) == []
    broken = mutant(healthy())
    assert check(broken, TestPlant.groups)
    assert await check_source(lambda: Played(broken))


def test_every_check_has_a_mutant_and_says_its_rule_in_one_sentence():
    assert set(MUTANTS.values()) == set(CHECKS)
    for check in CHECKS:
        assert check.__doc__.count(".") == 1
        assert check.__doc__.endswith(".")


def test_many_breaks_of_one_rule_are_told_briefly():
    texts = [Context(TestPlant.groups[3].tags[0], i, i) for i in range(100)]
    assert len(checks.texts_are_text(texts, TestPlant.groups)) <= checks.SHOWN + 1


# -- a source that goes wrong around its items -------------------------------------------------------------


async def test_a_source_that_never_ends_is_told_with_its_open_groups():
    class Endless(Played):
        async def __aiter__(self) -> AsyncIterator[Item]:
            yield self.items[0]
            await asyncio.Event().wait()

    problems = await check_source(lambda: Endless(healthy()), patience_s=0.1)
    assert any("Nothing came for 0.1 s" in problem and "camera" in problem for problem in problems)


@pytest.mark.parametrize("error", [OSError("the wire is cut"), TimeoutError("the wire is cut")])
async def test_an_exception_while_reading_is_a_sentence(error):
    class Torn(Played):
        async def __aiter__(self) -> AsyncIterator[Item]:
            yield self.items[0]
            raise error

    assert any("the wire is cut" in problem for problem in await check_source(lambda: Torn(healthy())))


async def test_a_source_that_cannot_be_entered_is_told():
    class Closed(Played):
        async def __aenter__(self) -> Played:
            raise OSError("nobody is there")

    assert any("nobody is there" in problem for problem in await check_source(lambda: Closed([])))


async def test_a_source_that_counts_no_bytes_is_told():
    source = Played(healthy())
    source.bytes = 0
    assert await check_source(lambda: source) == ["The source says that 0 bytes arrived."]


async def test_a_task_left_behind_is_told(monkeypatch):
    monkeypatch.setattr(checks, "GRACE_S", 0.1)
    forgotten: list[asyncio.Task[None]] = []

    class Leaky(Played):
        async def __aenter__(self) -> Played:
            forgotten.append(asyncio.create_task(asyncio.sleep(3600), name="forgotten"))
            return self

    problems = await check_source(lambda: Leaky(healthy()))
    for task in forgotten:
        task.cancel()
    assert any("leaves 1 tasks or threads running: sleep" in problem for problem in problems)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_source_that_opens_only_so_often_is_told(times):
    doors: list[AbstractAsyncContextManager[object]] = [Played(healthy()) for _ in range(times)]

    def open_source() -> AbstractAsyncContextManager[object]:
        if not doors:
            raise OSError("the port is still taken")
        return doors.pop()

    assert any("the port is still taken" in problem for problem in await check_source(open_source))


async def test_a_source_that_gives_nothing_the_second_time_is_told():
    source = Played(healthy())

    async def once(self: Played) -> AsyncIterator[Item]:
        items, self.items = self.items, []
        for item in items:
            yield item

    class Once(Played):
        __aiter__ = once

    source = Once(healthy())
    assert any("gives nothing" in problem for problem in await check_source(lambda: source))
