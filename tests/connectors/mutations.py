"""Mutated payloads of every kind that comes from outside, each held against a decoder written or made elsewhere.

A kind's `judge` is given one payload: it must be refused by the error that names it, or be decoded exactly as the
reference decodes it. References: asyncua for publish bodies, protobuf's pure-Python decoder for Sparkplug, the plain
way through the standard library for JSON, `reference_message` below for group messages, which blocks and pictures
travel in, and the sizes that stand in a picture's own header.
"""

# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import json
import os
import random
import resource
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from connectors import pictures
from connectors.errors import BadMessage, InputError
from connectors.items import Batch, Context, Frame
from connectors.message import decode
from connectors.mqtt_json import JsonColumns
from connectors.mqtt_values import decoded
from tests.connectors import test_message, test_mqtt_json, test_opcua_publish, test_sparkplug_fuzz

ROOT = Path(__file__).parents[2]
BODIES = 2_000  # publish bodies that mutations begin with
DAY_NS = 86_400 * 10**9
Judge = Callable[[bytes], bool]  # True: decoded as the reference does; False: refused by name; else AssertionError


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of payload: what mutations begin with, and a judge, which may hold a process of its own."""

    name: str
    samples: Callable[[], list[bytes]]
    judging: Callable[[ExitStack], Judge]


@dataclass(slots=True)
class Tally:
    """What became of so many payloads, and how much the process grew after the first tenth, KiB."""

    payloads: int = 0
    decoded: int = 0
    refused: int = 0
    grown_kib: int = 0


def storm(kind: Kind, count: int, seed: int) -> Tally:
    """Judge so many mutated payloads. Raises AssertionError, with the payload, where one is read wrongly."""
    rng, tally, samples = random.Random(seed), Tally(), kind.samples()
    early = 0
    with ExitStack() as stack:
        judge = kind.judging(stack)
        for payload in _payloads(rng, samples, count):
            try:
                is_decoded = judge(payload)
            except Exception as error:
                raise AssertionError(f"{kind.name} {payload.hex()}") from error
            tally.payloads += 1
            tally.decoded += is_decoded
            tally.refused += not is_decoded
            if tally.payloads == max(1, count // 10):
                early = _peak_kib()
    tally.grown_kib = _peak_kib() - early
    return tally


def _payloads(rng: random.Random, samples: list[bytes], count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield test_sparkplug_fuzz.mutated(rng, samples) if rng.random() < 0.5 else _bent(rng, rng.choice(samples))


def _bent(rng: random.Random, sample: bytes) -> bytes:
    """One or two bytes changed, or four made extreme: what a decoder is likely to take."""
    data = bytearray(sample)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(data))
        if rng.random() < 0.7:
            data[at] = rng.randrange(256)
        else:
            data[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80"])
    return bytes(data)


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# -- publish bodies --------------------------------------------------------------------------------------------


def _publish(stack: ExitStack) -> Judge:
    def judge(body: bytes) -> bool:
        rows = test_opcua_publish.ours(body)
        if rows is None:
            return False  # left to asyncua
        theirs = test_opcua_publish.reference(body)
        # but for the server's time after picoseconds that a mutation has put there: asyncua reads them in another order
        assert [row[:4] for row in rows] == [row[:4] for row in theirs]
        return True

    return judge


# -- Sparkplug -------------------------------------------------------------------------------------------------

LINE_BY_LINE = test_sparkplug_fuzz.REFERENCE.replace("for line", "print('ready', flush=True)\nfor line")


def _sparkplug(stack: ExitStack) -> Judge:
    env = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python", "PYTHONUNBUFFERED": "1"}
    process = stack.enter_context(_reference_process(env))
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    ask, answer = process.stdin, process.stdout

    def judge(data: bytes) -> bool:
        ask.write(data.hex() + "\n")
        ask.flush()
        ours = json.loads(json.dumps(test_sparkplug_fuzz.reading(data)))
        theirs = json.loads(answer.readline())
        # the reference reads every text at once, ours tells a broken one when it is asked for
        assert test_sparkplug_fuzz.agrees(ours, theirs)
        return ours is not None

    return judge


@contextmanager
def _reference_process(env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", LINE_BY_LINE], env=env, cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


# -- JSON ------------------------------------------------------------------------------------------------------


def _json_samples() -> list[bytes]:
    return [json.dumps(message).encode() for message in test_mqtt_json.MESSAGES]


def _json(stack: ExitStack) -> Judge:
    now = test_mqtt_json.NOW

    def judge(data: bytes) -> bool:
        columns = JsonColumns(test_mqtt_json.TAGS)
        rows = test_mqtt_json.as_rows(columns.items([("POH/A", data)], now))
        try:
            time, value, status = decoded(data)
        except BadMessage:
            time = 2**63
        if time is not None and abs(time) >= 2**63:
            assert not rows and columns.malformed == 1
            return False
        shown = value if isinstance(value, str) else repr(float(value))
        assert rows == [("POH/A", now if time is None else time, shown, status)]
        return True

    return judge


# -- group messages: scalars, blocks, pictures, texts -------------------------------------------------------------


def reference_message(data: bytes) -> tuple[Any, ...]:
    """A group message read value by value with `struct`, as docs of the format have it. Any exception: it is none."""
    (size,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + size].decode("utf-8-sig" if data[4:7] == b"\xef\xbb\xbf" else "utf-8"))
    group = test_message.KNOWN[header["group"]]
    at, parts = 4 + size, []

    def numbers(form: str, n: int) -> list[Any]:
        nonlocal at
        at += n * struct.calcsize(form)
        return [struct.unpack_from(f"<{form}", data, at - (n - i) * struct.calcsize(form))[0] for i in range(n)]

    for part in header["parts"]:
        if part["kind"] == "text":
            parts.append((group.tags[part["tag"]].name, part["t"], part["text"]))
        elif part["kind"] == "frame":
            at += part["bytes"]
            parts.append((group.tags[part["tag"]].name, part["t"], data[at - part["bytes"] : at], part["part_id"]))
        else:
            tags = part.get("tags", range(len(group.tags)))
            n, k = part["n"], len(tags)
            time = None if "rate_hz" in part else numbers("q", n)
            if time is None:
                time = [part["t0"] + i * 1_000_000 / part["rate_hz"] for i in range(n)]
            values = numbers("d", n * k)
            status = numbers("I", n * k) if part.get("status") == "each" else [0] * (n * k)
            parts.append(([group.tags[i].name for i in tags], time, [struct.pack("<d", v) for v in values], status))
    return header["group"], header["seq"], header["time"], header["count"], bool(header["end"]), parts


def _as_reference(data: bytes) -> tuple[Any, ...]:
    message = decode(data, test_message.KNOWN)
    parts: list[tuple[Any, ...]] = []
    for item in message.items:
        match item:
            case Context():
                parts.append((item.tag.name, item.time // 1000, item.text))
            case Frame():
                parts.append((item.tag.name, item.time // 1000, item.data, item.part_id))
            case Batch():
                values = [struct.pack("<d", value) for value in item.values.ravel().tolist()]
                names = [tag.name for tag in item.tags]
                parts.append((names, [t / 1000 for t in item.time.tolist()], values, item.status.ravel().tolist()))
    return message.group, message.seq, message.mark.time // 1000, message.mark.count, message.is_last, parts


def _messages(stack: ExitStack) -> Judge:
    def judge(data: bytes) -> bool:
        try:
            ours = _as_reference(data)
        except BadMessage as error:
            assert str(error)
            return False
        theirs = reference_message(data)
        assert ours[:5] == theirs[:5] and len(ours[5]) == len(theirs[5])
        for mine, other in zip(ours[5], theirs[5], strict=True):
            if isinstance(mine[0], list):  # times to the microsecond, in which floats of the reference may round
                assert np.allclose(mine[1], other[1], rtol=1e-15, atol=1.0)
                mine, other = (mine[0], *mine[2:]), (other[0], *other[2:])
            assert mine == other
        return True

    return judge


# -- headers of pictures -----------------------------------------------------------------------------------------


def _picture_samples() -> list[bytes]:
    grey = np.random.default_rng(10_011).integers(0, 256, (13, 17), np.uint8)
    colour = np.repeat(grey[..., None], 3, axis=2)
    endings = (".png", ".tiff", ".jpg", ".bmp")
    return [pictures.cv2.imencode(ending, image)[1].tobytes() for ending in endings for image in (grey, colour)]


def stated_size(data: bytes) -> tuple[int, int] | None:
    """Height and width as the header of a PNG or BMP states them; None for what is neither."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
        width, height = struct.unpack(">II", data[16:24])
        return height, width
    if data[:2] == b"BM" and len(data) >= 26 and struct.unpack_from("<I", data, 14)[0] >= 36:
        width, height = struct.unpack_from("<ii", data, 18)
        return abs(height), width
    return None


def _pictures(stack: ExitStack) -> Judge:
    def judge(data: bytes) -> bool:
        try:
            image = pictures.decode(data)
        except InputError as error:
            assert str(error)
            return False
        assert image.dtype == np.uint8 and image.size and (image.ndim == 2 or image.shape[2] == 3)
        assert stated_size(data) in (None, image.shape[:2])
        return True

    return judge


KINDS = (
    Kind("publish", lambda: [test_opcua_publish.random_body(seed) for seed in range(BODIES)], _publish),
    Kind("sparkplug", test_sparkplug_fuzz.seeds, _sparkplug),
    Kind("json", _json_samples, _json),
    Kind("blocks", lambda: test_message.samples(), _messages),
    Kind("pictures", _picture_samples, _pictures),
)
