"""What every source keeps to, as one list of checks: run them on ours, and on your own.

A source is entered and iterated; it has `groups`, hands out items, counts `bytes`, and ends each group
with a mark at END.

    problems = await check_source(lambda: MySource("tcp://line4:2000"))
    assert not problems, problems
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import numpy as np

from connectors.clock import Stopwatch, sleep
from connectors.errors import InputError
from connectors.items import Batch, Changes, Context, Frame, Item, Mark
from connectors.status import GOOD_NO_DATA, is_bad, is_sample
from connectors.tags import Group
from connectors.texts import say
from connectors.times import END, text

PATIENCE_S = 30.0  # wall time without an item after which a source counts as stuck
GRACE_S = 5.0  # wall time that tasks on their way out may take
SHOWN = 3  # items that a sentence about many names


class Source(Protocol):
    """What an entered source offers."""

    groups: tuple[Group, ...]
    bytes: int

    def __aiter__(self) -> AsyncIterator[Item]: ...


Check = Callable[[Sequence[Item], Sequence[Group]], list[str]]
OpenSource = Callable[[], AbstractAsyncContextManager[Any]]  # entering it gives a Source


async def check_source(open_source: OpenSource, patience_s: float = PATIENCE_S) -> list[str]:
    """Every sentence that says what a finite source breaks; none if it keeps to the rules.

    `open_source` makes a fresh source each time it is called; it is opened three times.
    """
    groups, items, broken = await _read(open_source, patience_s)
    for check in CHECKS:
        broken += check(items, groups)
    return broken + await _leave_early(open_source, patience_s)


async def _read(open_source: OpenSource, patience_s: float) -> tuple[tuple[Group, ...], list[Item], list[str]]:
    groups: tuple[Group, ...] = ()
    items: list[Item] = []
    broken: list[str] = []
    try:
        async with open_source() as source:
            groups = tuple(source.groups)
            await _collect(source, items, patience_s)
            if not source.bytes > 0:
                broken.append(say("The source says that {bytes} bytes arrived.", bytes=source.bytes))
    except _Stuck:
        ended = {item.group for item in items if isinstance(item, Mark) and item.time == END}
        going_on = ", ".join(group.name for group in groups if group.name not in ended) or "none"
        broken.append(
            say(
                "Nothing came for {span:g} s, and it goes on; groups not ended: {going_on}.",
                span=patience_s,
                going_on=going_on,
            )
        )
    except Exception as error:  # whatever a source raises is one more sentence of the report
        broken.append(say("Reading to the end raised {kind}: {error}", kind=type(error).__name__, error=error))
    return groups, items, broken


class _Stuck(Exception):
    """Nothing came for as long as patience lasts."""


async def _collect(source: Source, items: list[Item], patience_s: float) -> None:
    """Append every item to `items`. Raises _Stuck when none comes for `patience_s`."""
    clock = asyncio.get_running_loop().time
    limit = asyncio.timeout(patience_s)
    try:
        async with limit:
            async for item in source:
                items.append(item)
                limit.reschedule(clock() + patience_s)
    except TimeoutError:
        if limit.expired():
            raise _Stuck from None
        raise


async def _leave_early(open_source: OpenSource, patience_s: float) -> list[str]:
    """A source that is left with `break` ends all its tasks and threads, and can be opened again."""
    before = _running()
    broken: list[str] = []
    try:
        await _first(open_source, patience_s)
    except Exception as error:  # see _read
        return [say("Leaving it after its first item raised {kind}: {error}", kind=type(error).__name__, error=error)]
    left = await _left(before)
    if left:
        broken.append(
            say("Left early, the source leaves {n} tasks or threads running: {tasks}.", n=len(left), tasks=_some(left))
        )
    try:
        if await _first(open_source, patience_s) is None:
            broken.append(say("Left early and opened again, the source gives nothing."))
    except Exception as error:  # see _read
        broken.append(
            say(
                "Left early, the source cannot be opened again: {kind}: {error}", kind=type(error).__name__, error=error
            )
        )
    return broken


async def _first(open_source: OpenSource, patience_s: float) -> Item | None:
    async with open_source() as source, asyncio.timeout(patience_s):
        async for item in source:
            return item
    return None


def _running() -> dict[object, str]:
    """Every task and thread with its name, but for this task and the event loop's own pool of threads."""
    found: dict[object, str] = {}
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        found[task] = getattr(task.get_coro(), "__qualname__", task.get_name())
    for thread in threading.enumerate():
        if not thread.name.startswith("asyncio_"):
            found[thread] = thread.name
    return found


async def _left(before: dict[object, str]) -> list[str]:
    """Names of what runs and did not before, once it had time to end."""
    watch = Stopwatch()
    while left := [name for what, name in _running().items() if what not in before]:
        if watch.seconds() > GRACE_S:
            return left
        await sleep(0.01)
    return []


# -- the rules ---------------------------------------------------------------------------------------------


def something_comes(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """A source hands out something besides marks."""
    if any(not isinstance(item, Mark) for item in items):
        return []
    return [say("The source hands out no sample, picture or text at all.")]


def items_have_a_home(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Every item is of a group that the source names, and of tags which that group holds."""
    known = {group.name: {tag.name for tag in group.tags} for group in groups}
    broken = []
    for item in items:
        names = known.get(item.group)
        if names is None:
            broken.append(
                say(
                    "A {kind} is of group '{group}', which the source does not name.",
                    kind=_kind(item),
                    group=item.group,
                )
            )
        elif not isinstance(item, Mark) and (strange := {tag.name for tag in _tags(item)} - names):
            broken.append(
                say(
                    "A {kind} of group '{group}' is of {strange}, not in that group.",
                    kind=_kind(item),
                    group=item.group,
                    strange=_some(strange),
                )
            )
    return _brief(broken)


def time_rises(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Each sample of a tag is later than the one before."""
    last: dict[str, int] = {}
    broken = []
    for tag, time in _columns(items):
        if len(time):
            joined = np.concatenate([[last[tag]], time]) if tag in last else time
            wrong = np.flatnonzero(np.diff(joined) <= 0)
            last[tag] = int(time[-1])
            if len(wrong):
                earlier, later = (text(int(joined[wrong[0] + i])) for i in (0, 1))
                broken.append(
                    say("{tag} has a sample at {later} after one at {earlier}.", tag=tag, later=later, earlier=earlier)
                )
    return _brief(broken)


def nothing_is_late(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Nothing comes at or before its group's mark."""
    marks: dict[str, int] = {}
    broken = []
    for item in items:
        mark = marks.get(item.group)
        if isinstance(item, Mark):
            marks[item.group] = item.time
        elif mark is not None and mark != END:
            late = int((_times(item) <= mark).sum())
            if late:
                broken.append(
                    say(
                        "{late} samples of '{group}' come after the mark {mark}.",
                        late=late,
                        group=item.group,
                        mark=text(mark),
                    )
                )
    return _brief(broken)


def marks_rise(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Each mark of a group is later than the one before."""
    last: dict[str, int] = {}
    broken = []
    for mark in (item for item in items if isinstance(item, Mark) and item.time != END):
        if mark.time <= last.get(mark.group, mark.time - 1):
            broken.append(
                say(
                    "'{group}' is marked {mark} after {last}.",
                    group=mark.group,
                    mark=text(mark.time),
                    last=text(last[mark.group]),
                )
            )
        last[mark.group] = mark.time
    return _brief(broken)


def groups_end_once(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Each group ends with exactly one mark at END, and nothing of it comes after."""
    broken = []
    for group in groups:
        mine = [item for item in items if item.group == group.name]
        ends = [i for i, item in enumerate(mine) if isinstance(item, Mark) and item.time == END]
        if len(ends) != 1:
            broken.append(say("Group '{group}' ends {n} times.", group=group.name, n=len(ends)))
        elif ends[0] != len(mine) - 1:
            broken.append(
                say(
                    "Group '{group}' goes on with {n} items after its end.",
                    group=group.name,
                    n=len(mine) - 1 - ends[0],
                )
            )
    return broken


def bad_is_nan(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """A Bad sample has no value: it is NaN."""
    broken = []
    for item, values, status in _measured(items):
        wrong = int((is_bad(status) & ~np.isnan(values)).sum())
        if wrong:
            broken.append(
                say(
                    "{wrong} Bad samples of '{group}' carry a number; a Bad sample is NaN.",
                    wrong=wrong,
                    group=item.group,
                )
            )
    return _brief(broken)


def values_fit_status(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """A value is NaN where the status is Bad or GoodNoData, and nowhere else."""
    broken = []
    for item, values, status in _measured(items):
        hole = ~is_sample(status)
        nan = int((np.isnan(values) & ~is_bad(status) & ~hole).sum())
        full = int((hole & ~np.isnan(values)).sum())
        if nan:
            broken.append(
                say("{nan} samples of '{group}' are NaN, and neither Bad nor GoodNoData.", nan=nan, group=item.group)
            )
        if full:
            broken.append(
                say("{full} cells of '{group}' carry a number, and are GoodNoData.", full=full, group=item.group)
            )
    return _brief(broken)


def pictures_decode(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Every frame decodes to a picture."""
    broken = []
    for frame in (item for item in items if isinstance(item, Frame)):
        try:
            size = frame.image.size
        except InputError as error:
            broken.append(
                say(
                    "A frame of {name} at {time} is no picture: {error}",
                    name=frame.tag.name,
                    time=text(frame.time),
                    error=error,
                )
            )
        else:
            if not size:
                broken.append(say("A frame of {name} at {time} is empty.", name=frame.tag.name, time=text(frame.time)))
    return _brief(broken)


def counts_match(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """Where a mark says how many samples of its group were sent, as many have come."""
    received: defaultdict[str, int] = defaultdict(int)
    broken = []
    for item in items:
        if not isinstance(item, Mark):
            received[item.group] += _samples(item)
        elif item.count is not None and item.count != received[item.group]:
            came = received[item.group]
            broken.append(
                say(
                    "A mark of '{group}' says that {count} samples were sent, {came} came.",
                    group=item.group,
                    count=item.count,
                    came=came,
                )
            )
    return _brief(broken)


def texts_are_text(items: Sequence[Item], groups: Sequence[Group]) -> list[str]:
    """A Context carries a string."""
    return _brief(
        [
            say("A text of {name} is {kind}, not str.", name=item.tag.name, kind=type(item.text).__name__)
            for item in items
            if isinstance(item, Context) and not isinstance(item.text, str)
        ]
    )


CHECKS: tuple[Check, ...] = (
    something_comes,
    items_have_a_home,
    time_rises,
    nothing_is_late,
    marks_rise,
    groups_end_once,
    bad_is_nan,
    values_fit_status,
    pictures_decode,
    counts_match,
    texts_are_text,
)


# -- how the rules look at an item -------------------------------------------------------------------------


def _tags(item: Batch | Changes | Frame | Context) -> tuple:
    return item.tags if isinstance(item, (Batch, Changes)) else (item.tag,)


def _times(item: Batch | Changes | Frame | Context) -> np.ndarray:
    """int64 (n,) ns, one entry a sample."""
    match item:
        case Batch():
            return np.repeat(item.time, is_sample(item.status).sum(axis=1))
        case Changes():
            return item.time
        case _:
            return np.array([item.time])


def _samples(item: Batch | Changes | Frame | Context) -> int:
    return len(_times(item))


def _columns(items: Sequence[Item]) -> Iterator[tuple[str, np.ndarray]]:
    """(tag, times of its samples) of every item, in order of arrival."""
    for item in items:
        match item:
            case Batch():
                there = item.status != GOOD_NO_DATA
                for i, tag in enumerate(item.tags):
                    yield tag.name, item.time[there[:, i]]
            case Changes():
                for i in np.unique(item.tag):
                    yield item.tags[i].name, item.time[item.tag == i]
            case Frame() | Context():
                yield item.tag.name, np.array([item.time])


def _measured(items: Sequence[Item]) -> Iterator[tuple[Batch | Changes, np.ndarray, np.ndarray]]:
    """(item, values, status) of every Batch and Changes."""
    for item in items:
        match item:
            case Batch():
                yield item, item.values, item.status
            case Changes():
                yield item, item.value, item.status


def _kind(item: Item) -> str:
    return type(item).__name__.lower()


def _some(names: Sequence[str] | set[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:SHOWN]) + (" " + say("and {n} more", n=len(listed) - SHOWN) if len(listed) > SHOWN else "")


def _brief(broken: list[str]) -> list[str]:
    """The first few of many sentences about one rule."""
    if len(broken) <= SHOWN:
        return broken
    return [*broken[:SHOWN], say("… and {n} more like it: {last}", n=len(broken) - SHOWN, last=broken[-1])]
