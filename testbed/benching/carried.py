"""Pictures of a set as frames of one camera, carried to the models over memory or a real MQTT broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

from connectors.errors import PartFailed, TestbedError
from connectors.images import START
from connectors.items import Frame, Item, Mark
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import END, SECOND
from testbed.datasets.pictures import Picture
from testbed.links import Link

AHEAD = 16  # frames under way at most
PATIENCE_S = 60.0  # of silence, after which a transport counts as failed
CAMERA = Tag(name="SET/CAMERA", group="camera", rate_hz=1.0)


async def carry(pictures: Sequence[Picture], over: str, take: Callable[[int, Frame], None]) -> int:
    """Send every picture, with its file's own bytes, and hand each one that arrives to `take`; how many never did.

    `take` gets the place of the picture in `pictures` and its frame, each picture once.
    Raises InputError for a file that cannot be read, PartFailed when a transport breaks or falls silent.
    """
    group = Group("camera", (CAMERA,), "frames")
    missing = {picture.path: i for i, picture in enumerate(pictures)}
    async with Link((group,), {group.name: over}) as link:
        room = asyncio.Semaphore(AHEAD)
        sending = asyncio.create_task(_send(link, pictures, room))
        try:
            async with aclosing(_arriving(link, sending, over)) as items:
                async for item in items:
                    if isinstance(item, Mark):
                        room.release()
                    elif isinstance(item, Frame) and item.part_id in missing:
                        take(missing.pop(item.part_id), item)
            await sending
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, TestbedError):
                await sending
    return len(missing)


async def _send(link: Link, pictures: Sequence[Picture], room: asyncio.Semaphore) -> None:
    for i, picture in enumerate(pictures):
        await room.acquire()
        time = START + i * SECOND
        items: list[Item] = [Frame(CAMERA, time, picture.data(), part_id=picture.path), Mark("camera", time, i + 1)]
        if i + 1 == len(pictures):
            items.append(Mark("camera", END, i + 1))
        await link.send(items)


async def _arriving(link: Link, sending: asyncio.Task[None], over: str) -> AsyncGenerator[Item, None]:
    """What arrives, to its end; raises what stopped the sending, and PartFailed after a long silence."""
    items = aiter(link)
    while True:
        step = asyncio.ensure_future(anext(items))
        try:
            while not step.done():
                waited = {step} if sending.done() else {step, sending}
                done, _ = await asyncio.wait(waited, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    raise PartFailed(say("Nothing came over {over} for {s} s.", over=over, s=round(PATIENCE_S)))
                if sending in done:
                    sending.result()
            yield step.result()
        except StopAsyncIteration:
            return
        finally:
            step.cancel()
