"""The columnar decoder says of any body what asyncua's own decoder says, or nothing."""

# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from connectors.opcua_publish import Rows, Run, decode_publish, in_columns
from connectors.times import NONE, of_datetime

TYPES = [
    ua.VariantType.Boolean,
    ua.VariantType.SByte,
    ua.VariantType.Byte,
    ua.VariantType.Int16,
    ua.VariantType.UInt16,
    ua.VariantType.Int32,
    ua.VariantType.UInt32,
    ua.VariantType.Int64,
    ua.VariantType.UInt64,
    ua.VariantType.Float,
    ua.VariantType.Double,
    ua.VariantType.DateTime,
    ua.VariantType.String,
    ua.VariantType.ByteString,
]
MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def _scalar(rng: random.Random, kind: ua.VariantType):
    if kind == ua.VariantType.Boolean:
        return rng.random() < 0.5
    if kind in (ua.VariantType.Float, ua.VariantType.Double):
        return rng.choice([0.0, -1.5, 3e10, float("nan"), rng.gauss(0, 1)])
    if kind == ua.VariantType.DateTime:
        return MOMENT + timedelta(microseconds=rng.randrange(10**12))
    if kind == ua.VariantType.String:
        return rng.choice(["", "heat 4711", "슬라브", None])
    if kind == ua.VariantType.ByteString:
        return rng.choice([b"", b"\x00\xff", b"x" * 40])
    return rng.randrange(0, 100) if kind.name.startswith(("U", "B")) else rng.randrange(-100, 100)


def _value(rng: random.Random, kind: ua.VariantType) -> ua.DataValue:
    is_array = rng.random() < 0.2 and kind not in (ua.VariantType.String, ua.VariantType.ByteString)
    value = [_scalar(rng, kind) for _ in range(rng.choice([0, 1, 4, 4, 9]))] if is_array else _scalar(rng, kind)
    moment = MOMENT + timedelta(microseconds=rng.randrange(10**9))
    return ua.DataValue(
        Value=None if rng.random() < 0.1 else ua.Variant(value, kind, is_array=is_array),
        StatusCode=None if rng.random() < 0.3 else ua.StatusCode(rng.choice([0, 0x80320000, 0x40000000])),
        SourceTimestamp=None if rng.random() < 0.2 else moment,
        ServerTimestamp=None if rng.random() < 0.5 else moment,
    )


def body_of(notifications: list[object], sequence: int = 7) -> bytes:
    """The body of a PublishResponse, as a server sends it."""
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = 3
    response.Parameters.AvailableSequenceNumbers = [1, 2]
    response.Parameters.Results = [ua.StatusCode(0)]
    response.Parameters.NotificationMessage.SequenceNumber = sequence
    response.Parameters.NotificationMessage.NotificationData = notifications
    return struct_to_binary(response)


def random_body(seed: int) -> bytes:
    """Some notifications of mixed or equal types, masks, statuses and arrays."""
    rng = random.Random(seed)
    notifications = []
    for _ in range(rng.choice([0, 1, 1, 2])):
        template = _value(rng, rng.choice(TYPES))
        is_mixed = rng.random() < 0.5
        items = [
            ua.MonitoredItemNotification(
                rng.randrange(1, 10_000), _value(rng, rng.choice(TYPES)) if is_mixed else template
            )
            for _ in range(rng.randrange(30))
        ]
        notifications.append(ua.DataChangeNotification(MonitoredItems=items))
    return body_of(notifications)


def reference(body: bytes) -> list[tuple]:
    """What asyncua makes of a body, an item a row."""
    response = struct_from_binary(ua.PublishResponse, Buffer(body))
    rows = []
    for notification in response.Parameters.NotificationMessage.NotificationData or ():
        for item in notification.MonitoredItems:
            data = item.Value
            value = None if data.Value is None else data.Value.Value
            rows.append(
                (
                    item.ClientHandle,
                    _plain(value),
                    0 if data.StatusCode is None else data.StatusCode.value,
                    NONE if data.SourceTimestamp is None else of_datetime(data.SourceTimestamp),
                    NONE if data.ServerTimestamp is None else of_datetime(data.ServerTimestamp),
                )
            )
    return rows


def _plain(value):
    """Values as they can be compared: times in ns, NaN equal to itself, lists as tuples."""
    if isinstance(value, datetime):
        return of_datetime(value)
    if isinstance(value, float) and np.isnan(value):
        return "nan"
    if isinstance(value, list):
        return tuple(_plain(one) for one in value)
    return value


def ours(body: bytes) -> list[tuple] | None:
    """What the columnar decoder makes of it, in the same shape."""
    published = decode_publish(body)
    if published is None:
        return None
    return _rows(published.runs)


def _rows(runs: Iterable[Run | Rows]) -> list[tuple]:
    rows = []
    for run in in_columns(runs):
        for i in range(len(run)):
            value = None
            if isinstance(run.values, np.ndarray):
                value = run.values[i].tolist()
            elif run.values is not None:
                value = run.values[i]
            rows.append((int(run.handle[i]), _plain(value), int(run.status[i]), int(run.source[i]), int(run.server[i])))
    return rows


@pytest.mark.parametrize("seed", range(150))
def test_it_says_what_asyncua_says(seed):
    body = random_body(seed)
    assert ours(body) == reference(body)


def test_messages_taken_together_say_what_they_say_one_by_one():
    bodies = [random_body(seed) for seed in range(150)]
    known = [(body, published) for body in bodies if (published := decode_publish(body)) is not None]
    assert len(known) > 50
    one_by_one = [row for body, _ in known for row in ours(body) or ()]
    assert _rows(run for _, published in known for run in published.runs) == one_by_one


def test_rows_of_one_layout_are_one_run_of_whatever_message():
    items = [ua.MonitoredItemNotification(i, ua.DataValue(ua.Variant(float(i)))) for i in range(40)]
    published = decode_publish(body_of([ua.DataChangeNotification(MonitoredItems=items)]))
    assert published is not None
    assert [len(run) for run in in_columns(published.runs * 3)] == [120]


@pytest.mark.parametrize("ticks", [0, 2**62, -(2**62)])
def test_a_time_that_is_none_in_nanoseconds_is_left_to_asyncua(ticks):
    body = body_of([ua.DataChangeNotification(MonitoredItems=[_timed(MOMENT)])])
    known = struct.pack("<q", _ticks_of(MOMENT))
    assert body.count(known) == 1
    assert decode_publish(body) is not None
    assert decode_publish(body.replace(known, struct.pack("<q", ticks))) is None


def _timed(moment: datetime) -> ua.MonitoredItemNotification:
    return ua.MonitoredItemNotification(1, ua.DataValue(ua.Variant(1.5), SourceTimestamp=moment))


def _ticks_of(moment: datetime) -> int:
    return 116_444_736_000_000_000 + round(moment.timestamp() * 1e6) * 10


def test_equal_items_are_one_run():
    items = [
        ua.MonitoredItemNotification(i, ua.DataValue(ua.Variant(float(i)), ua.StatusCode(0), MOMENT))
        for i in range(500)
    ]
    published = decode_publish(body_of([ua.DataChangeNotification(MonitoredItems=items)]))
    assert published is not None
    assert [len(run) for run in published.runs] == [500]
    assert (published.subscription, published.sequence) == (3, 7)


def test_picoseconds_stand_where_the_specification_puts_them():
    """Source time, its picoseconds, server time, its picoseconds (OPC 10000-6, 5.2.2.17)."""
    ticks = 133_000_000_000_000_000
    data = struct.pack("<BBdqHqH", 0x3D, 11, 1.5, ticks, 17, ticks + 10, 18)
    items = struct.pack("<iI", 1, 42) + data + struct.pack("<i", 0)
    whole = body_of([ua.DataChangeNotification()])
    empty = struct.pack("<ii", -1, -1) if struct.pack("<iii", 8, -1, -1) in whole else struct.pack("<ii", 0, 0)
    body = whole.replace(struct.pack("<i", 8) + empty, struct.pack("<i", len(items)) + items)
    published = decode_publish(body)
    assert published is not None
    (run,) = in_columns(published.runs)
    assert isinstance(run.values, np.ndarray)
    assert run.values.tolist() == [1.5]
    assert int(run.server[0] - run.source[0]) == 1000


@pytest.mark.parametrize(
    "notification",
    [
        ua.StatusChangeNotification(ua.StatusCode(0x800A0000)),
        ua.EventNotificationList(),
        ua.DataChangeNotification(
            MonitoredItems=[ua.MonitoredItemNotification(1, ua.DataValue(ua.Variant(ua.LocalizedText("x"))))]
        ),
        ua.DataChangeNotification(
            MonitoredItems=[ua.MonitoredItemNotification(1, ua.DataValue(ua.Variant([[1.0, 2.0], [3.0, 4.0]])))]
        ),
    ],
    ids=["status change", "events", "a type of its own", "a matrix"],
)
def test_what_it_does_not_know_is_left_to_asyncua(notification):
    assert decode_publish(body_of([notification])) is None


def test_every_shortened_body_is_left_to_asyncua():
    body = random_body(3)
    assert all(decode_publish(body[:n]) is None for n in range(len(body)))


def mutated(rng: random.Random, body: bytes) -> bytes:
    """The body with a few bytes changed, cut, doubled or put in."""
    changed = bytearray(body)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(changed))
        what = rng.randrange(4)
        if what == 0:
            changed[at] = rng.randrange(256)
        elif what == 1:
            del changed[at : at + rng.randrange(1, 9)]
        elif what == 2:
            changed[at:at] = rng.randbytes(rng.randrange(1, 9))
        else:
            changed[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80"])
        if not changed:
            return bytes(body[:5])
    return bytes(changed)


def test_a_mutated_body_is_decoded_as_asyncua_does_or_left_to_it():
    rng = random.Random(20)
    decoded = 0
    for seed in range(2_000):
        body = mutated(rng, random_body(seed % 40))
        rows = ours(body)
        if rows is not None:
            decoded += 1
            assert rows == reference(body), seed
    assert decoded > 100  # many mutations leave a body that is one
