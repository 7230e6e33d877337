"""What a file holds that says nothing of itself: ports, operators, metadata. What cannot run here is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx

from connectors.errors import InputError
from connectors.texts import say
from edge.feeding import DTYPES
from edge.session import CARD_KEY, Session, read_model

RUNNABLE = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")  # operator domains ONNX Runtime knows without an extension


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name, its type such as 'tensor(float)', and its shape with names where it is open."""

    name: str
    type: str
    shape: tuple[Any, ...]

    def __str__(self) -> str:
        sizes = "×".join(str(n) if isinstance(n, int) else "?" for n in self.shape)
        plain = self.type[7:-1] if self.type.startswith("tensor(") else self.type
        return f"{self.name} {plain} {sizes}".rstrip()


class Graph:
    """A file that loads in ONNX Runtime, whole in one piece.

    Attributes:
        data: bytes, with the weights that lay in files beside it.
        proto: the graph itself.
        inputs, outputs: ports in their order.
        props: metadata.
    """

    def __init__(self, path: Path) -> None:
        raw = read_model(path)
        self.name = path.name
        self.stem = path.stem
        self.proto = _parsed(raw, path)
        _refuse_custom(self.proto, path.name)
        self.data = _whole(self.proto, raw, path)
        self.session = Session(self.data, path.name)
        session = self.session
        self.inputs = tuple(Port(name, session.types[name], shape) for name, shape in session.inputs.items())
        self.outputs = tuple(Port(name, *given) for name, given in session.gives.items())
        self.props: Mapping[str, str] = session.metadata
        _refuse_texts(self.inputs, path.name)

    @property
    def is_ours(self) -> bool:
        """Whether it carries a card of its own."""
        return CARD_KEY in self.props

    @property
    def producer(self) -> str:
        """Who wrote it, as the file says."""
        return f"{self.proto.producer_name} {self.proto.producer_version}".strip()

    @cached_property
    def operators(self) -> frozenset[str]:
        return frozenset(node.op_type for node in _nodes(self.proto.graph))

    def nodes(self) -> Iterator[Any]:
        """Every node, those of branches and loops too."""
        return _nodes(self.proto.graph)

    @property
    def is_quantised(self) -> bool:
        return any("QLinear" in name or "QuantizeLinear" in name for name in self.operators)


def _parsed(raw: bytes, path: Path) -> onnx.ModelProto:
    try:
        proto = onnx.load_from_string(raw)
    except Exception:  # protobuf's own error, which one file alone may know
        proto = None
    if proto is None or not proto.HasField("graph") or not proto.opset_import:
        Session(raw, path.name)  # says in its own words what is wrong with the bytes, if it cannot load them either
        raise InputError(say("{name} is no ONNX model. Export it as ONNX, or name another file.", name=path.name))
    return proto


def _refuse_custom(proto: onnx.ModelProto, name: str) -> None:
    """Raises InputError for operators that only a library of their own could run."""
    defined = {(function.domain, function.name) for function in proto.functions}
    bodies = [node for function in proto.functions for node in function.node]
    strange = sorted(
        {
            f"{node.domain}.{node.op_type}"
            for node in (*_nodes(proto.graph), *bodies)
            if node.domain not in RUNNABLE and (node.domain, node.op_type) not in defined
        }
    )
    if strange:
        raise InputError(
            say("{name} needs operators that ONNX Runtime does not have: {operators}. Export it without custom "
                "operators.", name=name, operators=", ".join(strange[:5]))
        )  # fmt: skip


def _refuse_texts(inputs: tuple[Port, ...], name: str) -> None:
    for port in inputs:
        if port.type not in DTYPES:
            raise InputError(
                say("Input '{port}' of {name} takes {type}; pictures and tags are numbers. Export it with numbers in.",
                    port=port.name, name=name, type=port.type)
            )  # fmt: skip


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*attribute.graphs, *((attribute.g,) if attribute.HasField("g") else ())):
                yield from _nodes(inner)


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t
            for inner in (*attribute.graphs, *((attribute.g,) if attribute.HasField("g") else ())):
                yield from _tensors(inner)


def _whole(proto: onnx.ModelProto, raw: bytes, path: Path) -> bytes:
    """The file's bytes; with the weights in it, if they lie in files beside it. Raises InputError if elsewhere."""
    folder = path.absolute().parent.resolve()
    outside = [tensor for tensor in _tensors(proto.graph) if tensor.data_location == onnx.TensorProto.EXTERNAL]
    if not outside:
        return raw
    for tensor in outside:
        place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        file = (folder / place).resolve()
        if not file.is_relative_to(folder):
            raise InputError(
                say("{name} keeps weights outside its folder, at {place}. Put them beside it, or export one file.",
                    name=path.name, place=place)
            )  # fmt: skip
        if not place or not file.is_file():
            raise InputError(
                say("{name} keeps weights in {place}, which is not there. Put it beside the file, or export one file.",
                    name=path.name, place=place)
            )  # fmt: skip
    try:
        onnx.load_external_data_for_model(proto, str(folder))
        return proto.SerializeToString()
    except Exception as error:  # torn weights and files over 2 GiB raise a dozen kinds
        raise InputError(
            say("The weights of {name} cannot be read: {reason}", name=path.name, reason=str(error).split("\n")[0])
        ) from None
