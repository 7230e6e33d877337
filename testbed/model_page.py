"""One model as one self-contained HTML page: what it is, what it rests on, and how fast it is here and now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from connectors.clock import now_ns
from connectors.pictures import encode
from connectors.texts import say, word
from connectors.times import text
from edge.card import braces
from edge.model import OnnxModel, loaded
from edge.speed import speed
from edge.versions import versions
from testbed.evidence import Evidence
from testbed.report.cards import facts
from testbed.report.formats import NOTHING, number, size
from testbed.report.health import pairs
from testbed.report.markup import Html, join, tag
from testbed.report.page import page
from testbed.report.strip import picture
from testbed.report.svg import LEFT, RIGHT, Scale, figure, line, path, ticks, words
from testbed.report.tables import table
from testbed.report.tail import calibration
from testbed.train import write_model

FIGURES = ("accuracy", "macro_f1", "auroc", "aupro", "masks", "held_out")  # that training leaves in the card
PICTURES = 6  # golden ones that are shown
TRACES = 3  # channels of the golden window that are drawn


def write_page(file: Path, out: Path, measured: Evidence | None = None) -> None:
    """Write the page of the model in `file`. Raises InputError if it is none, or the page cannot be written."""
    write_model(model_page(file, measured).encode(), out)


def model_page(file: Path, measured: Evidence | None = None) -> str:
    """The page, with what was measured of it here. Raises InputError if `file` is no model, or not as at export."""
    model, data = loaded(file)
    card, name = model.card.raw, model.card.name
    about = {"file": file.name, "sha256": hashlib.sha256(data).hexdigest(), "providers": model.session.providers}
    told = [(key, value) for key, value in facts(about, card) if value and key != "SHA-256"]
    if fitted := card.get("calibration", {}).get("data_sha256"):
        told.append((say("SHA-256 of the fitted data"), tag("code", fitted)))
    body = [
        tag("h1", join([name, tag("small", f" {model.card.kind}")])),
        tag("p", _task(model.card.task)),
        _speed(model, data, about["sha256"]),
        tag("h2", say("What it says of itself")),
        pairs(told),
        _metrics(card.get("training", {})),
        *([] if measured is None else measured.html()),
        *_calibrated(card, file, measured is None),
        tag("h2", say("What goes in and what comes out")),
        _ports(model),
        _channels(card),
        tag("h2", say("Golden pairs")),
        _golden(model),
        *_more(card),
    ]
    return page(say("Model {name}", name=name), body)


def _calibrated(card: Mapping[str, Any], file: Path, must_hint: bool) -> list[Html]:
    """What the threshold rests on, and how to see what the model is worth where that was not measured."""
    told = [tag("h2", say("What its alarm level rests on")), calibration(card)] if "calibration" in card else []
    if must_hint:
        line = f"testbed models show {file.name} --html page.html --data mine"
        told.append(tag("p", say("How it does on your own data, with intervals and its worst mistakes: "),
                        tag("code", line), class_="facts"))  # fmt: skip
    return told


def _task(task: str) -> str:
    return {
        "anomaly.series": say("Reads windows of signals and scores each: 1.0 is the alarm level."),
        "anomaly.image": say("Reads pictures, scores each, and maps where it stands out: 1.0 is the alarm level."),
        "classify": say("Reads pictures and gives the share of each class."),
        "detect": say("Reads pictures and gives boxes, each with a class and a confidence."),
    }[task]


def _speed(model: OnnxModel, data: bytes, sha: str) -> Html:
    p50, p99 = speed(model)
    graph = onnx.load_from_string(data)
    weights = sum(int(np.prod(tensor.dims)) for tensor in graph.graph.initializer)
    made = versions()
    rows = [
        (say("size"), say("{size}, {n} numbers, {m} operators",
                          size=size(len(data)), n=f"{weights:,}", m=len(graph.graph.node))),
        ("SHA-256", tag("code", sha)),
        (say("speed now"), say("p50 {p50} ms, p99 {p99} ms, one input at a time on one thread",
                               p50=number(p50), p99=number(p99))),
        (say("measured"), f"{text(now_ns())}, {made['machine']}, ONNX Runtime {made['onnxruntime']}"),
    ]  # fmt: skip
    return pairs(rows)


def _metrics(training: Mapping[str, Any]) -> Html | None:
    """Figures that training left in the card, if it left any."""
    figures = training.get("metrics") or {key: training[key] for key in FIGURES if key in training}
    if not isinstance(figures, dict) or not figures:
        return None
    return join(
        [tag("h2", say("Measured when it was trained")), pairs([(str(k), _told(v)) for k, v in figures.items()])]
    )


def _ports(model: OnnxModel) -> Html:
    session = model.session
    roles = {output: role for role, output in model.card.outputs.items()}
    rows = [(say("in"), name, _shape(shape), session.types[name], "") for name, shape in session.inputs.items()]
    rows += [(say("out"), name, "", "", word(roles.get(name, ""))) for name in session.outputs]
    return table(("", say("name"), say("shape"), say("type"), say("role")), rows)


def _shape(shape: Sequence[Any]) -> str:
    return " × ".join(str(n) if isinstance(n, int) else say("any") for n in shape)


def _channels(card: Mapping[str, Any]) -> Html | None:
    patterns = [name for entry in card.get("inputs", []) for p in entry.get("channels", []) for name in braces(str(p))]
    if not patterns:
        return None
    return tag("p", say("Channels: {names}", names=", ".join(patterns)), class_="facts path")


def _golden(model: OnnxModel) -> Html:
    """How far the pairs are off on this machine, and what the first one looks like."""
    golden = model.card.golden
    if not golden:
        return tag("p", say("None: nothing tells whether this file still does what it did at export."))
    rows = [
        (str(i + 1), output, _shape(golden[i].outputs[output].shape), f"{off:.1e}", f"{model.tolerance:.0e}")
        for i, output, off in model.deviations()
    ]
    heads = (say("pair"), say("output"), say("shape"), say("off by, of its range"), say("allowed"))
    first = next(iter(golden[0].inputs.values()))
    shown = _pictures(model, first) if first.dtype == np.uint8 and first.ndim == 4 else _drawn(first)
    return join([table(heads, rows, (3, 4), "slim"), shown])


def _pictures(model: OnnxModel, images: np.ndarray) -> Html:
    """Golden pictures uint8 (n, h, w, 1), each with the class it is given."""
    labels = model.card.raw.get("labels", [])
    shares = model.card.golden[0].outputs.get(model.card.outputs.get("label", ""))
    figures = []
    for i, image in enumerate(images[:PICTURES]):
        name = "" if shares is None or not labels else word(str(labels[int(np.argmax(shares[i]))]))
        figures.append(tag("figure", picture(encode(image[:, :, 0]), name), tag("figcaption", name), class_="crop"))
    return tag("div", *figures, class_="crops")


def _drawn(window: np.ndarray) -> Html | None:
    """The channels of a window (1, n, k) that vary most, beside each other."""
    if window.ndim != 3 or window.shape[1] < 2:
        return None
    values = window[0].astype(np.float64)
    chosen = np.argsort(-values.std(axis=0) / (np.abs(values).mean(axis=0) + 1e-9), kind="stable")[:TRACES]
    horizontal = Scale(0.0, float(len(values) - 1), LEFT, RIGHT)
    parts: list[str] = []
    for j, k in enumerate(chosen):
        low, high = float(values[:, k].min()), float(values[:, k].max())
        vertical = Scale(low, high if high > low else low + 1.0, 60.0 * j + 58, 60.0 * j + 14)
        parts.append(words(4, 60 * j + 30, say("channel {n}", n=int(k) + 1), "lane"))
        parts += [words(LEFT - 6, vertical(at) + 4, number(at), "tick", "end") for at in (low, high)]
        parts.append(tag("path", d=path(np.arange(len(values)), values[:, k], horizontal, vertical), class_="curve"))
    bottom = 60.0 * len(chosen) + 8
    for at in ticks(0.0, float(len(values) - 1), 6):
        parts.append(line(horizontal(at), 8, horizontal(at), bottom, "grid"))
        parts.append(words(horizontal(at), bottom + 14, number(at), "tick", "middle"))
    label = say("The first golden window, by sample: the channels that vary most")
    return tag("figure", figure(bottom + 20, label, *parts), tag("figcaption", label))


def _more(card: Mapping[str, Any]) -> list[Html]:
    """Settings and labels, where the card has them."""
    found = []
    for key, title in (("labels", say("Classes")), ("choices", say("Settings")), ("fitted", say("Learnt"))):
        value = card.get(key)
        if isinstance(value, dict) and value:
            found += [tag("h2", title), pairs([(str(k), _told(v)) for k, v in value.items()])]
        elif isinstance(value, list) and value:
            found += [tag("h2", title), tag("p", ", ".join(word(str(v)) for v in value))]
    return found


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_told(one) for one in value) or NOTHING
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
