"""`testbed models threshold`: the one way to set a threshold by hand, which the model's card remembers.

The card keeps what it was and is, when, why, and on which data the model had been scored by then: a threshold that was
chosen after a score is called so wherever the model is scored again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from anomaly.graph import with_golden
from connectors.clock import now_ns
from connectors.errors import InputError
from connectors.texts import say
from connectors.times import text
from edge.boxes import CONFIDENCE
from edge.card import pack, unpack
from edge.foreign import EVEN, sidecar
from edge.library import find, folders
from edge.model import SHIPPED, OnnxModel, loaded
from edge.session import CARD_KEY
from testbed.adding.draft import level as gains
from testbed.adding.trial import KEPT, MOST
from testbed.ledger import CHANGES, Ledger, level
from testbed.train import write_model

NODE = "level/"  # before the name of an output: the node that moves its level


def set_threshold(name: str, value: float, reason: str) -> tuple[Path, dict[str, Any]]:
    """Move the threshold of a model, in its own measure; where the file is now, and the change as its card has it.

    A shipped model stays as it is: the user's shelf gets one of the same name, which goes before it.

    Raises InputError for a model without a threshold, a value that does not fit, or a reason that says nothing.
    """
    file = find(name)
    model, data = loaded(file)
    if not reason.strip():
        raise InputError(say("A threshold that is set by hand needs a reason: --reason 'what you know that its "
                             "calibration does not'."))  # fmt: skip
    before = threshold_of(model)
    is_detector = model.card.task == "detect"
    fits = math.isfinite(value) and (value > 0 or model.is_foreign) and not (is_detector and value >= 1)
    if not fits or value == before:
        raise InputError(
            say("{model} alarms from {before} on; a threshold that fits is another number above 0, but got {value}.",
                model=model.card.name, before=f"{before:.6g}", value=f"{value:g}")
        )  # fmt: skip
    ledger = Ledger()
    change = {"time": text(now_ns()), "from": before, "to": value, "reason": reason.strip(),
              "scored_on": ledger.scored(model.card.raw)}  # fmt: skip
    raw = dict(model.card.raw)
    card = {**raw, CHANGES: [*raw.get(CHANGES, []), change], "confidence" if is_detector else "threshold": value}
    place = folders()[0] / file.name if file.parent == SHIPPED else file
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(say("{folder} cannot be written: {reason}.", folder=place.parent, reason=reason)) from None
    if model.is_foreign:
        write_model(json.dumps(_foreign(model, data, card, value), ensure_ascii=False).encode(), sidecar(place))
    else:
        write_model(moved(data, card, before / value), place)
        if sidecar(file).is_file():
            write_model(json.dumps(card, ensure_ascii=False).encode(), sidecar(place))
    return place, change


def threshold_of(model: OnnxModel) -> float:
    """The value from which a model alarms, in its own measure. Raises InputError if it has none."""
    raw = model.card.raw
    if model.card.task == "detect":
        return float(raw.get("confidence", CONFIDENCE))
    if model.is_foreign:
        entry = next((entry for entry in raw["outputs"] if entry.get("gain")), None)
        if entry is not None:
            return (1.0 - float(entry.get("offset", 0.0))) / float(entry["gain"])
    elif isinstance(raw.get("threshold"), int | float) and raw["threshold"] > 0:
        return float(raw["threshold"])
    raise InputError(say("{model} has no threshold that could be set.", model=model.card.name))


def moved(data: bytes, card: Mapping[str, Any], factor: float) -> bytes:
    """One of our files with scores times `factor`, another card, and golden pairs of what it gives now."""
    made = onnx.load_from_string(data)
    props = {entry.key: entry.value for entry in made.metadata_props}
    scaled = ("score",) if card["task"] == "detect" else ("score", "contribution")
    roles = (*scaled, "map") if card["task"] == "anomaly.image" else scaled
    for output in (entry["name"] for entry in card["outputs"] if entry["role"] in roles):
        _scale(made.graph, output, factor)
    bare = {key: value for key, value in card.items() if key != "golden"}
    helper.set_model_props(made, {**props, CARD_KEY: json.dumps(bare, sort_keys=True)})
    onnx.checker.check_model(made)
    inputs = [{name: unpack(held) for name, held in pair["inputs"].items()} for pair in card.get("golden", ())]
    return with_golden(made.SerializeToString(deterministic=True), inputs)


def _scale(graph: onnx.GraphProto, output: str, factor: float) -> None:
    """Multiply an output; once it has a node for that, only its constant changes."""
    name = NODE + output
    for tensor in graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(
                numpy_helper.from_array(np.asarray(numpy_helper.to_array(tensor) * factor, np.float32), name)
            )
            return
    for node in graph.node:
        for i, given in enumerate(node.output):
            if given == output:
                node.output[i] = f"{name}/before"
        for i, used in enumerate(node.input):
            if used == output:
                node.input[i] = f"{name}/before"
    graph.initializer.append(numpy_helper.from_array(np.asarray(factor, np.float32), name))
    graph.node.append(helper.make_node("Mul", [f"{name}/before", name], [output]))


def _foreign(model: OnnxModel, data: bytes, card: dict[str, Any], value: float) -> dict[str, Any]:
    """The card of a file of another make with its level at `value`, and golden pairs of what that gives."""
    outputs = [
        {**entry, **gains(value, "low" if entry["gain"] < 0 else "high")} if "gain" in entry else entry
        for entry in card["outputs"]
    ]
    made = {**card, "outputs": outputs, "golden": []}
    again = OnnxModel(data, model.session.name, json.dumps(made))
    pairs = []
    for pair in model.card.golden:
        got = again.session.run(pair.inputs)
        kept = {role: pack(got[role]) for role in KEPT if role in got and got[role].size <= MOST}
        pairs.append({"inputs": {name: pack(array) for name, array in pair.inputs.items()}, "outputs": kept})
    return {**made, "golden": pairs}


def remembered(card: dict[str, Any], file: Path) -> dict[str, Any]:
    """The card of a file that is added again: what the one on the shelf remembers, and whether its level has changed.

    Raises InputError if the card there cannot be read.
    """
    if not (sidecar(file).is_file() and file.is_file()):
        return card
    model, data = loaded(file)
    changes = list(model.card.raw.get(CHANGES, []))
    again = OnnxModel(data, file.name, json.dumps(card))
    if level(model.card.raw) != level(card):
        try:
            was, now = threshold_of(model), threshold_of(again)
        except InputError:  # a classifier whose normal class changes
            was = now = EVEN
        known = Ledger().scored(model.card.raw)
        changes.append({"time": text(now_ns()), "from": was, "to": now, "reason": say("added again"),
                        "scored_on": known})  # fmt: skip
    return {**card, CHANGES: changes} if changes else card
