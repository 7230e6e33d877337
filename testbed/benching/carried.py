"""Pictures of a set as frames of one camera, carried to the models over memory or a real MQTT broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from connectors.errors import PartFailed
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
    Raises PartFailed when a transport breaks or falls silent.
    """
    group = Group("camera", (CAMERA,), "frames")
    missing = {picture.path: i for i, picture in enumerate(pictures)}
    async with Link((group,), {group.name: over}) as link:
        room = asyncio.Semaphore(AHEAD)
        sending = asyncio.create_task(_send(link, pictures, room))
        items = aiter(link)
        try:
            while (item := await _next(items, over)) is not None:
                if isinstance(item, Mark):
                    room.release()
                elif isinstance(item, Frame) and item.part_id in missing:
                    take(missing.pop(item.part_id), item)
            await sending
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
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


async def _next(items: object, over: str) -> Item | None:
    """The next item, None behind the last."""
    try:
        return await asyncio.wait_for(anext(items), PATIENCE_S)  # pyright: ignore[reportArgumentType]
    except StopAsyncIteration:
        return None
    except TimeoutError:
        raise PartFailed(say("Nothing came over {over} for {s} s.", over=over, s=round(PATIENCE_S))) from None
