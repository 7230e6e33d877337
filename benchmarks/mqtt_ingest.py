"""How fast MQTT comes in: JSON against a bare paho callback, and Sparkplug B into columns.

    python benchmarks/mqtt_ingest.py [--repeats 5] [--messages 60000] [--json]

JSON: a raw publisher sends 200 B messages on 100 topics, QoS 0, through mosquitto (the embedded broker where there is
none). Two readers alternate, each in a process of its own: paho's on_message that appends the payload, and ours, one
wildcard, to parsed items out of the source. What counts is processor time a message; medians of the repeats.
Sparkplug: DDATA of 1,000 doubles by alias, from bytes to Changes, on one core.
p99_ms: from the time in a JSON message to its item, at 5,000 messages a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import struct
import subprocess
import sys
import threading
from collections.abc import Callable

from connectors.broker import LOOPBACK, Broker
from connectors.clock import cpu_s, now_ns, wall_s
from connectors.tags import Tag

TOPICS = 100
RATE = 5_000.0  # messages a second while latency is measured
BATCH = 50  # messages in one write of the publisher
IDLE_S = 3.0  # a reader that hears nothing for so long has heard all
UNIT = "BENCH/LINE/UNIT"


def message(n: int, moment: int) -> bytes:
    """A PUBLISH packet, QoS 0, with 200 B of JSON. `moment` is ns."""
    topic = f"{UNIT}/T{n % TOPICS:02d}".encode()
    head = f'{{"v": {n * 0.125:.3f}, "ts": {moment // 1000}, "q": 0, "n": {n}, "pad": "'
    body = (head + "x" * (198 - len(head)) + '"}').encode()
    size = 2 + len(topic) + len(body)
    return b"\x30" + bytes([size & 127 | 128, size >> 7]) + struct.pack(">H", len(topic)) + topic + body


def publish(port: int, count: int, rate: float | None) -> None:
    """Send `count` messages as fast as they go, or at a rate."""
    with socket.create_connection((LOOPBACK, port)) as link:
        link.sendall(bytes.fromhex("100d00044d5154540402003c000170")[:15])
        link.recv(4)
        began = wall_s()
        for n in range(0, count, BATCH):
            while rate is not None and n > (wall_s() - began) * rate:
                threading.Event().wait(0.001)
            link.sendall(b"".join(message(n + i, now_ns()) for i in range(BATCH)))
        link.sendall(b"\xe0\0")


def read_bare(port: int, count: int) -> tuple[float, list[float]]:
    """Processor seconds of paho appending `count` payloads."""
    import paho.mqtt.client as paho

    payloads: list[bytes] = []
    is_done = threading.Event()

    def on_message(client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        payloads.append(message.payload)
        if len(payloads) == count:
            is_done.set()

    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.on_connect = lambda *_: client.subscribe(f"{UNIT}/#")
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(LOOPBACK, port)
    client.loop_start()
    began = cpu_s()
    is_done.wait(120.0)
    used = cpu_s() - began
    client.disconnect()
    client.loop_stop()
    return used * count / max(len(payloads), 1), []


def read_ours(port: int, count: int) -> tuple[float, list[float]]:
    """Processor seconds of our source for `count` values, and each item's latency in ms."""
    return asyncio.run(_read_ours(port, count))


async def _read_ours(port: int, count: int) -> tuple[float, list[float]]:
    from connectors.mqtt_json import JsonSource

    tags = [Tag(name=f"{UNIT}/T{n:02d}") for n in range(TOPICS)]
    latency: list[float] = []
    came = 0
    async with JsonSource(tags, port, filter=f"{UNIT}/#") as source:
        print("ready", flush=True)
        began = cpu_s()
        async for item in source:
            now = now_ns()
            came += len(item.time)
            latency += ((now - item.time) / 1e6).tolist() if count <= 20 * RATE else []
            if came >= count:
                break
        used = cpu_s() - began
    return used, latency


READERS: dict[str, Callable[[int, int], tuple[float, list[float]]]] = {"paho": read_bare, "ours": read_ours}


def measure(port: int, reader: str, count: int, rate: float | None = None) -> tuple[float, list[float]]:
    """One run in a process of its own: processor seconds, latencies."""
    command = [sys.executable, __file__, "--reader", reader, "--port", str(port), "--messages", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101
        process.stdout.readline()
        publish(port, count, rate)
        used, latency = json.loads(process.stdout.readline())
    return used, latency


async def compare(repeats: int, count: int) -> dict[str, float]:
    """Messages per core-second of both readers, and the latency of ours."""
    async with Broker() as broker:
        runs: dict[str, list[float]] = {"paho": [], "ours": []}
        for _ in range(repeats):
            for reader, used in runs.items():
                used.append((await asyncio.to_thread(measure, broker.port, reader, count))[0])
        per_core = {reader: count / statistics.median(used) for reader, used in runs.items()}
        _, latency = await asyncio.to_thread(measure, broker.port, "ours", round(10 * RATE), RATE)
    latency.sort()
    return {
        "paho_per_core": round(per_core["paho"]),
        "ours_per_core": round(per_core["ours"]),
        "json_ratio_vs_paho": round(per_core["ours"] / per_core["paho"], 3),
        "p50_ms": round(latency[len(latency) // 2], 3),
        "p99_ms": round(latency[len(latency) * 99 // 100], 3),
        "broker": broker.kind,
    }


def sparkplug_per_core(repeats: int) -> int:
    """Metrics a core-second: DDATA of 1,000 doubles by alias, from bytes to Changes."""
    from connectors.sparkplug_host import HostApplication
    from connectors.sparkplug_node import edge_nodes
    from connectors.tags import Group

    tags = tuple(Tag(name=f"BENCH/AREA/LINE/UNIT/T{n}", group="g") for n in range(1000))
    (node,) = edge_nodes([Group("g", tags)])
    runs = []
    for _ in range(repeats):
        host, now = HostApplication(), now_ns()
        for note in node.births(0, now):
            host.take(note.topic, note.payload, now, 0.0)
        notes = []
        for n in range(100):
            time = now + (n + 1) * 1_000_000
            found = node.update([_row(tags, time, n)])
            notes += node.data(found, time)
        began = cpu_s()
        samples = sum(len(item.time) for note in notes for item in host.take(note.topic, note.payload, now, 0.0))
        runs.append(samples / (cpu_s() - began))
    return round(statistics.median(runs))


def _row(tags: tuple[Tag, ...], time: int, n: int):
    import numpy as np

    from connectors.items import Batch

    values = np.arange(len(tags), dtype=float)[None, :] + n / 7
    return Batch(tags, np.array([time]), values, np.zeros(values.shape, np.uint32))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--json", action="store_true", help="the last line alone")
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader:
        print(json.dumps(READERS[arguments.reader](arguments.port, arguments.messages)), flush=True)
        return
    found: dict[str, object] = {"sparkplug_metrics_per_core": sparkplug_per_core(arguments.repeats)}
    found |= asyncio.run(compare(arguments.repeats, arguments.messages))
    if not arguments.json:
        for key, value in found.items():
            print(f"{key:28} {value}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
