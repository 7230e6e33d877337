"""Servers and brokers that are not ours, several at once: their tags as one source, with marks of our own.

What breaks is opened again; nothing is hidden: each line says whether it is connected, stale or lost, since when and
why, and counts what came.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import numpy as np

from connectors.addresses import shared_out
from connectors.clock import sleep, wall_s
from connectors.errors import InputError, PartFailed
from connectors.items import Item
from connectors.line import CONNECT_S, TICK_S, Line, Put, Settings, State
from connectors.marks import Epoch, Filled, GroupMarks
from connectors.readings import Columns, Told
from connectors.secrets import Login
from connectors.tags import Group, Tag, grouped
from connectors.texts import say
from connectors.times import SECOND


class _Places:
    """Where the tags of a line are in the groups."""

    def __init__(self, tags: Sequence[Tag], groups: Sequence[Group]) -> None:
        self._names = [group.name for group in groups]
        places = {tag.name: (i, k) for i, group in enumerate(groups) for k, tag in enumerate(group.tags)}
        self._group = np.array([places[tag.name][0] for tag in tags], np.int32)
        self._column = np.array([places[tag.name][1] for tag in tags], np.int32)
        self._is_whole = len(groups) == 1 and (self._column == np.arange(len(tags))).all()  # one group, in its order

    def shared_out(self, told: Put) -> Iterator[tuple[str, Told]]:
        """What was told, by the name of its group; columns then speak of the group's tags."""
        for one in told:
            if not isinstance(one, Columns):
                yield one.tag.group, one
                continue
            if self._is_whole:
                yield self._names[0], one
                continue
            groups, column = self._group[one.tag], self._column[one.tag]
            if (groups == groups[0]).all():
                yield self._names[groups[0]], Columns(column, one.time, one.value, one.status)
                continue
            for i in np.unique(groups):
                yield self._names[i], one.at(groups == i, column)


def _groups(lines: Sequence[Line]) -> Iterator[Group]:
    """The groups of these lines' tags. Raises InputError for one that mixes pictures with other tags."""
    cameras = set().union(*(line.cameras for line in lines))
    for group in grouped(tag for line in lines for tag in line.tags):
        shown = [tag.name for tag in group.tags if tag.name in cameras]
        if shown and len(shown) < len(group.tags):
            raise InputError(
                say("Group '{group}' has pictures ({tags}) and other tags. Give pictures a group of their own.",
                    group=group.name, tags=", ".join(shown[:5]))
            )  # fmt: skip
        yield Group(group.name, group.tags, "frames") if shown else group


class LiveSource:
    """The tags of several lines as one source. Enter it, iterate its items and epochs; it ends when it is stopped.

    Raises InputError or PartFailed on entering if a line does not let us in, unless the settings say to wait.
    """

    def __init__(self, lines: Sequence[Line], settings: Settings) -> None:
        self.lines = tuple(lines)
        self.settings = settings
        self.groups: tuple[Group, ...] = tuple(_groups(lines))
        self.epochs = 0
        self._marks: dict[str, GroupMarks] = {}
        self._of_group = {group.name: [ln for ln in lines if set(ln.tags) & set(group.tags)] for group in self.groups}
        self._places = [_Places(line.tags, self.groups) for line in lines]
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    @property
    def bytes(self) -> int:
        """Bytes that arrived."""
        return sum(line.bytes for line in self.lines)

    async def __aenter__(self) -> LiveSource:
        loop = asyncio.get_running_loop()
        wall = _wall()
        lateness, patience = self.settings.lateness, self.settings.patience_s
        self._marks = {group.name: GroupMarks(group, lateness, patience, wall) for group in self.groups}
        for line in self.lines:
            line.opened = loop.create_future()
        self._tasks = [loop.create_task(line.keep()) for line in self.lines]
        opened = [line.opened for line in self.lines if line.opened is not None]
        try:
            if not self.settings.wait:
                await self._first(opened)
        except BaseException:
            await self.__aexit__()
            raise
        finally:
            for future in opened:  # one that failed and nobody asked is no surprise
                future.cancel() if not future.done() else future.exception()
        return self

    async def _first(self, opened: Sequence[asyncio.Future[None]]) -> None:
        _, late = await asyncio.wait(opened, timeout=CONNECT_S)
        errors = [future.exception() for future in opened if future.done()]
        wrong = [error for error in errors if isinstance(error, InputError)]
        gone = [str(error) for error in errors if isinstance(error, PartFailed)]
        gone += [say("{url} did not answer within {s} s.", url=line.url, s=f"{CONNECT_S:g}")
                 for line, future in zip(self.lines, opened, strict=True) if future in late]  # fmt: skip
        if len(errors) == 1 and wrong:
            raise wrong[0]
        if wrong:
            raise InputError("\n".join(map(str, wrong)), [p for error in wrong for p in error.problems])
        if gone:
            raise PartFailed("\n".join(gone))

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """End every group with what has come so far."""
        self._stop.set()

    async def __aiter__(self) -> AsyncIterator[list[Item | Epoch | Filled]]:
        told: list[State] = []
        while not self._stop.is_set():
            await sleep(TICK_S)
            for task in self._tasks:
                if task.done():
                    task.result()  # a fault of our own: told, not hidden
            items = self._collect()
            states = [line.state for line in self.lines]
            if items or states != told:  # who reads sees a line go silent, too
                told = states
                yield items
        yield [*self._collect(), *(marks.end() for marks in self._marks.values())]

    def _collect(self) -> list[Item | Epoch | Filled]:
        """Everything that has come since the last look, and the marks it moves."""
        wall = _wall()
        came: dict[str, list[Told]] = {}
        for line, places in zip(self.lines, self._places, strict=True):
            line.gather()
            line.check_life()
            while line.arrived:
                for name, told in places.shared_out(line.arrived.popleft()):
                    came.setdefault(name, []).append(told)
        items: list[Item | Epoch | Filled] = []
        for name, told in came.items():
            items += self._marks[name].take(told, wall)
        for line in self.lines:
            while line.pictures:
                frame = line.pictures.popleft()
                items += self._marks[frame.group].take_frame(frame, wall)
        for line, places in zip(self.lines, self._places, strict=True):
            while line.filled:
                for name, told in places.shared_out([line.filled.popleft()]):
                    items += self._marks[name].filled(told) if isinstance(told, Columns) else ()
        self.epochs += sum(isinstance(item, Epoch) for item in items)
        for name, marks in self._marks.items():
            others = [p for other, m in self._marks.items() if other != name and (p := m.present(wall)) is not None]
            alive = all(line.state.name == "connected" for line in self._of_group[name])
            items += marks.advance(wall, max(others, default=None), alive)
        return items

    def repeated(self) -> int:
        """Samples said again, since they are reported by exception and hold."""
        return sum(marks.repeated for marks in self._marks.values())

    def silent(self) -> list[str]:
        """Groups that patience has run out with."""
        return [name for name, marks in self._marks.items() if marks.is_silent(_wall())]


def live_source(
    urls: Sequence[str], tags: Sequence[Tag], settings: Settings, logins: dict[str, Login] | None = None
) -> LiveSource:
    """The tags at these addresses. Raises InputError naming every address and tag that does not fit."""
    logins = logins or {}
    lines: list[Line] = []
    for url, mine in shared_out(urls, tags).items():
        login = logins.get(url) or logins.get(url.partition("?")[0]) or logins.get("") or Login()
        if url.startswith("opc.tcp://"):
            from connectors.opcua_live import OpcUaLine

            lines.append(OpcUaLine(url, mine, login, settings))
        else:
            from connectors.mqtt_live import MqttLine

            lines.append(MqttLine(url, mine, login, settings))
    return LiveSource(lines, settings)


def _wall() -> int:
    return round(wall_s() * SECOND)
