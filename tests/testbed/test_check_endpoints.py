"""Servers and brokers checked by a tag list: every fault at once, by name, and nothing said of a good one."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from connectors.broker import Broker
from connectors.clock import now_ns
from testbed.cli import run_cli
from tests.drills.bench import foreign
from tests.ports import free_port


def checked(*words: str) -> tuple[int, list[str]]:
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        status = run_cli(["check", *words, "--seconds", "2"])
    return status, out.getvalue().splitlines()


def tag_list(path: Path, *rows: str) -> str:
    path.write_text("\n".join(["name,low,high,rate_hz,address", *rows]) + "\n")
    return str(path)


@pytest.mark.needs("node")
async def test_a_server_is_checked_against_its_tag_list(tmp_path):
    async with foreign("opcua", tmp_path / "home") as there:
        url = f"opc.tcp://127.0.0.1:{there.port}"
        good = tag_list(tmp_path / "good.csv", "D/A,,,10,ns=1;s=T0", "D/B,,,10,ns=1;s=T1")
        assert await asyncio.to_thread(checked, url, "--tags", good) == (0, ["1 checked, nothing found."])
        wrong = tag_list(
            tmp_path / "wrong.csv",
            "D/A,,,10,ns=1;s=T0", "D/RATE,,,50,ns=1;s=T1", "D/NOPE,,,10,ns=1;s=NOPE", "D/LOST,,,10,/Objects/1:Nope",
        )  # fmt: skip
        there.ticker.order(shift=-3600)
        await asyncio.sleep(0.3)
        status, lines = await asyncio.to_thread(checked, url, "--tags", wrong)
        assert status == 2
        assert [line.removeprefix(f"{url}  ").split(" ")[0] for line in lines] == [
            "D/LOST", "D/NOPE", "D/A", "D/RATE", "D/RATE",
        ]  # fmt: skip
        assert "source times 36" in lines[2]
        assert "behind this machine's clock" in lines[2]
        assert "the list says 50" in lines[4]
        there.ticker.order(shift=0, bad=True)
        await asyncio.sleep(0.3)
        status, lines = await asyncio.to_thread(checked, url, "--tags", good)
        assert status == 2
        assert all("samples are BadSensorFailure" in line for line in lines)
        assert len(lines) == 2


async def test_a_broker_is_checked_against_its_tag_list(tmp_path):
    ended = threading.Event()

    def publish(port: int) -> None:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()
        n = 0
        while not ended.wait(0.1):
            n += 1
            for topic, value in (("plc/a", n), ("plc/still", 7)):
                client.publish(topic, json.dumps({"v": value, "ts": now_ns() // 1_000_000}))
        client.disconnect()
        client.loop_stop()

    tags = tag_list(tmp_path / "t.csv", "L/A,,,10,plc/a", "L/STILL,,,10,plc/still", "L/NONE,,,10,plc/none")
    async with Broker("embedded") as broker:
        work = asyncio.create_task(asyncio.to_thread(publish, broker.port))
        status, lines = await asyncio.to_thread(checked, f"mqtt://127.0.0.1:{broker.port}", "--tags", tags)
        ended.set()
        await work
    assert status == 2
    assert len(lines) == 2
    assert "L/STILL does not move: it was 7" in lines[0]
    assert "L/NONE said nothing in 2 s" in lines[1]


def test_who_is_not_there_and_what_is_missing_is_said_in_one_sentence(tmp_path):
    tags = tag_list(tmp_path / "t.csv", "L/A,,,10,ns=1;s=A")
    status, lines = checked(f"opc.tcp://127.0.0.1:{free_port()}", "--tags", tags)
    assert status == 2
    assert "No OPC UA server answers" in lines[0]
    assert len(lines) == 1
    status, lines = checked("mqtt://127.0.0.1:1")
    assert status == 2
    assert "add --tags TAGS.csv" in " ".join(lines)
