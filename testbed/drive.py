"""Drives a run: the plant sends, the pipeline scores, the plant hears what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from connectors.clock import Pace
from connectors.errors import PartFailed
from connectors.items import Item
from connectors.results import Event
from connectors.texts import say
from edge.pipeline import Pipeline
from testbed.engine import Engine
from testbed.links import Link

STALL_S = 30.0  # wall time without anything arriving, while something is under way, before a link counts as dead
GLANCES = 10  # times a silent link is looked at before it counts as dead


async def drive(
    engine: Engine,
    link: Link,
    pipeline: Pipeline,
    pace: Pace,
    on_events: Callable[[Sequence[Event]], None] = lambda events: None,
    stall_s: float = STALL_S,
) -> None:
    """Run `engine` through `link` into `pipeline` to the end. `on_events` sees events before the plant responds.

    Raises PartFailed when a transport breaks, or falls silent for `stall_s` of wall time.
    """
    async with link:
        producer = asyncio.create_task(engine.produce(link.send, pace))
        bundles = _bundles(link)
        try:
            while (bundle := await _next(bundles, producer, engine, stall_s)) is not None:
                events = pipeline.feed(bundle)
                on_events(events)
                engine.respond(events)
                if pipeline.finished is not None:
                    engine.finished(pipeline.finished)
            await producer
        finally:
            producer.cancel()
            await asyncio.gather(producer, return_exceptions=True)
            await bundles.aclose()


async def _bundles(link: Link):
    """Items in bundles of whatever has arrived."""
    queue: asyncio.Queue[Item | BaseException | None] = asyncio.Queue()

    async def read() -> None:
        try:
            async for item in link:
                queue.put_nowait(item)
            queue.put_nowait(None)
        except Exception as error:
            queue.put_nowait(error)

    reader = asyncio.create_task(read())
    try:
        while True:
            bundle = [await queue.get()]
            while not queue.empty():
                bundle.append(queue.get_nowait())
            last = bundle[-1]
            items = [item for item in bundle if item is not None and not isinstance(item, BaseException)]
            if items:
                yield items
            if isinstance(last, BaseException):
                raise last
            if last is None:
                return
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _next(
    bundles: AsyncIterator[list[Item]], producer: asyncio.Task[None], engine: Engine, stall_s: float
) -> list[Item] | None:
    """The next bundle, None at the end. Raises what stopped the producer, or PartFailed when the link is silent."""
    waiting = asyncio.ensure_future(anext(bundles, None))
    silent = 0  # glances in a row; a plant that keeps the event loop busy for long costs one of them
    try:
        while True:
            tasks = {waiting} if producer.done() else {waiting, producer}
            done, _ = await asyncio.wait(tasks, timeout=stall_s / GLANCES, return_when=asyncio.FIRST_COMPLETED)
            if waiting in done:
                return waiting.result()
            if producer in done:
                producer.result()  # raises what stopped it
                silent = 0
                continue
            # at the end even what no model reads must arrive
            silent = silent + 1 if engine.is_waiting or producer.done() else 0
            if silent >= GLANCES:
                raise PartFailed(
                    say(
                        "Nothing has arrived for {span:g} s although samples are under way: a message was lost, or the "
                        "connection is dead.",
                        span=stall_s,
                    )
                )
    finally:
        if not waiting.done():
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
