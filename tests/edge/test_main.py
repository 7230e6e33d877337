"""`python -m edge` needs floors 0 and 1 alone, and tells what does not fit in one sentence."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from connectors.broker import Broker
from edge.__main__ import main
from tests.connectors.test_mqtt_live import Plc


def test_the_runtime_loads_no_higher_floor():
    names = (
        "edge.__main__, edge.runtime, edge.config, edge.order, edge.tell, connectors.opcua_live, connectors.mqtt_live"
    )
    higher = ("testbed", "anomaly", "vision", "scenarios")
    code = f"import sys, {names}; print([m for m in sys.modules if m.split('.')[0] in {higher}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "told", "status"),
    [
        ("[watch]\n", "missing: urls, tags", 2),
        ('[watch]\npassword = "x"\n', "is a secret", 2),
        ('[watch]\nurls = "opc.tcp://127.0.0.1:1"\ntags = "t.csv"\nwait = false\n', "No OPC UA server", 3),
        ('[watch]\nurls = "opc.tcp://127.0.0.1:1"\ntags = "t.csv"\nmodels = "ruls"\n', "No model is called 'ruls'", 2),
    ],
)
def test_what_does_not_fit_is_one_sentence(tmp_path, capsys, text, told, status):
    (tmp_path / "t.csv").write_text("name,address\nL/A,ns=2;s=A\n")
    (tmp_path / "edge.toml").write_text(text)
    assert main(["--config", str(tmp_path / "edge.toml")]) == status
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


async def test_a_broker_is_watched_by_the_edge_box_alone_and_its_record_closed(tmp_path):
    (tmp_path / "t.csv").write_text("name,low,high,rate_hz,address\nL/A,0,10,10,plc/a\n")
    async with Broker("embedded") as broker:
        config = f'[watch]\nurls = "mqtt://127.0.0.1:{broker.port}"\ntags = "t.csv"\nrecords = "all"\nduration = "4s"\n'
        (tmp_path / "edge.toml").write_text(config)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "--config", str(tmp_path / "edge.toml"), "--json", stdout=pipe, stderr=pipe
        )
        done = asyncio.create_task(process.communicate())
        plc = await asyncio.to_thread(Plc, broker.port)
        while not done.done():
            await asyncio.to_thread(plc.say, "plc/a", "99")  # far out of its range
            await asyncio.wait({done}, timeout=0.1)
        await asyncio.to_thread(plc.leave)
    out, err = await done
    assert process.returncode == 0, err.decode()
    lines = [json.loads(line) for line in out.splitlines()]
    states = [line["sources"][0]["state"] for line in lines if "sources" in line]
    assert "connected" in states
    (alarm,) = [line["event"] for line in lines if "event" in line]
    assert (alarm["source"], alarm["condition"], alarm["change"]) == ("L/A", "sensor", "active")
    record = tmp_path / "all" / "watch-1"
    assert json.loads((record / "run.json").read_text())["state"] == "done"
    assert json.loads((record / "events.jsonl").read_text())["source"] == "L/A"
