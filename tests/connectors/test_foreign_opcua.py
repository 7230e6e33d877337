"""A client of another make browses the served plant, reads its units and ranges, and sees its values move."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors.opcua_server import MARK, NAMESPACE, OpcUaServer
from connectors.units import unece_id
from testbed.testplant import PATH, TestPlant
from tests.models import plain

BROWSE = Path(__file__).parents[1] / "node" / "browse.js"
SECONDS = 120.0  # of source time; the client leaves as soon as it has seen every tag move
TICK_S = 0.02  # wall seconds a tick of source time takes

pytestmark = pytest.mark.needs("node")


@pytest.fixture
async def served() -> AsyncIterator[OpcUaServer]:
    """The test plant, served and running."""

    async def run(server: OpcUaServer) -> None:
        for items in plain(SECONDS)[1]:
            await server.send(items)
            await asyncio.sleep(TICK_S)

    async with OpcUaServer(TestPlant.groups) as server:
        running = asyncio.create_task(run(server))
        yield server
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def browse(url: str) -> dict[str, Any]:
    pipe = asyncio.subprocess.PIPE
    command = ("node", str(BROWSE), url, NAMESPACE, PATH)
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(60.0):
            said, failed = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, failed.decode()
    return json.loads(said.splitlines()[-1])


async def test_a_foreign_client_finds_reads_and_sees_every_tag(served):
    tags = (await browse(served.url))["tags"]
    numbers = [tag for group in TestPlant.groups[:2] for tag in group.tags]
    names = {tag.name for group in TestPlant.groups for tag in group.tags}
    assert set(tags) == names | {f"{group.name}/{MARK}" for group in TestPlant.groups}
    for tag in numbers:
        found = tags[tag.name]
        assert found["type"] == "AnalogItemType"
        assert (found["unit"]["symbol"], found["unit"]["id"]) == ("mm", unece_id("mm"))
        assert found["range"] == [-100.0, 100.0]
    for name, found in tags.items():
        assert found["rising"], name
        if not name.endswith(("CONSTANT", "BROKEN")):
            assert found["distinct"] > 1, name
    assert tags[f"{PATH}/CONSTANT"]["values"] > 5
    assert tags[f"{PATH}/CONSTANT"]["distinct"] == 1
    assert tags[f"{PATH}/BROKEN"]["last_status"] == "BadSensorFailure"
    assert tags[f"{PATH}/WALK_1"]["last_status"] == "Good"
