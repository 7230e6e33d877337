"""JSON messages under one wildcard of an MQTT broker, in columns: for many topics at thousands of messages a second.

What is plain, a number with a time in s, ms, us or ns since 1970, takes the fast way; all else is read by
`mqtt_values.decoded`, so both mean the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import numpy as np
import orjson

from connectors.broker import LOOPBACK
from connectors.clock import now_ns, sleep
from connectors.errors import BadMessage
from connectors.items import Changes, Context
from connectors.mqtt_session import MqttSession
from connectors.mqtt_values import SCALES, decoded
from connectors.status import GOOD
from connectors.tags import Group, Tag, grouped, unit_path

LATEST_NS = 2**63 - 1
PLAIN, MOST = (float, int), 1e308
GATHER_S = 0.01  # wall seconds of messages that become one item: waking up for each costs more than reading it


class JsonColumns:
    """Turns messages into items, a Changes a group and call.

    A tag's topic is its address, 'topic#a.b' for a number deeper in the JSON, or its name where it has none.

    Attributes:
        received, malformed, unmapped: values handed out, messages that do not decode, messages no tag asks for.
    """

    def __init__(self, tags: Sequence[Tag]) -> None:
        self.groups = grouped(tags)
        self.received = self.malformed = self.unmapped = 0
        self._slots: dict[str, list[tuple[int, int, str]]] = {}  # topic: group, column, path
        for g, group in enumerate(self.groups):
            for column, tag in enumerate(group.tags):
                topic, _, path = (tag.address or tag.name).partition("#")
                self._slots.setdefault(topic, []).append((g, column, path))

    def items(self, messages: Iterable[tuple[str, bytes]], now: int) -> list[Changes | Context]:
        """Items of (topic, payload). `now`, ns, is the time of those that tell none."""
        slots, loads = self._slots, orjson.loads
        fast: list[list[tuple[int, int, float]]] = [[] for _ in self.groups]
        slow: list[list[tuple[int, int, float, int]]] = [[] for _ in self.groups]
        texts: list[Context] = []
        for topic, payload in messages:
            wanted = slots.get(topic)
            if wanted is None:
                self.unmapped += 1
                continue
            if len(wanted) == 1 and not wanted[0][2]:
                group, column, _ = wanted[0]
                value: Any = None
                time: Any = None
                try:
                    told = loads(payload)
                    value, time = told["v"], told["ts"]
                    is_plain = not told.get("q") and type(value) in PLAIN and -MOST <= value <= MOST and _is_time(time)
                except (ValueError, LookupError, TypeError, AttributeError):
                    is_plain = False
                if is_plain:
                    fast[group].append((column, time, value))
                    continue
            self._take(wanted, payload, now, slow, texts)
        changes = [self._changes(g, *rows) for g, rows in enumerate(zip(fast, slow, strict=True)) if any(rows)]
        self.received += len(texts) + sum(len(item.time) for item in changes)
        return [*changes, *texts]

    def _take(
        self,
        wanted: Sequence[tuple[int, int, str]],
        payload: bytes,
        now: int,
        rows: list[list[tuple[int, int, float, int]]],
        texts: list[Context],
    ) -> None:
        for group, column, path in wanted:
            try:
                time, value, status = decoded(payload, path)
                time = now if time is None else time
                if not -LATEST_NS <= time <= LATEST_NS:
                    raise BadMessage(str(time))
            except BadMessage:
                self.malformed += 1
                continue
            if isinstance(value, str):
                texts.append(Context(self.groups[group].tags[column], time, value))
            else:
                rows[group].append((column, time, value, status))

    def _changes(
        self, group: int, fast: list[tuple[int, int, float]], slow: list[tuple[int, int, float, int]]
    ) -> Changes:
        """One item of both ways' rows, in the order they came for each tag that keeps to one way."""
        columns, times, values = zip(*fast, strict=True) if fast else ((), (), ())
        tag, time, value, status = zip(*slow, strict=True) if slow else ((), (), (), ())
        return Changes(
            self.groups[group].tags,
            np.array(columns + tag, np.int32),
            np.concatenate([_nanoseconds(times), np.array(time, np.int64)]),
            np.array(values + value, np.float64),
            np.array((GOOD,) * len(columns) + status, np.uint32),
        )


def _is_time(time: Any) -> bool:
    """Whether it is a whole number of us, ms, ns or s since 1970 that int64 ns can hold."""
    return type(time) is int and (
        10**14 <= time < 9 * 10**15
        or 10**11 <= time < 9 * 10**12
        or 10**17 <= time < 9 * 10**18
        or 10**8 <= time < 9 * 10**9
    )


def _nanoseconds(times: Sequence[int]) -> np.ndarray:
    """int64 ns of whole numbers since 1970 in s, ms, us or ns, told apart by their size."""
    given = np.array(times, np.int64)
    return given * np.select([given >= least for least, _ in SCALES], [scale for _, scale in SCALES])


class JsonSource:
    """Enter it, iterate its items; it ends when the connection breaks, with PartFailed. `bytes` counts what arrived.

    `filter` is the one wildcard it subscribes, by default all topics under the tags' common path.
    """

    def __init__(self, tags: Sequence[Tag], port: int = 1883, host: str = LOOPBACK, filter: str = "") -> None:
        self.columns = JsonColumns(tags)
        self.bytes = 0
        topics = [(tag.address or tag.name).partition("#")[0] for tag in tags]
        root = unit_path(topics)
        self._session = MqttSession("reader", port, host, [(filter or (f"{root}/#" if root else "#"), 1)])

    @property
    def groups(self) -> tuple[Group, ...]:
        return self.columns.groups

    async def __aenter__(self) -> JsonSource:
        await self._session.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.__aexit__()

    async def __aiter__(self) -> AsyncIterator[Changes | Context]:
        while True:
            messages = await self._session.heard()
            self.bytes += sum(len(payload) for _, payload in messages)
            for item in self.columns.items(messages, now_ns()):
                yield item
            await sleep(GATHER_S)
