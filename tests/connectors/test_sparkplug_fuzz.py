"""Mutated Sparkplug payloads are refused by name, or read exactly as protobuf's own pure-Python decoder reads them."""

from __future__ import annotations

import json
import math
import os
import random
import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from connectors.errors import BadMessage
from connectors.items import Changes, Context
from connectors.mqtt_session import Note
from connectors.sparkplug import payload_of, properties_of, read_state
from connectors.sparkplug_schema import payload_class
from connectors.sparkplug_types import DataSet, DataType, read_value, write_value
from tests.connectors.sparkplug_pair import START, Pair

ROOT = Path(__file__).parents[2]
T = DataType
KINDS = ("BIRTH", "DEATH", "DATA")


def seeds() -> list[bytes]:
    """One payload of every kind: births, data, deaths, and one with every type and property there is."""
    pair = Pair()
    notes = [*pair.node.births(0, START), *pair.say(1.0, 2.0, 3.0), pair.node.death(0, START)]
    full = payload_class()(timestamp=START // 10**6, seq=5, uuid="u", body=b"b")
    table = DataSet(("a", "b"), (T.INT8, T.STRING), ((-1, "x"), (2, "강")))
    samples = {T.DATASET: table, T.STRING_ARRAY: ("a", "b"), T.BOOLEAN_ARRAY: [True, False] * 5, T.BYTES: b"\0\xff"}
    for kind in T:
        if kind in (T.UNKNOWN, T.TEMPLATE, T.PROPERTY_SET, T.PROPERTY_SET_LIST):
            continue
        value = samples.get(kind, [1, 2, 3] if kind > T.PROPERTY_SET_LIST else "text" if T.STRING <= kind else 5)
        metric = full.metrics.add(name=f"M{kind}", alias=kind, timestamp=START // 10**6, datatype=kind)
        write_value(metric, kind, {T.DATETIME: 5, T.FILE: b"f"}.get(kind, value))
        metric.properties.keys.append("Quality")
        metric.properties.values.add(type=3, int_value=192)
    full.metrics.add(name="T", datatype=19).template_value.metrics.add(name="x", int_value=1)
    return [*(note.payload for note in notes), full.SerializeToString()]


def mutated(source: random.Random, samples: list[bytes]) -> bytes:
    """A payload with bytes flipped, cut, repeated, spliced or made extreme."""
    data = bytearray(source.choice(samples))
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(data)) if data else 0
        match source.randrange(6):
            case 0 if data:
                data[at] ^= 1 << source.randrange(8)
            case 1:
                del data[at : at + source.randint(1, 8)]
            case 2:
                data[at:at] = data[at : at + source.randint(1, 30)]
            case 3:
                other = source.choice(samples)
                cut = source.randrange(len(other))
                data[at:] = other[cut:]
            case 4:
                data[at : at + 1] = source.choice(
                    [b"\xff", b"\0", b"\x80", b"\xff" * 9 + b"\1", struct.pack("<d", math.nan)]
                )
            case _:
                data[at:at] = source.randbytes(source.randint(1, 6))
    return bytes(data)


def reading(data: bytes) -> list[Any] | None:
    """What we read of a payload: numbers, times and values as plain JSON; None where it is refused."""
    try:
        payload = payload_of(data)
    except BadMessage:
        return None
    out: list[Any] = [payload.timestamp, payload.seq]
    for metric in payload.metrics:
        try:
            known = metric.HasField("datatype") and metric.datatype in list(T) and metric.datatype != T.TEMPLATE
            value = read_value(metric, T(metric.datatype)) if known and not metric.is_null else None
            value = value.tolist() if hasattr(value, "tolist") else value
            out.append([metric.alias, metric.timestamp, repr(value), sorted(properties_of(metric))])
        except BadMessage:
            out.append([metric.alias, metric.timestamp, "refused"])
    return out


def test_every_seed_reads_whole():
    for seed in seeds():
        assert "refused" not in json.dumps(reading(seed))


def leaves_known_out(message: Any) -> bool:
    """Whether a decoder took a field of the schema for an unknown one, here or deeper.

    The pure-Python decoder does so where a field's key is written in more bytes than it needs, which protobuf allows
    and every other decoder reads.
    """
    known = message.DESCRIPTOR.fields_by_number
    if any(field.field_number in known for field in UnknownFieldSet(message)):
        return True
    parts = [value for field, value in message.ListFields() if field.message_type is not None]
    return any(leaves_known_out(one) for part in parts for one in (part if hasattr(part, "append") else [part]))


def agrees(ours: Any, theirs: Any) -> bool:
    """Whether ours is refused, or what the reference reads; `theirs` is a line of REFERENCE."""
    return ours is None or theirs == "text" or ours == theirs or (isinstance(theirs, dict) and "leaves out" in theirs)


REFERENCE = """
import json, sys
from google.protobuf.internal import api_implementation
assert api_implementation.Type() == "python"
from connectors.sparkplug_schema import payload_class
from tests.connectors.test_sparkplug_fuzz import leaves_known_out, reading
for line in sys.stdin:
    data = bytes.fromhex(line)
    try:
        message = payload_class().FromString(data)
    except UnicodeDecodeError:  # it reads every text at once; ours tells a broken one when it is asked for
        print('"text"')
    except Exception:
        print("null")
    else:
        read = reading(data)
        print(json.dumps({"leaves out": read} if leaves_known_out(message) else read))
"""


def test_what_is_read_is_what_the_reference_decoder_reads():
    source, samples = random.Random(10_001), seeds()
    payloads = [mutated(source, samples) for _ in range(2000)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REFERENCE],
        input="\n".join(data.hex() for data in payloads),
        env={**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"},
        cwd=ROOT, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reference = [json.loads(line) for line in done.stdout.splitlines()]
    ours = [json.loads(json.dumps(reading(data))) for data in payloads]
    assert len(reference) == len(ours)
    pairs = list(zip(payloads, ours, reference, strict=True))
    differing = [(data.hex(), a, b) for data, a, b in pairs if not agrees(a, b)]
    assert not differing, differing[:3]
    stricter = sum(a is None and b not in (None, "text") for _, a, b in pairs)
    assert 200 < sum(read is None for read in ours) < 1900
    assert sum(isinstance(b, dict) for _, _, b in pairs) < 200
    assert stricter < 300  # the pure-Python decoder lets numbers pass that are longer than 64 bits


def storm(count: int, seed: int) -> tuple[int, int, int]:
    """A node's session, a third of its messages mutated: items, what was refused or malformed, peak kB gained."""
    source, samples = random.Random(seed), seeds()
    pair = Pair(reorder_s=0.05)
    items = before = said = 0
    while said < count:
        pair.wall += 0.5  # requests for a birth come every 2 s
        notes = pair.say(source.random(), source.random(), source.random())
        if pair.host.requests or source.random() < 0.01:
            pair.host.requests.clear()
            notes = list(pair.node.births(source.randrange(3), pair.now)) + notes
        for note in notes:
            if source.random() < 0.33:
                topic = source.choice([note.topic, note.topic, note.topic.replace("DATA", source.choice(KINDS))])
                note = Note(topic, mutated(source, [note.payload, source.choice(samples)]))
            came = pair.host.take(note.topic, note.payload, pair.now, pair.wall) + pair.host.tick(pair.wall)
            assert all(isinstance(item, Changes | Context) for item in came)
            items += len(came)
            said += 1
            if said == count // 4:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = pair.host.counts
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return items, counts.malformed + counts.refused + counts.outdated, grown


def test_a_host_survives_a_storm_of_mutated_messages():
    items, refused, _ = storm(20_000, 10_002)
    assert items > 3000 and refused > 3000


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_host_survives_a_million_mutated_messages_in_flat_memory(capsys):
    items, refused, grown = storm(1_000_000, 10_003)
    with capsys.disabled():
        print(f"\n{items} items, {refused} refused, {grown} kB gained")
    assert grown < 20_000


def test_mutated_states_are_refused_or_read():
    source = random.Random(10_004)
    good = json.dumps({"online": True, "timestamp": 1_767_571_200_000}).encode()
    assert read_state(good) == (True, 1_767_571_200_000)
    for _ in range(5000):
        data = mutated(source, [good, b'{"online": false, "timestamp": 1}', b"[" * 100_000, b"ONLINE"])
        try:
            is_online, ms = read_state(data)
        except BadMessage:
            continue
        told = json.loads(data)
        assert (told["online"], told["timestamp"]) == (is_online, ms)
