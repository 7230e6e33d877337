"""A served plant can be looked at over OPC UA and MQTT until it is stopped."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import paho.mqtt.client as mqtt
from asyncua import Client

from tests.ports import free_port


async def test_a_served_plant_shows_values_on_both_protocols_and_stops_when_told(monkeypatch):
    monkeypatch.setenv("TESTBED_BROKER", "embedded")
    opcua, broker = free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "testbed",
        "serve",
        "caster",
        "--opcua-port",
        str(opcua),
        "--mqtt-port",
        str(broker),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(4)]
        assert "simulated" in said[0]
        async with Client(f"opc.tcp://127.0.0.1:{opcua}/") as client:
            index = await client.get_namespace_index("urn:steel-testbed:plant")
            node = client.get_node(f"ns={index};s=POH/STEEL/CC1/S1.MOLD/LVL_PV")
            before = await moved(node, None)
            assert -130.0 < before < -70.0
            await moved(node, before)
        body = topic(broker, "POH/STEEL/CC1/S1.MOLD/V_CAST")
        assert body["eu"] == "m/min"
        assert 1.0 < body["v"] < 1.6
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Stopped." in out
    assert err == ""


def test_a_broker_of_somebody_else_is_never_taken_for_our_own():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "testbed", "serve", "caster", "--opcua-port", "0", "--mqtt-port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert f"Another program listens on port {port} already" in done.stderr
    assert done.stdout == ""


async def moved(node, before: float | None) -> float:
    """The node's value once it is there and differs from `before`; the test's own time limit ends a wait in vain."""
    while True:
        data = await node.read_data_value(raise_on_bad_status=False)
        if data.StatusCode.is_good() and data.Value.Value != before:
            return data.Value.Value


def topic(port: int, name: str) -> dict:
    """The next message under `name`, as JSON."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    got: list[bytes] = []
    client.on_message = lambda _client, _data, message: got.append(message.payload)
    client.connect("127.0.0.1", port)
    client.subscribe(name)
    while not got:
        client.loop(0.2)
    client.disconnect()
    client.loop(0.2)
    return json.loads(got[0])


def test_a_port_that_is_taken_is_told_in_one_sentence():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "testbed", "serve", "testplant", "--opcua-port", port, "--mqtt-port", "0"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
