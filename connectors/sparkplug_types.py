"""Values of Sparkplug B metrics: which field carries which type, and what of it counts.

Sparkplug Specification 3.0.0, section 6.4.16. Integers are read from either integer field and cut to their type's
width, since some clients send Int8 and Int16 sign-extended to 32 bits and others do not.
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np

from connectors.errors import BadMessage
from connectors.texts import say


class DataType(IntEnum):
    """Numbers of the types."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13  # ms since 1970 UTC
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTY_SET = 20
    PROPERTY_SET_LIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


T = DataType
INTEGERS = {  # bits, and whether there is a sign
    T.INT8: (8, True),
    T.INT16: (16, True),
    T.INT32: (32, True),
    T.INT64: (64, True),
    T.UINT8: (8, False),
    T.UINT16: (16, False),
    T.UINT32: (32, False),
    T.UINT64: (64, False),
    T.DATETIME: (64, False),
}
LONG = {T.INT64, T.UINT32, T.UINT64, T.DATETIME}  # travel in long_value; the others in int_value
NUMBERS = {*INTEGERS, T.FLOAT, T.DOUBLE, T.BOOLEAN}
TEXTS = {T.STRING, T.TEXT, T.UUID}
ARRAYS = {
    T.INT8_ARRAY: "<i1",
    T.INT16_ARRAY: "<i2",
    T.INT32_ARRAY: "<i4",
    T.INT64_ARRAY: "<i8",
    T.UINT8_ARRAY: "<u1",
    T.UINT16_ARRAY: "<u2",
    T.UINT32_ARRAY: "<u4",
    T.UINT64_ARRAY: "<u8",
    T.FLOAT_ARRAY: "<f4",
    T.DOUBLE_ARRAY: "<f8",
    T.DATETIME_ARRAY: "<u8",
}
CELLS = NUMBERS | {T.STRING, T.TEXT}  # types a DataSet may hold

Value: TypeAlias = "float | int | bool | str | bytes | np.ndarray | tuple[str, ...] | DataSet | None"


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table: names and types of its columns, and rows of as many cells."""

    columns: tuple[str, ...]
    types: tuple[DataType, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __post_init__(self) -> None:
        n = len(self.columns)
        if len(self.types) != n or any(len(row) != n for row in self.rows):
            raise ValueError(f"A DataSet of {n} columns needs as many types, and as many cells in every row.")
        if not CELLS.issuperset(self.types):
            raise ValueError(f"A DataSet holds numbers and texts, but got {[t.name for t in self.types]}.")


def data_type(number: int) -> DataType:
    """The type with this number. Raises BadMessage where there is none."""
    try:
        return DataType(number)
    except ValueError:
        raise BadMessage(say("Sparkplug has no data type {number}.", number=number)) from None


def integer(raw: int, kind: DataType) -> int:
    """An integer as its type means it, whatever stands above its bits.

    >>> integer(0xFFFF_FED4, DataType.INT16), integer(0xFED4, DataType.INT16), integer(2**64 - 5, DataType.INT64)
    (-300, -300, -5)
    """
    bits, is_signed = INTEGERS[kind]
    raw &= (1 << bits) - 1
    return raw - (1 << bits) if is_signed and raw >> (bits - 1) else raw


def read_value(holder: Any, kind: DataType) -> Value:
    """The value that a metric, property or cell holds. Raises BadMessage where its field does not fit its type."""
    field = holder.WhichOneof("value")
    raw: Any = None if field is None else getattr(holder, field)
    if kind in INTEGERS and field in ("int_value", "long_value"):
        return integer(raw, kind)
    if kind in (T.FLOAT, T.DOUBLE) and field in ("float_value", "double_value"):
        return raw
    if kind is T.BOOLEAN and field == "boolean_value":
        return raw
    if kind in TEXTS and field == "string_value":
        return checked_text(raw)
    if kind in (T.BYTES, T.FILE) and field == "bytes_value":
        return raw
    if field == "bytes_value" and (kind in ARRAYS or kind in (T.BOOLEAN_ARRAY, T.STRING_ARRAY)):
        return _read_array(raw, kind)
    if kind is T.DATASET and field == "dataset_value":
        return _read_dataset(raw)
    raise BadMessage(
        say("A Sparkplug value of type {kind} came in the field {field}.", kind=kind.name, field=field or "-")
    )


def write_value(holder: Any, kind: DataType, value: Value) -> None:
    """Set the field that carries this type. Raises ValueError where the value is none of the type."""
    if kind in INTEGERS:
        _write_integer(holder, kind, value)
    elif kind is T.FLOAT:
        holder.float_value = float(value)  # pyright: ignore[reportArgumentType]
    elif kind is T.DOUBLE:
        holder.double_value = float(value)  # pyright: ignore[reportArgumentType]
    elif kind is T.BOOLEAN:
        holder.boolean_value = bool(value)
    elif kind in TEXTS:
        holder.string_value = str(value)
    elif kind in (T.BYTES, T.FILE):
        holder.bytes_value = value
    elif kind in ARRAYS or kind in (T.BOOLEAN_ARRAY, T.STRING_ARRAY):
        holder.bytes_value = _array_bytes(kind, value)
    elif kind is T.DATASET and isinstance(value, DataSet):
        _write_dataset(holder.dataset_value, value)
    else:
        raise ValueError(f"A Sparkplug metric of type {kind.name} cannot be sent.")


def _write_integer(holder: Any, kind: DataType, value: Any) -> None:
    bits, is_signed = INTEGERS[kind]
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if is_signed else (0, 1 << bits)
    if not low <= int(value) < high:
        raise ValueError(f"{value} is no {kind.name}.")
    if kind in LONG:
        holder.long_value = int(value) & 0xFFFF_FFFF_FFFF_FFFF
    else:
        holder.int_value = int(value) & 0xFFFF_FFFF  # sign-extended, as Eclipse Tahu and sparkplug-client read it


def checked_text(raw: Any) -> str:
    """Text as protobuf hands it out; bytes that are no UTF-8 it hands out as bytes."""
    if isinstance(raw, str):
        return raw
    raise BadMessage(say("A Sparkplug text is not UTF-8: {raw!r:.60}.", raw=raw))


def _read_array(raw: bytes, kind: DataType) -> np.ndarray | tuple[str, ...]:
    if kind is T.BOOLEAN_ARRAY:  # u32 count, then bits, the first one highest
        (count,) = struct.unpack_from("<I", raw) if len(raw) >= 4 else (-1,)
        if count < 0 or len(raw) - 4 != (count + 7) // 8:
            raise BadMessage(_wrong_length(raw, kind))
        return np.unpackbits(np.frombuffer(raw, np.uint8, offset=4), count=count).astype(bool)
    if kind is T.STRING_ARRAY:
        if raw and not raw.endswith(b"\0"):
            raise BadMessage(_wrong_length(raw, kind))
        try:
            return tuple(part.decode() for part in raw.split(b"\0")[:-1])
        except UnicodeDecodeError:
            raise BadMessage(say("A Sparkplug text is not UTF-8: {raw!r:.60}.", raw=raw)) from None
    dtype = np.dtype(ARRAYS[kind])
    if len(raw) % dtype.itemsize:
        raise BadMessage(_wrong_length(raw, kind))
    return np.frombuffer(raw, dtype)


def _wrong_length(raw: bytes, kind: DataType) -> str:
    return say("A Sparkplug {kind} cannot have {n} bytes.", kind=kind.name, n=len(raw))


def _array_bytes(kind: DataType, value: Any) -> bytes:
    if kind is T.BOOLEAN_ARRAY:
        flags = np.asarray(value, bool)
        return struct.pack("<I", len(flags)) + np.packbits(flags).tobytes()
    if kind is T.STRING_ARRAY:
        if any("\0" in text for text in value):
            raise ValueError("A text of a STRING_ARRAY cannot hold a null character.")
        return b"".join(text.encode() + b"\0" for text in value)
    return np.asarray(value).astype(ARRAYS[kind]).tobytes()


def _read_dataset(raw: Any) -> DataSet:
    types = tuple(data_type(number) for number in raw.types)
    columns = tuple(checked_text(name) for name in raw.columns)
    if raw.num_of_columns != len(columns):
        raise BadMessage(
            say("A Sparkplug DataSet says {n} columns and names {k}.", n=raw.num_of_columns, k=len(columns))
        )
    try:
        rows = tuple(
            tuple(_cell(cell, kind) for cell, kind in zip(row.elements, types, strict=True)) for row in raw.rows
        )
        return DataSet(columns, types, rows)
    except ValueError as error:
        raise BadMessage(say("A Sparkplug DataSet does not fit: {error}", error=error)) from None


def _cell(cell: Any, kind: DataType) -> Value:
    return None if cell.WhichOneof("value") is None else read_value(cell, kind)


def _write_dataset(holder: Any, table: DataSet) -> None:
    holder.num_of_columns = len(table.columns)
    holder.columns.extend(table.columns)
    holder.types.extend(table.types)
    for row in table.rows:
        elements = holder.rows.add().elements
        for kind, cell in zip(table.types, row, strict=True):
            element = elements.add()
            if cell is not None:
                write_value(element, kind, cell)


def as_text(value: Value) -> str:
    """A value that is no number, as text: texts as they are, all else as JSON, bytes in base64.

    >>> as_text(DataSet(("a", "b"), (DataType.INT8, DataType.STRING), ((1, "x"), (-2, None))))
    '{"columns": ["a", "b"], "rows": [[1, "x"], [-2, null]]}'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, DataSet):
        return json.dumps({"columns": value.columns, "rows": value.rows}, ensure_ascii=False)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return json.dumps(value, ensure_ascii=False)
