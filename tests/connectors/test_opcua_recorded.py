"""Bodies that servers really sent, recorded after decryption: the columnar decoder says what asyncua says."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors import opcua_columns
from connectors.line import Settings
from connectors.live import live_source
from connectors.secrets import Login
from connectors.tags import Tag
from tests.connectors.test_opcua_live import maker
from tests.connectors.test_opcua_publish import ours, random_body, reference
from tests.ports import free_port
from tests.served import Person

MIXED = Path(__file__).parents[1] / "node" / "mixed.js"
FOREIGN = "ns=1;s="  # where node's server keeps its variables


@pytest.fixture
def visitor(tmp_path, monkeypatch, capsys) -> Person:
    person = Person(tmp_path / "visitor", monkeypatch, capsys)
    assert person.types("certs", "init")[0] == 0
    monkeypatch.setenv("TESTBED_HOME", str(person.home))
    return person


@contextmanager
def mixed(home: Path, *wish: str) -> Iterator[tuple[str, dict]]:
    """The server of every type, listening: its URL, and what it says of itself."""
    port = free_port()
    command = ["node", str(MIXED), str(port), str(home), *wish]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = ""
        while '"certificate"' not in line:  # what its parts say on stdout comes before
            line = process.stdout.readline()
            assert line, "the server did not start"
        yield f"opc.tcp://127.0.0.1:{port}/", json.loads(line)
    finally:
        process.terminate()
        process.communicate(timeout=15.0)


async def record(url: str, tags: list[Tag], settings: Settings, count: int, monkeypatch) -> tuple[list[bytes], float]:
    """So many bodies, and the share of notifications that came in columns."""
    bodies: list[bytes] = []
    decode = opcua_columns.decode_publish

    def kept(body: bytes):
        bodies.append(body)
        return decode(body)

    source = live_source([url], tags, settings, {"": Login()})
    with monkeypatch.context() as patch:
        patch.setattr(opcua_columns, "decode_publish", kept)
        async with asyncio.timeout(60 + count / 5), source:
            reading = asyncio.create_task(_drain(source))
            while len(bodies) < count:
                await asyncio.sleep(0.05)
            source.stop()
            await reading
    line = source.lines[0]
    assert line.received > 0
    return bodies, line.decoded.fast_share


async def _drain(source) -> None:
    async for _ in source:
        pass


def compare(bodies: list[bytes]) -> tuple[int, int]:
    """How many bodies were decoded in columns, and how many items they held; each equals asyncua's."""
    decoded = items = 0
    for body in bodies:
        rows = ours(body)
        if rows is not None:
            for mine, theirs in zip(rows, reference(body), strict=True):
                assert mine == theirs or is_picoseconds(mine, theirs)
            decoded += 1
            items += len(rows)
    return decoded, items


def is_picoseconds(mine: tuple, theirs: tuple) -> bool:
    """Whether they differ in the server's time alone, and ours is the right one.

    node-opcua sends picoseconds, which asyncua 2.1.0 reads in another order than OPC 10000-6, 5.2.2.17 has them.
    """
    return mine[:4] == theirs[:4] and abs(mine[4] - mine[3]) < 60e9 < abs(theirs[4] - theirs[3])


def plain(names: list[str]) -> list[Tag]:
    """Tags of what the columnar decoder knows."""
    left = ("LocalizedText", "Matrix", "Strings")
    return [Tag(name=f"M/{name}", address=f"{FOREIGN}{name}") for name in names if not name.startswith(left)]


@pytest.mark.needs("node")
@pytest.mark.parametrize("wish", [(), ("secure",)], ids=["in the clear", "encrypted"])
def test_bodies_of_a_server_of_another_make_are_decoded_as_asyncua_does(wish, visitor, tmp_path, monkeypatch):
    count = 20
    with mixed(tmp_path / "foreign", *wish) as (url, told):
        settings = Settings(publishing_ms=50.0)
        if wish:
            assert visitor.types("certs", "trust", told["certificate"])[0] == 0
            trusted = tmp_path / "foreign" / "pki" / "trusted" / "certs"  # as its administrator would
            shutil.copy(visitor.certificate, trusted / "testbed.der")
            settings = Settings(publishing_ms=50.0, security="Basic256Sha256,SignAndEncrypt")
        bodies, fast_share = asyncio.run(record(url, plain(told["names"]), settings, count, monkeypatch))
        everything = [Tag(name=f"M/{name}", address=f"{FOREIGN}{name}") for name in told["names"]]
        mixed_bodies, _ = asyncio.run(record(url, everything, settings, count, monkeypatch))
    decoded, items = compare(bodies)
    assert fast_share > 0.95
    assert decoded >= 0.95 * len(bodies) and items > 500
    compare(mixed_bodies)


def test_bodies_of_an_asyncua_server_are_decoded_as_it_does(monkeypatch):
    async def run() -> list[bytes]:
        async with maker(free_port()) as made:
            writing = asyncio.create_task(_write(made))
            tags = [Tag(name=f"L/{name}", address=f"/Objects/2:Caster/2:{name}")
                    for name in ("Level", "Speed", "Count", "On", "Heat", "Array")]  # fmt: skip
            try:
                return (await record(f"opc.tcp://127.0.0.1:{made.port}/", tags, Settings(publishing_ms=20.0), 150,
                                     monkeypatch))[0]  # fmt: skip
            finally:
                assert not writing.done()
                writing.cancel()

    decoded, items = compare(asyncio.run(run()))
    assert decoded >= 150 and items > 100


async def _write(made) -> None:
    n = 0
    while True:
        n += 1
        await made.write("Level", n / 3, 0 if n % 3 else 0x808C0000)
        await made.write("Speed", float(n))
        await made.write("Count", n)
        await made.write("On", bool(n % 2))
        await made.write("Heat", f"H{n}")
        await made.write("Array", [float(n)] * (1 + n % 4))
        await asyncio.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_bodies_are_decoded_as_asyncua_does():
    decoded = sum(ours(body) == reference(body) for body in (random_body(seed) for seed in range(100_000)))
    assert decoded == 100_000
