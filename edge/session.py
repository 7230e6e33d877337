"""The only file that knows ONNX Runtime: load a graph, run it on one thread, say which provider really runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort

from connectors.errors import InputError
from connectors.texts import say

CARD_KEY = "testbed.card"
VERSION: str = ort.__version__


class Session:
    """An ONNX graph, ready to run on the CPU with one thread.

    One session is one thread: the predictable choice beside other work, and the same figures every time.
    Raises InputError if the bytes are no ONNX model this runtime can load.
    """

    def __init__(self, data: bytes, name: str) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises a dozen kinds, none with a common root but this
            raise InputError(_refusal(name, data, error)) from None
        self.name = name
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())
        self.inputs = {i.name: tuple(i.shape) for i in self._session.get_inputs()}
        self.types = {i.name: i.type for i in self._session.get_inputs()}
        self.outputs = tuple(o.name for o in self._session.get_outputs())
        self.gives = {o.name: (o.type, tuple(o.shape)) for o in self._session.get_outputs()}
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name. Raises InputError when a feed does not fit the graph."""
        try:
            values = self._session.run(None, dict(feeds))
        except Exception as error:
            shapes = ", ".join(f"{k} {v.dtype}{list(v.shape)}" for k, v in feeds.items())
            wanted = ", ".join(f"{k} {self.types[k]}{list(v)}" for k, v in self.inputs.items())
            raise InputError(
                say(
                    "{name} wants {wanted}, but got {shapes}: {reason}",
                    name=self.name,
                    wanted=wanted,
                    shapes=shapes,
                    reason=_first_line(error),
                )
            ) from None
        return {name: np.asarray(value) for name, value in zip(self.outputs, values, strict=True)}


def read_model(path: Path) -> bytes:
    """Bytes of a model file. Raises InputError if it cannot be read or is empty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            say("{path} cannot be read: {reason}. Give an .onnx file.", path=path, reason=error.strerror or error)
        ) from None
    if not data:
        raise InputError(say("{path} is empty. Give an .onnx file.", path=path))
    return data


def _refusal(name: str, data: bytes, error: Exception) -> str:
    text = _first_line(error)
    if "Protobuf" in text or "protobuf" in text:
        looks = say("a truncated ONNX model") if data[:1] in (b"\x08", b"\x0a", b"\x12") else say("no ONNX model")
        return say(
            "{name} is {looks} ({n} bytes). Export it again, or name another .onnx file.",
            name=name,
            looks=looks,
            n=len(data),
        )
    return say("{name} does not load in ONNX Runtime {version}: {text}", name=name, version=VERSION, text=text)


def _first_line(error: Exception) -> str:
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return line.split(" : ")[-1][:200]
