"""How fast OPC UA comes in from a server of another make: ours, asyncua's handler and node-opcua's client in turn.

    python benchmarks/opcua_ingest.py [--repeats 5] [--seconds 5] [--short] [--json]

A node-opcua server changes 1,000 variables 50 times a second, then 5,000 of them 10 times: 50,000 changes a second.
Each reader runs in a process of its own; what counts is changes received in a core-second, medians of the repeats.
Ours is the source that `testbed watch` reads, up to its items. Values are tick numbers, so what is lost is seen from
them. Latency is from the source time to the item in hand, over the whole span; `p99_start_ms` and `p99_end_ms` are its
first and its last third. Then arrays: 10 variables of 1,000 Doubles, 125 times a second; and how long it takes until
10,000 variables are subscribed. Needs node with the packages of tests/node.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from connectors.broker import LOOPBACK, free_port
from connectors.clock import cpu_s, now_ns, sleep, wall_s

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "tests" / "node" / "node_modules"
SETTINGS = ((1_000, 50), (5_000, 10))  # variables, changes a second of each
ARRAYS = (10, 125, 1_000)  # variables, arrays a second, samples in one
MANY = 10_000
PUBLISHING_MS = 100.0
QUEUE = 1_000
WARM_S = 2.0
READERS = ("ours", "asyncua", "node")

Run = dict[str, Any]


# -- the readers, each in a process of its own -------------------------------------------------------------------


async def read_ours(url: str, items: int, hz: int, length: int, seconds: float) -> Run:
    """Changes received in `seconds`, processor seconds, latencies in ms, what is missing between tick numbers."""
    from connectors.items import Batch, Changes
    from connectors.line import Settings
    from connectors.live import live_source
    from connectors.tags import Tag

    tags = [Tag(name=f"BENCH/T{i}", address=f"ns=1;s=T{i}", rate_hz=hz * (length or 1)) for i in range(items)]
    began = wall_s()
    source = live_source([url], tags, Settings(publishing_ms=PUBLISHING_MS))
    came: list[tuple[int, Any]] = []
    async with source:
        subscribed_s = wall_s() - began
        reading = asyncio.create_task(_take(source, came, (Changes, Batch)))
        await sleep(WARM_S)
        before, used, start, at = len(came), cpu_s(), wall_s(), now_ns()
        await sleep(seconds)
        used, wall, until = cpu_s() - used, wall_s() - start, len(came)
        source.stop()
        await reading
    line: Any = source.lines[0]
    taken = came[before:until]
    latency, when = _latencies(taken)
    thirds = [latency[when < at + seconds * 1e9 / 3], latency[when > at + seconds * 2e9 / 3]]
    return {
        "n": sum(len(item.time) for _, item in taken),
        "cpu": used,
        "wall": wall,
        "lost": _missing(taken, length),
        "fast_share": line.decoded.fast_share,
        "subscribed_s": subscribed_s,
        **_percentiles(latency),
        "p99_start": _percentiles(thirds[0])["p99"],
        "p99_end": _percentiles(thirds[1])["p99"],
    }


async def _take(source: Any, came: list[tuple[int, Any]], kinds: tuple[type, ...]) -> None:
    async for items in source:
        now = now_ns()
        came += [(now, item) for item in items if isinstance(item, kinds)]


def _latencies(taken: list[tuple[int, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds from each sample's source time, and ns when it was in hand."""
    if not taken:
        return np.empty(0), np.empty(0)
    when = np.concatenate([np.full(len(item.time), now) for now, item in taken])
    return (when - np.concatenate([item.time for _, item in taken])) / 1e6, when


def _missing(taken: list[tuple[int, Any]], length: int) -> int:
    """Ticks of each variable between the first and the last that came, less those that came."""
    ticks: dict[int, list[np.ndarray]] = {}
    for _, item in taken:
        if length:
            ticks.setdefault(number_of(item.tags[0].name), []).append(item.values[:, 0])
            continue
        order = np.argsort(item.tag, kind="stable")
        cuts = np.flatnonzero(np.diff(item.tag[order])) + 1
        for rows in np.split(order, cuts):
            ticks.setdefault(int(item.tag[rows[0]]), []).append(item.value[rows])
    missing = 0
    for parts in ticks.values():
        whole = np.unique(np.concatenate(parts))
        missing += int(whole[-1] - whole[0]) + 1 - len(whole)
    return missing


def number_of(name: str) -> int:
    """The number in a variable's name."""
    return int(name.rpartition("/T")[2])


async def read_asyncua(url: str, items: int, seconds: float) -> Run:
    """The same by asyncua's subscription handler."""
    from asyncua import Client

    latency: list[float] = []
    ticks: dict[Any, float] = {}
    lost = 0.0

    class Handler:
        def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
            nonlocal lost
            lost += value - ticks.get(node, value - 1) - 1
            ticks[node] = value
            latency.append(now_ns() / 1e6 - data.monitored_item.Value.SourceTimestamp.timestamp() * 1e3)

    client = Client(url)
    async with client:
        subscription = await client.create_subscription(PUBLISHING_MS, Handler())
        nodes = [client.get_node(f"ns=1;s=T{i}") for i in range(items)]
        for at in range(0, items, 1_000):
            await subscription.subscribe_data_change(nodes[at : at + 1_000], queuesize=QUEUE, sampling_interval=0.0)
        await sleep(WARM_S)
        before, used, start = len(latency), cpu_s(), wall_s()
        await sleep(seconds)
        used, wall, n = cpu_s() - used, wall_s() - start, len(latency) - before
        told = np.array(latency[before:])
        print(json.dumps({"n": n, "cpu": used, "wall": wall, "lost": lost, **_percentiles(told)}), flush=True)
        os._exit(0)  # what waits behind it is not measured
    raise AssertionError


def _percentiles(latency: np.ndarray) -> dict[str, float | None]:
    if not len(latency):
        return {"p50": None, "p99": None}
    return {"p50": round(float(np.percentile(latency, 50)), 1), "p99": round(float(np.percentile(latency, 99)), 1)}


# -- the server, and one run after the other ---------------------------------------------------------------------


@contextmanager
def served(items: int, hz: int, length: int = 0, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server of another make, listening."""
    port = free_port()
    command = ["node", str(HERE / "node" / "changes.js"), str(port), str(items), str(hz), str(length), *more]
    with subprocess.Popen(
        command, env=_env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101
        try:
            while '"port"' not in (line := process.stdout.readline()):
                if not line:
                    sys.exit("The node server did not start. Are the packages there? cd tests/node && npm ci")
            yield f"opc.tcp://{LOOPBACK}:{port}/", process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15.0)
            except subprocess.TimeoutExpired:  # it may still be busy with a reader that left without a goodbye
                process.kill()


def _env() -> dict[str, str]:
    return {**os.environ, "NODE_PATH": str(PACKAGES)}


def measure(reader: str, url: str, items: int, hz: int, seconds: float, length: int = 0) -> Run:
    """One run in a process of its own."""
    if reader == "node":
        command = ["node", str(HERE / "node" / "reader.js"), url, str(items), str(WARM_S), str(seconds)]
    else:
        numbers = [str(number) for number in (items, hz, length, seconds)]
        command = [sys.executable, __file__, "--reader", reader, url, *numbers]
    told = subprocess.run(command, env=_env(), capture_output=True, text=True, timeout=180 + seconds, check=False)
    if told.returncode or not told.stdout.strip():
        sys.exit(f"The reader {reader} failed: {told.stderr[-2000:]}")
    return json.loads(told.stdout.splitlines()[-1])


def compare(items: int, hz: int, repeats: int, seconds: float) -> dict[str, list[Run]]:
    """Every reader in turn, each at a server of its own: what one leaves behind there would slow down the next."""
    runs: dict[str, list[Run]] = {reader: [] for reader in READERS}
    for _ in range(repeats):
        for reader, told in runs.items():
            with served(items, hz) as (url, _):
                told.append(measure(reader, url, items, hz, seconds))
    return runs


def per_core(run: Run) -> float:
    """Changes received in a core-second."""
    return run["n"] / max(run["cpu"], 1e-6)


def _median(runs: list[Run], key: str) -> float | None:
    """None where no run has it: nothing came in that span."""
    return statistics.median(known) if (known := [run[key] for run in runs if run[key] is not None]) else None


def summary(items: int, hz: int, runs: dict[str, list[Run]]) -> dict[str, Any]:
    """Medians of one setting."""
    ours = runs["ours"]
    cores = {reader: round(statistics.median(map(per_core, told))) for reader, told in runs.items()}
    return {
        "items": items,
        "hz": hz,
        "per_core": cores,
        "ratio_asyncua": round(cores["ours"] / cores["asyncua"], 1),
        "ratio_node": round(cores["ours"] / cores["node"], 2),
        "rate": round(statistics.median(run["n"] / run["wall"] for run in ours)),
        "cpu_share": round(statistics.median(run["cpu"] / run["wall"] for run in ours), 4),
        "lost": sum(run["lost"] for run in ours),
        "p50_ms": _median(ours, "p50"),
        "p99_ms": _median(ours, "p99"),
        "p99_start_ms": _median(ours, "p99_start"),
        "p99_end_ms": _median(ours, "p99_end"),
        "fast_share": min(run["fast_share"] for run in ours),
    }


def arrays(repeats: int, seconds: float) -> dict[str, Any]:
    """Samples a second of arrays, and the share of a core they take."""
    items, hz, length = ARRAYS
    with served(items, hz, length) as (url, _):
        runs = [measure("ours", url, items, hz, seconds, length) for _ in range(repeats)]
    return {
        "array_samples_s": round(statistics.median(run["n"] / run["wall"] for run in runs)),
        "array_cpu_share": round(statistics.median(run["cpu"] / run["wall"] for run in runs), 4),
        "array_lost": sum(run["lost"] for run in runs),
    }


def many(seconds: float) -> dict[str, Any]:
    """Seconds from nothing to 10,000 variables subscribed, and whether all of them come."""
    with served(MANY, 1) as (url, _):
        run = measure("ours", url, MANY, 1, seconds)
    return {"many_items": MANY, "many_subscribed_s": round(run["subscribed_s"], 2), "many_lost": run["lost"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="wall seconds of a run")
    parser.add_argument("--short", action="store_true", help="one run of each, two seconds")
    parser.add_argument("--json", action="store_true", help="the last line alone")
    parser.add_argument("--reader", nargs=6, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader:
        _read(*arguments.reader)
        return
    repeats, seconds = (1, 2.0) if arguments.short else (arguments.repeats, arguments.seconds)
    settings = [summary(items, hz, compare(items, hz, repeats, seconds)) for items, hz in SETTINGS]
    worst = min(settings, key=lambda found: found["ratio_node"])
    found: dict[str, Any] = {
        "per_core": worst["per_core"],
        "ratio_asyncua": min(one["ratio_asyncua"] for one in settings),
        "ratio_node": min(one["ratio_node"] for one in settings),
        **{
            key: max((one[key] for one in settings if one[key] is not None), default=None)
            for key in ("cpu_share", "p50_ms", "p99_ms")
        },
        "lost": sum(one["lost"] for one in settings),
        "fast_share": min(one["fast_share"] for one in settings),
        **arrays(repeats, seconds),
        **many(seconds),
        "settings": settings,
    }
    if not arguments.json:
        _show(settings, found)
    print(json.dumps(found))


def _read(reader: str, url: str, items: str, hz: str, length: str, seconds: str) -> None:
    """One reader's run: its last line is JSON."""
    if reader == "asyncua":
        asyncio.run(read_asyncua(url, int(items), float(seconds)))
    print(json.dumps(asyncio.run(read_ours(url, int(items), int(hz), int(length), float(seconds)))), flush=True)


def _show(settings: list[dict[str, Any]], found: dict[str, Any]) -> None:
    print(f"{'items':>6} {'ours/core':>10} {'asyncua':>8} {'node':>8} {'x asyncua':>9} {'x node':>7} "
          f"{'rate/s':>7} {'cpu':>6} {'lost':>5} {'p50 ms':>7} {'p99 ms':>7} {'start':>6} {'end':>6}")  # fmt: skip
    for one in settings:
        core = one["per_core"]
        print(f"{one['items']:>6} {core['ours']:>10} {core['asyncua']:>8} {core['node']:>8} {one['ratio_asyncua']:>9} "
              f"{one['ratio_node']:>7} {one['rate']:>7} {one['cpu_share']:>6.1%} {one['lost']:>5} {one['p50_ms']!s:>7} "
              f"{one['p99_ms']!s:>7} {one['p99_start_ms']!s:>6} {one['p99_end_ms']!s:>6}")  # fmt: skip
    for key in ("array_samples_s", "array_cpu_share", "array_lost", "many_items", "many_subscribed_s", "many_lost"):
        print(f"{key:20} {found[key]}")


if __name__ == "__main__":
    main()
