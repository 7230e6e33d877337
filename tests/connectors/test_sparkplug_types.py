"""Values of Sparkplug metrics go both ways, whatever a sender leaves above an integer's bits."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import BadMessage
from connectors.sparkplug_schema import parse, payload_class
from connectors.sparkplug_types import ARRAYS, INTEGERS, DataSet, DataType, as_text, data_type, read_value, write_value

T = DataType


def there_and_back(kind, value):
    payload = payload_class()()
    write_value(payload.metrics.add(), kind, value)
    return read_value(parse(payload.SerializeToString()).metrics[0], kind)


@st.composite
def integers(draw):
    kind = draw(st.sampled_from(sorted(INTEGERS)))
    bits, is_signed = INTEGERS[kind]
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)
    return kind, draw(st.integers(low, high))


@given(integers())
def test_an_integer_of_any_type_comes_back(sample):
    kind, value = sample
    assert there_and_back(kind, value) == value


@given(st.floats(allow_nan=False), st.floats(width=32, allow_nan=False), st.booleans(), st.text())
def test_numbers_flags_and_texts_come_back(double, single, flag, text):
    assert there_and_back(T.DOUBLE, double) == double
    assert there_and_back(T.FLOAT, single) == single
    assert there_and_back(T.BOOLEAN, flag) is flag
    for kind in (T.STRING, T.TEXT, T.UUID):
        assert there_and_back(kind, text) == text
    assert there_and_back(T.BYTES, text.encode()) == text.encode()


@pytest.mark.parametrize("raw", [0xFFFF_FED4, 0xFED4])
def test_int16_minus_300_is_read_sign_extended_or_not(raw):
    metric = payload_class()().metrics.add(int_value=raw)
    assert read_value(metric, T.INT16) == -300


def test_an_integer_is_read_from_either_field():
    metric = payload_class()().metrics.add(long_value=2**64 - 7)
    assert read_value(metric, T.INT64) == read_value(metric, T.INT8) == -7
    assert read_value(payload_class()().metrics.add(int_value=3_000_000_000), T.UINT32) == 3_000_000_000


def test_minus_300_is_sent_sign_extended():
    metric = payload_class()().metrics.add()
    write_value(metric, T.INT16, -300)
    assert metric.int_value == 0xFFFF_FED4


@pytest.mark.parametrize(("kind", "value"), [(T.INT8, 128), (T.UINT16, -1), (T.UINT64, 2**64), (T.TEMPLATE, 1)])
def test_a_value_that_is_none_of_its_type_is_not_sent(kind, value):
    with pytest.raises(ValueError, match=kind.name):
        there_and_back(kind, value)


# bytes as the specification 3.0.0 shows them, section 6.4.16
SHOWN = [
    (T.INT8_ARRAY, [-23, 123], "e97b"),
    (T.INT16_ARRAY, [-30000, 30000], "d08a3075"),
    (T.INT32_ARRAY, [123456789, 987654321], "15cd5b07b168de3a"),
    (T.UINT8_ARRAY, [23, 250], "17fa"),
    (T.BOOLEAN_ARRAY, [c == "1" for c in "001101001101"], "0c00000034d0"),
    (T.STRING_ARRAY, ("ABC", "hello"), "41424300" + "68656c6c6f00"),
]


@pytest.mark.parametrize(("kind", "value", "raw"), SHOWN)
def test_arrays_are_packed_as_the_specification_shows(kind, value, raw):
    metric = payload_class()().metrics.add()
    write_value(metric, kind, value)
    assert metric.bytes_value.hex() == raw
    assert list(read_value(metric, kind)) == list(value)


@given(st.sampled_from(sorted(ARRAYS)), st.lists(st.integers(0, 100)))
def test_arrays_of_numbers_come_back(kind, values):
    back = there_and_back(kind, values)
    assert isinstance(back, np.ndarray)
    assert back.tolist() == values


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (T.INT32_ARRAY, b"123"),
        (T.BOOLEAN_ARRAY, b"\1"),
        (T.BOOLEAN_ARRAY, struct.pack("<I", 4_000_000_000) + b"1"),
        (T.STRING_ARRAY, b"abc"),
        (T.STRING_ARRAY, b"\xff\0"),
    ],
)
def test_an_array_of_the_wrong_length_is_refused(kind, raw):
    with pytest.raises(BadMessage):
        read_value(payload_class()().metrics.add(bytes_value=raw), kind)


TABLE = DataSet(("part", "width", "ok"), (T.STRING, T.INT16, T.BOOLEAN), (("C1", -300, True), ("C2", None, False)))


def test_a_dataset_comes_back_with_its_types():
    assert there_and_back(T.DATASET, TABLE) == TABLE
    assert as_text(TABLE) == '{"columns": ["part", "width", "ok"], "rows": [["C1", -300, true], ["C2", null, false]]}'


def broken(change):
    metric = payload_class()().metrics.add()
    write_value(metric, T.DATASET, TABLE)
    change(metric.dataset_value)
    return metric


@pytest.mark.parametrize(
    "change",
    [
        lambda table: setattr(table, "num_of_columns", 2),
        lambda table: table.types.append(3),
        lambda table: table.types.__setitem__(0, 16),
        lambda table: table.types.__setitem__(0, 99),
        lambda table: table.rows[0].elements.add(int_value=1),
        lambda table: setattr(table.rows[0].elements[0], "int_value", 1),
    ],
)
def test_a_dataset_that_does_not_fit_itself_is_refused(change):
    with pytest.raises(BadMessage):
        read_value(broken(change), T.DATASET)


@pytest.mark.parametrize("kind", [T.INT8, T.DOUBLE, T.BOOLEAN, T.STRING, T.BYTES, T.DATASET, T.TEMPLATE])
def test_a_metric_without_a_value_or_with_another_field_is_refused(kind):
    for metric in (payload_class()().metrics.add(), payload_class()().metrics.add(extension_value={})):
        with pytest.raises(BadMessage, match=kind.name):
            read_value(metric, kind)


def test_a_type_nobody_knows_is_refused():
    with pytest.raises(BadMessage, match="99"):
        data_type(99)


def test_other_values_read_as_json():
    assert as_text(b"\0\1") == "AAE="
    assert as_text(np.array([1.5, 2.0])) == "[1.5, 2.0]"
    assert as_text(("강재", "b")) == '["강재", "b"]'
