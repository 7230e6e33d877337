"""Rules for models of tags: scikit-learn's outlier detectors and classifiers, and nets that reconstruct their input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.errors import InputError
from connectors.texts import say
from edge.feeding import SERIES_LAYOUTS
from edge.reading import LABEL_DECODES
from testbed.adding.answers import number, one_of
from testbed.adding.draft import Draft, level
from testbed.adding.graph import Port
from testbed.adding.probe import OPEN, probed

ALIKE = ("Identity", "Cast", "Sub", "Add", "Mul", "Div", "BatchNormalization", "Clip", "Dropout")  # keep a layout
CELLS = ("LSTM", "GRU", "RNN")


def rows_in(draft: Draft) -> list[Port]:
    """Inputs that could take tags: one row (two axes) or a window (three); none if any other is fed."""
    fed = draft.fed
    return fed if fed and all(len(port.shape) in (1, 2, 3) for port in fed) else []


def feed(draft: Draft) -> bool:
    """Lay out the inputs of tags; False if several are no columns of one row."""
    ports = rows_in(draft)
    if len(ports) == 1:
        _feed_one(draft, ports[0])
        return True
    if not ports or any(len(port.shape) != 2 or port.shape[1] != 1 for port in ports):
        return False
    given = draft.channels_of([port.name for port in ports])
    for port, channel in zip(ports, given, strict=True):
        draft.series(port, "NC", [channel], 1)
    return True


def _feed_one(draft: Draft, port: Port) -> None:
    if len(port.shape) == 1:
        raise InputError(
            say("Input '{name}' takes a list without an axis for several; export it with one.", name=port.name)
        )
    if len(port.shape) == 2:
        count = port.shape[1]
        channels = draft.channels(port, count, or_window=True)
        is_window = len(channels) == 1 and count != 1
        length = count if isinstance(count, int) else None
        draft.series(port, "NT" if is_window else "NC", channels, length if is_window else 1)
        return
    layout = _layout(draft, port)
    count, length = port.shape[1:] if layout == "NCT" else port.shape[:0:-1]
    channels = draft.channels(port, count)
    draft.series(port, layout, channels, length if isinstance(length, int) else None)


def _layout(draft: Draft, port: Port) -> str:
    """Whether channels or rows of time come first."""
    told = draft.answers.get("layout", one_of(*SERIES_LAYOUTS)) or traced(draft.graph.nodes(), port.name)
    if told is None:
        first, second = (isinstance(n, int) for n in port.shape[1:])
        if first != second:  # time may be of any length, channels never
            told = "NCT" if first else "NTC"
    a, b = port.shape[1:]
    if told is None and a == 1 and b != 1:
        told = "NCT"
    if told is None and b == 1 and a != 1:
        told = "NTC"
    if told is None:
        told = draft.known(
            "layout", say("Is the axis of {a} in '{name}' the tags and that of {b} the time, or the other way round? "
                          "Say --set layout=NCT (tags first) or NTC (time first).", name=port.name, a=a, b=b),
            one_of("NCT", "NTC"),
        )  # fmt: skip
    return told or "NTC"


def traced(nodes: Any, name: str) -> str | None:
    """The layout that the first operator of weight takes an input in: convolutions take channels first."""
    nodes = list(nodes)
    turned = None
    for _ in range(20):
        node = next((node for node in nodes if name in node.input), None)
        if node is None:
            return None
        if node.op_type == "Conv":
            return "NCT" if turned is None else {(0, 2, 1): "NTC"}.get(turned)
        if node.op_type in CELLS:  # rows of time first, then how many at once
            return None if turned is None else {(1, 0, 2): "NTC", (2, 0, 1): "NCT"}.get(turned)
        if node.op_type == "Transpose" and turned is None:
            turned = next((tuple(a.ints) for a in node.attribute if a.name == "perm"), None)
        elif node.op_type not in ALIKE:
            return None
        name = node.output[0]
    return None


def scikit_learn(draft: Draft) -> dict[str, Any] | None:
    """skl2onnx and onnxmltools: a label, and scores or probabilities behind it."""
    outputs, ports = draft.graph.outputs, rows_in(draft)
    if len(outputs) < 2 or not ports or not _is_label(outputs[0]):
        return None
    labels, got = class_names(draft.graph.nodes()), probed(draft)
    values = got.get(outputs[1].name)
    is_named = outputs[1].type.startswith("seq(map")
    kind = "onnxmltools" if "OnnxMLTools" in draft.graph.producer else "scikit-learn"
    if labels and (is_named or (values is not None and values.shape[-1] == len(labels))):
        if not feed(draft):
            return None
        decode = "named" if is_named else "shares"
        if not is_named and values is not None and abs(float(values.reshape(-1).sum()) - 1.0) > 1e-3:
            decode = draft.known("decode", say("The numbers of '{name}' do not add up to 1. Are they logits (--set "
                                               "decode=logits) or shares of their own (decode=shares)?",
                                               name=outputs[1].name), one_of(*LABEL_DECODES)) or "shares"  # fmt: skip
        draft.classes(outputs[1].name, decode, labels, must_alarm=True)
        return draft.card(kind, "anomaly.series", "process")
    if values is not None and outputs[1].name == "scores" and values.size == 1 and feed(draft):
        _decision(draft, outputs[1].name)
        return draft.card(kind, "anomaly.series", "process")
    return None


def _is_label(port: Port) -> bool:
    return "label" in port.name and ("int64" in port.type or "string" in port.type)


def _decision(draft: Draft, name: str) -> None:
    """A decision function of scikit-learn: below 0 is an outlier; the user's threshold is of the same numbers."""
    if "calibrate" in draft.answers:
        draft.answers.given.setdefault("worse", "low")
        draft.score(name, role="score")
        return
    limit = draft.answers.get("threshold", number) or 0.0
    draft.more["threshold"] = limit
    draft.outputs.append({"name": name, "role": "score", **level(limit, "low")})
    draft.told.append(say("'{name}' is scikit-learn's decision function: below {limit} is an outlier",
                          name=name, limit=limit))  # fmt: skip


def class_names(nodes: Any) -> list[str]:
    """Class names that a classifier of ai.onnx.ml carries."""
    for node in nodes:
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels") or attribute.name in ("cats_strings", "keys_int64s"):
                found = attribute.strings or attribute.ints
                if found:
                    return [one.decode() if isinstance(one, bytes) else str(one) for one in found]
    return []


def reconstruction(draft: Draft) -> dict[str, Any] | None:
    """A net that gives back what it is fed: what it cannot reconstruct is what it never saw."""
    ports = rows_in(draft)
    if len(ports) != 1 or len(ports[0].shape) not in (2, 3) or ports[0].shape[-1] == 1:
        return None
    named, alike = draft.role("reconstruction"), _alike(draft, ports[0])
    if any(draft.role(role) for role in ("score", "label")) or not (named or alike):
        return None
    if named is None and len(alike) > 1:
        named = draft.known("reconstruction", say("Which output gives back '{name}': {outputs}? Say --set "
                                                  "reconstruction=OUTPUT.", name=ports[0].name,
                                                  outputs=", ".join(alike)), str)  # fmt: skip
    feed(draft)
    draft.score(named or alike[0], role="reconstruction", of=ports[0].name)
    draft.told.append(say("score is the mean square of what it cannot reconstruct, each channel contributes its own"))
    if "mean" not in draft.answers and not {"Sub", "Scaler"} & draft.graph.operators:
        draft.told.append(say("tags go in as they are; if it was trained on scaled ones, say --set mean=… and std=…"))
    return draft.card("reconstruction", "anomaly.series", "process")


def _alike(draft: Draft, port: Port) -> list[str]:
    """Outputs of numbers that have the input's own shape."""
    shape = [n if isinstance(n, int) else 1 if axis == 0 else OPEN for axis, n in enumerate(port.shape)]
    return [name for name, value in probed(draft).items() if list(value.shape) == shape and value.dtype.kind == "f"]


def spoken(ports: Sequence[Port]) -> str:
    """Ports in a sentence."""
    return ", ".join(str(port) for port in ports)
