"""Publish responses of OPC UA decoded in columns: runs of notifications with one layout become numpy arrays at once.

A body that is laid out in any way this file does not know gives None, and asyncua's own decoder takes it. What is
decoded here equals what that decoder gives, item by item; the tests hold both against each other.

Layouts: OPC 10000-6 (Mappings), 5.2.2.17 DataValue, 5.2.2.16 Variant, 5.2.2.15 ExtensionObject.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np

from connectors.times import NONE

# Identifiers of binary encodings, OPC 10000-6 annex A.
_PUBLISH_RESPONSE = 829
_DATA_CHANGE = 811

# Bits of a DataValue's mask, in the order in which the fields follow (asyncua 2.1.0 puts the picoseconds last).
_VALUE, _STATUS, _SOURCE, _SOURCE_PICO, _SERVER, _SERVER_PICO = 0x01, 0x02, 0x04, 0x10, 0x08, 0x20
_ARRAY, _DIMENSIONS = 0x80, 0x40  # bits of a Variant's first byte

_NUMERIC = {1: "u1", 2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 8: "<i8", 9: "<u8", 10: "<f4", 11: "<f8"}
_BOOLEAN, _DATETIME, _STRING, _BYTES = 1, 13, 12, 15

_EPOCH = 116_444_736_000_000_000  # ticks of 100 ns from 1601 to 1970
_FARTHEST = 90_000_000_000_000_000  # ticks around 1970 that still fit into int64 nanoseconds
_MOST = 1 << 24  # bytes: no message is longer
_FEW = 16  # rows


_U32, _I32, _TYPE, _HEADER = (struct.Struct(form) for form in ("<I", "<i", "<BBH", "<qIIBi3s"))


class _OtherLayout(Exception):
    """This file does not know the layout."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Successive notifications of one layout.

    Attributes:
        handle: uint32 (n,), the client handle of each monitored item.
        status: uint32 (n,), status codes; Good where none was sent.
        source, server: int64 (n,), ns since 1970 UTC; `times.NONE` where none was sent.
        values: numbers (n,), numbers (n, k) for arrays of one length, a list of str or bytes (None where null), or
            None where no value was sent.
    """

    handle: np.ndarray
    status: np.ndarray
    source: np.ndarray
    server: np.ndarray
    values: np.ndarray | list[str | bytes | None] | None

    def __len__(self) -> int:
        return len(self.handle)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A Run as it is laid out in the body, checked: numbers or arrays of them. `in_columns` makes a Run of it.

    Attributes:
        data: its bytes.
        mask, kind, length: of each DataValue, of its Variant (0 for none), and of its array (0 for none).
        n: how many notifications.
    """

    data: memoryview
    mask: int
    kind: int
    length: int
    n: int

    def __len__(self) -> int:
        return self.n


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """One notification message. `notifications` is how many it holds: 0 is a keep-alive."""

    subscription: int
    sequence: int
    notifications: int
    runs: tuple[Run | Rows, ...]


def decode_publish(body: bytes) -> Published | None:
    """The data changes of a PublishResponse, type id included; None where the layout is another one."""
    try:
        return _Reader(body).published()
    except (_OtherLayout, struct.error, UnicodeDecodeError):
        return None


def in_columns(runs: Iterable[Run | Rows]) -> Iterator[Run]:
    """The same notifications in the same order; successive rows of one layout become one run, of whatever message."""
    for layout, members in groupby(runs, _layout_of):
        if layout is None:
            yield from (run for run in members if isinstance(run, Run))
        else:
            data = b"".join(rows.data for rows in members if isinstance(rows, Rows))
            mask, kind, _ = layout
            yield _as_run(np.frombuffer(data, _layout(*layout)), mask, kind)


def _layout_of(run: Run | Rows) -> tuple[int, int, int] | None:
    return (run.mask, run.kind, run.length) if isinstance(run, Rows) else None


class _Reader:
    """A cursor over a body. Every step checks that the bytes are there."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._view = memoryview(body)
        self._at = 0
        self._few = False  # the run before was a short one: layouts may alternate

    def published(self) -> Published:
        self._expect_type(_PUBLISH_RESPONSE)
        self._header()
        subscription = self._u32()
        self._skip(4 * self._count())  # available sequence numbers
        self._skip(1)  # more notifications
        sequence = self._u32()
        self._skip(8)  # publish time
        notifications = self._count()
        runs: list[Run | Rows] = []
        for _ in range(notifications):
            runs.extend(self._notification())
        self._skip(4 * self._count())  # results of acknowledgements
        if self._count() or self._at != len(self._body):
            raise _OtherLayout
        return Published(subscription, sequence, notifications, tuple(runs))

    def _header(self) -> None:
        """Timestamp, request handle, service result, diagnostics, string table, additional header."""
        _, _, result, diagnostics, strings, more = _HEADER.unpack_from(self._body, self._at)
        self._at += _HEADER.size
        if result or diagnostics or strings not in (-1, 0) or more != b"\0\0\0":
            raise _OtherLayout

    def _notification(self) -> Iterator[Run | Rows]:
        self._expect_type(_DATA_CHANGE)
        if self._u8() != 1:
            raise _OtherLayout
        size = self._count()
        end = self._at + size
        if end > len(self._body):
            raise _OtherLayout
        left = self._count()
        while left:
            run = self._run(left, end)
            left -= len(run)
            self._few = len(run) < _FEW
            yield run
        if self._count() or self._at != end:  # diagnostics
            raise _OtherLayout

    def _run(self, most: int, end: int) -> Run | Rows:
        """As many of the next `most` notifications as share the layout of the first one."""
        mask = self._peek(4)
        if mask & ~0x3F:
            raise _OtherLayout
        kind = self._peek(5) if mask & _VALUE else 0
        if kind & ~_ARRAY in (_STRING, _BYTES):
            return self._texts(mask, kind)
        length = struct.unpack_from("<i", self._body, self._at + 6)[0] if kind & _ARRAY else 0
        if kind & _DIMENSIONS or not -1 < length < _MOST:
            raise _OtherLayout
        layout = _layout(mask, kind, length)
        room = min(most, (end - self._at) // layout.itemsize)
        if room < 1:
            raise _OtherLayout
        rows = np.frombuffer(self._body, layout, room, self._at)
        if self._few and _alike(rows[:_FEW], mask, kind, length) < min(_FEW, room):
            rows = rows[:_FEW]
        rows = rows[: _alike(rows, mask, kind, length)]
        for name in _times_of(mask, kind):
            _expect_near(rows[name])
        begin, self._at = self._at, self._at + len(rows) * layout.itemsize
        return Rows(self._view[begin : self._at], mask, kind, length, len(rows))

    def _texts(self, mask: int, kind: int) -> Run:
        """One notification of a string or byte string."""
        if kind & _ARRAY:
            raise _OtherLayout
        handle = self._u32()
        self._skip(2)
        size = self._i32()
        if size < -1:
            raise _OtherLayout
        data = None if size == -1 else self._take(size)
        text = data if data is None or kind == _BYTES else data.decode("utf-8")
        rest = np.frombuffer(self._take(_layout(mask & ~_VALUE, 0, 0).itemsize - 5), _tail(mask), 1)
        for name in _times_of(mask, 0):
            _expect_near(rest[name])
        status, source, server = _stamps(rest, mask)
        return Run(np.array([handle], np.uint32), status, source, server, [text])

    def _expect_type(self, identifier: int) -> None:
        form, namespace, number = _TYPE.unpack_from(self._body, self._at)
        self._at += 4
        if form != 1 or namespace != 0 or number != identifier:
            raise _OtherLayout

    def _peek(self, ahead: int) -> int:
        if self._at + ahead >= len(self._body):
            raise _OtherLayout
        return self._body[self._at + ahead]

    def _take(self, n: int) -> bytes:
        data = self._body[self._at : self._at + n]
        if len(data) != n:
            raise _OtherLayout
        self._at += n
        return data

    def _skip(self, n: int) -> None:
        self._at += n
        if self._at > len(self._body):
            raise _OtherLayout

    def _u8(self) -> int:
        return self._take(1)[0]

    def _u32(self) -> int:
        self._at += 4
        return _U32.unpack_from(self._body, self._at - 4)[0]

    def _i32(self) -> int:
        self._at += 4
        return _I32.unpack_from(self._body, self._at - 4)[0]

    def _count(self) -> int:
        """Length of an array or a body; -1 is none. Both are bounded by what has come."""
        n = self._i32()
        if not -1 <= n <= len(self._body):
            raise _OtherLayout
        return max(n, 0)


@lru_cache(maxsize=256)
def _layout(mask: int, kind: int, length: int) -> np.dtype:
    fields: list[tuple] = [("handle", "<u4"), ("mask", "u1")]
    if mask & _VALUE:
        fields.append(("kind", "u1"))
    if kind:
        element = "<i8" if kind & ~_ARRAY == _DATETIME else _NUMERIC.get(kind & ~_ARRAY)
        if element is None:
            raise _OtherLayout
        if kind & _ARRAY:
            fields += [("length", "<i4"), ("value", element, (length,))]
        else:
            fields.append(("value", element))
    return np.dtype(fields + _tail(mask).descr if _tail(mask).itemsize else fields)


@lru_cache(maxsize=64)
def _tail(mask: int) -> np.dtype:
    """What follows the value."""
    known = (
        (_STATUS, "status", "<u4"),
        (_SOURCE, "source", "<i8"),
        (_SOURCE_PICO, "source_pico", "<u2"),
        (_SERVER, "server", "<i8"),
        (_SERVER_PICO, "server_pico", "<u2"),
    )
    return np.dtype([(name, form) for bit, name, form in known if mask & bit])


def _alike(rows: np.ndarray, mask: int, kind: int, length: int) -> int:
    """How many rows from the first on really have this layout."""
    same = rows["mask"] == mask
    if mask & _VALUE:
        same &= rows["kind"] == kind
    if kind & _ARRAY:
        same &= rows["length"] == length
    return len(rows) if same.all() else int(np.argmin(same))


def _as_run(rows: np.ndarray, mask: int, kind: int) -> Run:
    values = None
    if kind:
        values = rows["value"]
        if kind & ~_ARRAY == _BOOLEAN:
            values = values != 0
        elif kind & ~_ARRAY == _DATETIME:
            values = _ns(values)
    status, source, server = _stamps(rows, mask)
    return Run(rows["handle"].astype(np.uint32), status, source, server, values)


def _stamps(rows: np.ndarray, mask: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Status, source time and server time of rows."""
    status = rows["status"].astype(np.uint32) if mask & _STATUS else np.zeros(len(rows), np.uint32)
    source, server = (
        _ns(rows[name]) if mask & bit else np.full(len(rows), NONE, np.int64)
        for name, bit in (("source", _SOURCE), ("server", _SERVER))
    )
    return status, source, server


def _times_of(mask: int, kind: int) -> list[str]:
    """The fields that are DateTimes."""
    known = ((mask & _SOURCE, "source"), (mask & _SERVER, "server"), (kind & ~_ARRAY == _DATETIME, "value"))
    return [name for is_there, name in known if is_there]


def _expect_near(ticks: np.ndarray) -> None:
    """DateTimes must fit into int64 nanoseconds."""
    if ticks.size and not (_EPOCH - _FARTHEST < ticks.min() and ticks.max() < _EPOCH + _FARTHEST):
        raise _OtherLayout


def _ns(ticks: np.ndarray) -> np.ndarray:
    """DateTimes, 100 ns since 1601, as ns since 1970; cut to whole microseconds as asyncua does."""
    ns = ticks - _EPOCH
    ns //= 10
    ns *= 1000
    return ns
