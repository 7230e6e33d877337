"""The Sparkplug B payload as protobuf messages, built from its published field list. The only file that knows protobuf.

Sparkplug Specification 3.0.0, section 6.4.1 (ISO/IEC 20237:2023). Extension ranges are left out: what they carry is
kept by protobuf as unknown fields.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_PACKAGE = "testbed.sparkplug"

# message: fields 'name number type', '*' before the type where it repeats; from '|' on they are a oneof called `value`
_MESSAGES = {
    "Payload": "timestamp 1 uint64, metrics 2 *Metric, seq 3 uint64, uuid 4 string, body 5 bytes",
    "Metric": "name 1 string, alias 2 uint64, timestamp 3 uint64, datatype 4 uint32, is_historical 5 bool,"
    " is_transient 6 bool, is_null 7 bool, metadata 8 MetaData, properties 9 PropertySet"
    " | int_value 10 uint32, long_value 11 uint64, float_value 12 float, double_value 13 double,"
    " boolean_value 14 bool, string_value 15 string, bytes_value 16 bytes, dataset_value 17 DataSet,"
    " template_value 18 Template, extension_value 19 Extension",
    "MetaData": "is_multi_part 1 bool, content_type 2 string, size 3 uint64, seq 4 uint64, file_name 5 string,"
    " file_type 6 string, md5 7 string, description 8 string",
    "PropertySet": "keys 1 *string, values 2 *PropertyValue",
    "PropertySetList": "propertyset 1 *PropertySet",
    "PropertyValue": "type 1 uint32, is_null 2 bool"
    " | int_value 3 uint32, long_value 4 uint64, float_value 5 float, double_value 6 double, boolean_value 7 bool,"
    " string_value 8 string, propertyset_value 9 PropertySet, propertysets_value 10 PropertySetList,"
    " extension_value 11 Extension",
    "DataSet": "num_of_columns 1 uint64, columns 2 *string, types 3 *uint32, rows 4 *Row",
    "Row": "elements 1 *DataSetValue",
    "DataSetValue": " | int_value 1 uint32, long_value 2 uint64, float_value 3 float, double_value 4 double,"
    " boolean_value 5 bool, string_value 6 string, extension_value 7 Extension",
    "Template": "version 1 string, metrics 2 *Metric, parameters 3 *Parameter, template_ref 4 string,"
    " is_definition 5 bool",
    "Parameter": "name 1 string, type 2 uint32"
    " | int_value 3 uint32, long_value 4 uint64, float_value 5 float, double_value 6 double, boolean_value 7 bool,"
    " string_value 8 string, extension_value 9 Extension",
    "Extension": "",
}


@cache
def payload_class() -> Any:
    """The message class `Payload`; building it takes a millisecond, importing protobuf some fifty."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="testbed/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        plain, bar, choice = fields.partition("|")
        if bar:
            message.oneof_decl.add(name="value")
        for group, is_choice in ((plain, False), (choice, True)):
            for field in filter(None, map(str.strip, group.split(","))):
                _add(message, field, is_choice)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # pyright: ignore[reportAttributeAccessIssue]
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def _add(message: Any, text: str, is_choice: bool) -> None:
    name, number, kind = text.split()
    repeats = kind.startswith("*")
    kind = kind.removeprefix("*")
    field = message.field.add(name=name, number=int(number))
    field.label = field.LABEL_REPEATED if repeats else field.LABEL_OPTIONAL
    if kind in _MESSAGES:
        field.type, field.type_name = field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
    if is_choice:
        field.oneof_index = 0


def parse(data: bytes) -> Any:
    """The payload in `data`. Raises ValueError where it is none."""
    from google.protobuf.message import DecodeError

    try:
        return payload_class().FromString(data)
    except DecodeError as error:
        raise ValueError(str(error)) from None
