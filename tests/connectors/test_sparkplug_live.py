"""Metrics of Sparkplug B are found by a look at the broker, and read by a watch from the list that came out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from connectors.broker import Broker
from connectors.errors import InputError
from connectors.items import Batch, Changes
from connectors.line import Settings
from connectors.live import live_source
from connectors.mqtt_browse import browse_mqtt
from connectors.secrets import Login
from connectors.sparkplug_live import SparkplugTags
from connectors.sparkplug_plant import SparkplugPublisher
from connectors.tags import Group, Tag

GROUP = Group(
    "main",
    (
        Tag(name="POH/STEEL/CC1/MOLD/LEVEL", unit="mm", eu_range=(0.0, 200.0)),
        Tag(name="POH/STEEL/CC1/MOLD/SPEED", unit="m/min"),
    ),
)
START = 1_767_571_200_000_000_000


async def told(publisher: SparkplugPublisher, stop: Callable[[], bool]) -> None:
    """A level that rises and a speed that holds, until somebody stops it."""
    step = 0
    while not stop():
        step += 1
        time = np.array([START + step * 50_000_000])
        await publisher.send([Batch(GROUP.tags, time, np.array([[float(step), 1.2]]), np.zeros((1, 2), np.uint32))])
        await asyncio.sleep(0.05)


async def test_what_is_born_is_found_described_and_read_by_a_watch():
    done = False
    async with Broker("embedded") as broker, SparkplugPublisher([GROUP], broker.port) as publisher:
        telling = asyncio.create_task(told(publisher, lambda: done))
        url = f"mqtt://127.0.0.1:{broker.port}"
        try:
            found = await browse_mqtt(url, Login(), 1.5)
            assert [(tag.name.rpartition("/")[2], tag.unit, tag.eu_range) for tag in found.tags] == [
                ("LEVEL", "mm", (0.0, 200.0)), ("SPEED", "m/min", None),
            ]  # fmt: skip
            seen: dict[str, list[float]] = {}
            async with asyncio.timeout(30), live_source([url], found.tags, Settings(), {}) as source:
                async for items in source:
                    for item in items:
                        if isinstance(item, Changes):
                            for i, value in zip(item.tag.tolist(), item.value.tolist(), strict=True):
                                seen.setdefault(item.tags[i].short, []).append(value)
                    if len(set(seen.get("LEVEL", []))) > 5 and "SPEED" in seen:
                        break
        finally:
            done = True
            await telling
    assert seen["LEVEL"] == sorted(seen["LEVEL"])
    assert set(seen["SPEED"]) == {1.2}  # by the birth that was asked for: it never changed


async def test_a_node_that_has_nothing_new_to_tell_is_asked_for_its_birth():
    async with Broker("embedded") as broker, SparkplugPublisher([GROUP], broker.port) as publisher:
        await publisher.send(
            [Batch(GROUP.tags, np.array([START]), np.array([[7.0, 1.2]]), np.zeros((1, 2), np.uint32))]
        )
        tags = [Tag(name="L/LEVEL", address="spBv1.0/POH_STEEL/CC1/MOLD#LEVEL")]
        async with (
            asyncio.timeout(20),
            live_source([f"mqtt://127.0.0.1:{broker.port}"], tags, Settings(), {}) as source,
        ):
            async for items in source:
                if any(isinstance(item, Changes) and 7.0 in item.value for item in items):
                    break


@pytest.mark.parametrize("address", ["spBv1.0/g", "spBv1.0/g/n", "spBv1.0/g/n#", "spBv1.0/g/n/d/e#m", "spBv1.0/+/n#m"])
def test_an_address_that_is_none_is_told(address):
    with pytest.raises(InputError, match="no Sparkplug metric"):
        SparkplugTags([Tag(name="L/A", address=address)])
