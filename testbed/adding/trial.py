"""A file tried with its card: zeros and a sample through it, a golden pair, and how fast it is here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from edge.card import pack
from edge.foreign import KEY
from edge.model import OnnxModel
from edge.speed import speed
from testbed.adding.graph import Graph
from testbed.noise import stream

OPEN = 256  # px of a trial picture where a graph takes any size
SMALL = 64  # px of the picture in a golden pair, which the adapter brings to size
KEPT = ("score", "label", "contribution")  # of a golden pair: small, and never empty
MORE = 5  # samples that are tried where the first says the same as zeros
MOST = 4096  # numbers of an output that a golden pair keeps


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes:
        zeros, sample: scores, None for a model that gives none.
        moves: whether what goes in makes any difference to the score, as far as a few samples tell.
        p50_ms, p99_ms: one input at a time on one thread, adapter and graph.
    """

    zeros: float | None
    sample: float | None
    moves: bool
    p50_ms: float
    p99_ms: float


def sealed(graph: Graph, card: Mapping[str, Any], constants: Mapping[str, Any]) -> dict[str, Any]:
    """The card with what ties it to the file: its SHA-256, and the inputs that always get the same numbers."""
    about: dict[str, Any] = {"producer": graph.producer, "sha256": hashlib.sha256(graph.data).hexdigest()}
    return {**card, KEY: {**about, "constants": dict(constants)} if constants else about}


def model_of(graph: Graph, card: Mapping[str, Any]) -> OnnxModel:
    """The file behind its card. Raises InputError if the card does not fit it."""
    return OnnxModel(graph.data, graph.name, json.dumps(card))


def tried(model: OnnxModel) -> tuple[Trial, dict[str, Any]]:
    """Zeros and a sample through the model; the trial and a golden pair. Raises InputError if what comes is no number.

    The sample is noise: of grey levels for a picture, around the trained mean for tags.
    """
    zeros, sample = feeds_of(model, None), feeds_of(model, "sample")
    told = say("a sample")
    scores = [_score(model, zeros, say("zeros")), _score(model, sample, told)]
    more = (feeds_of(model, f"sample {i}") for i in range(MORE))
    moves = scores[0] != scores[1] or any(_score(model, feeds, told) != scores[0] for feeds in more)
    small = feeds_of(model, "golden", SMALL)
    got = model.session.run(small)
    golden = {
        "inputs": {name: pack(value) for name, value in small.items()},
        "outputs": {role: pack(got[role]) for role in KEPT if role in got and got[role].size <= MOST},
    }
    p50, p99 = speed(model, sample)
    return Trial(scores[0], scores[1], moves, p50, p99), golden


def _score(model: OnnxModel, feeds: Mapping[str, np.ndarray], what: str) -> float | None:
    got = model.session.run(feeds)
    for role, value in got.items():
        if not np.isfinite(value).all():
            raise InputError(
                say("{name} gives no finite number as {role} for {what}. Look at its scaling, or export it again.",
                    name=model.session.name, role=role, what=what)
            )  # fmt: skip
    return float(got["score"].reshape(-1)[0]) if "score" in got else None


def feeds_of(model: OnnxModel, noise: str | None, pixels: int | None = None) -> dict[str, np.ndarray]:
    """Zeros, or noise of that name, as the model takes them; a picture of `pixels` or of the graph's own size."""
    feeds = {}
    for i, (name, shape) in enumerate(model.session.inputs.items()):
        entry = model.card.raw["inputs"][i]
        if entry["kind"] == "image":
            size = [pixels or (n if isinstance(n, int) else OPEN) for n in shape[1:3]]
            levels = np.zeros(size, np.uint8)
            if noise is not None:
                levels = stream(0, f"{noise} {name}").integers(0, 256, size, np.uint8)
            feeds[name] = levels[None]
        else:
            values = np.zeros(shape)
            if noise is not None:
                drawn = stream(0, f"{noise} {name}").standard_normal(shape)
                values = drawn * np.asarray(entry.get("std", 1.0)) + np.asarray(entry.get("mean", 0.0))
            feeds[name] = values.astype(np.float32)
    return feeds
