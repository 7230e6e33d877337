"""classify: which class a picture, or the crop of a defect, belongs to. One linear layer over frozen features.

The features are means and spreads of the backbone's early layers, where texture is, and its last layer's means, where
shape is; multinomial logistic regression turns them into probabilities. Fitted in all four quarter turns, each as
another file type would store it, and every picture is brought to the same mean brightness first: neither the camera's
turn nor its exposure nor how the file was packed says anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from anomaly import logistic
from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.pictures import recompressed, resized
from connectors.texts import say
from edge.session import Session
from vision.features import drawn, taps
from vision.metrics import accuracy, macro_f1
from vision.patch import image_input

SIDE = 224  # px, the size ImageNet's weights were made at
BRIGHTNESS = 110.0  # grey level every picture's mean is brought to
PENALTY = 1e-3  # of the standardised features' weights
TURNS = 4  # quarter turns a picture is learned in
QUALITIES = (None, 90, 70, 50)  # of JPEG, each turn another; None as it came
TEXTURE, SHAPE = ("stride8", "stride16"), ("pooled",)
FLOOR = 1e-3  # of the mean spread, added to each feature's
HELD_OUT = 0.2  # share of the groups that the card's figures are measured on, before the final fit takes all
LEAST = 2  # pictures of a class
Progress = Callable[[str, int, int], None]


def fit(
    pictures: Sequence[np.ndarray] | Iterable[np.ndarray], labels: Sequence[str], groups: Sequence[str] | None = None,
    notes: dict[str, Any] | None = None, progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file that names the class of a picture uint8 (n, SIDE, SIDE, 1).

    Args:
        pictures: uint8 (h, w), any sizes; brought to SIDE × SIDE.
        labels: the class of each; one of them may be "no defect".
        groups: what must not be torn apart when the card's figures are measured; default every picture by itself.
        notes: more for the card: name, licence, origin, training, harmless labels.
        progress: told what is being done, how far, of how many.

    Raises InputError for fewer than two classes, or a class of fewer than LEAST pictures.
    """
    known = sorted(set(labels))
    _enough(labels, known)
    wanted = np.array([known.index(label) for label in labels])
    features, digest = _features(pictures, len(labels), progress)
    together = np.array(groups if groups is not None else [str(i) for i in range(len(labels))])
    figures = _measured(features, wanted, together, known)
    weights, bias = _learned(features.reshape(-1, features.shape[2]), np.repeat(wanted, TURNS), len(known))
    made = _graph(weights, bias)
    told = notes or {}
    training = {"pictures": len(labels), "data_sha256": digest, **figures, **told.get("training", {})}
    return with_golden(made.model({**_card(known), **told, "training": training}), [{"image": feed(drawn(SIDE, SIDE))}])


def feed(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 (h, w) as the graph takes it: (1, SIDE, SIDE, 1)."""
    return np.ascontiguousarray(resized(picture, SIDE, SIDE))[None, :, :, None]


def _enough(labels: Sequence[str], known: Sequence[str]) -> None:
    if len(known) < 2:
        raise InputError(
            say(
                "A classifier needs pictures of at least two classes, but got {labels}.", labels=", ".join(known) or "0"
            )
        )
    few = [label for label in known if labels.count(label) < LEAST]
    if few:
        raise InputError(
            say(
                "Classes of fewer than {least} pictures cannot be learned: {labels}.",
                least=LEAST,
                labels=", ".join(few),
            )
        )


def _features(pictures: Iterable[np.ndarray], n: int, progress: Progress) -> tuple[np.ndarray, str]:
    """Features float32 (n, TURNS, k), and a digest of the pictures as the graph takes them."""
    g = Graph("features")
    g.output(_vector(g), "vector", ["n", "k"])
    session = Session(g.plain({}), "features")
    digest = hashlib.sha256()
    rows = []
    for i, picture in enumerate(pictures):
        progress("fit", i, n)
        digest.update(feed(picture).tobytes())
        packed = [QUALITIES[(turn + i) % len(QUALITIES)] if turn else None for turn in range(TURNS)]
        seen = [feed(picture if q is None else recompressed(picture, q)) for q in packed]
        turned = np.concatenate([np.rot90(image, turn, axes=(1, 2)) for turn, image in enumerate(seen)])
        rows.append(session.run({"image": turned})["vector"])
    return np.stack(rows), digest.hexdigest()


def _vector(g: Graph) -> str:
    """Features (n, k) of pictures uint8 (n, SIDE, SIDE, 1): means and spreads of texture layers, means of the last."""
    grey = g.add("Transpose", g.pixels("image", ["n", SIDE, SIDE, 1]), perm=[0, 3, 1, 2])
    mean = g.add("Max", g.add("GlobalAveragePool", grey), g.constant(1.0))
    even = g.mul(grey, g.add("Div", g.constant(BRIGHTNESS), mean))
    layers = taps(g, g.add("Clip", even, g.constant(0.0), g.constant(255.0)), (*TEXTURE, *SHAPE))
    parts = []
    for layer in layers[: len(TEXTURE)]:
        average = g.add("GlobalAveragePool", layer)
        off = g.add("Sub", layer, average)
        parts += [average, g.add("Sqrt", g.add("GlobalAveragePool", g.mul(off, off)))]
    return g.add("Flatten", g.add("Concat", *parts, *layers[len(TEXTURE) :], axis=1))


def _learned(features: np.ndarray, wanted: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (k, classes) and bias (classes,) for features as they come, their scaling folded in."""
    mean = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    spread += FLOOR * spread.mean()
    weights, bias = logistic.fit((features - mean) / spread, wanted, classes, PENALTY)
    weights /= spread[:, None]
    return weights, bias - mean @ weights


def _measured(features: np.ndarray, wanted: np.ndarray, groups: np.ndarray, known: Sequence[str]) -> dict[str, Any]:
    """Accuracy and macro-F1 on groups held out from a fit of its own; the final fit then takes every picture."""
    held = np.array([hashlib.sha256(f"held/{g}".encode()).digest()[0] < 256 * HELD_OUT for g in groups])
    if set(wanted[~held]) != set(range(len(known))) or not held.any():
        return {"held_out": 0}
    weights, bias = _learned(
        features[~held].reshape(-1, features.shape[2]), np.repeat(wanted[~held], TURNS), len(known)
    )
    said = [known[int(i)] for i in (features[held, 0] @ weights + bias).argmax(axis=1)]
    truth = [known[int(i)] for i in wanted[held]]
    figures = {"accuracy": accuracy(truth, said), "macro_f1": macro_f1(truth, said)}
    return {"held_out": int(held.sum()), **{name: round(value, 4) for name, value in figures.items()}}


def _graph(weights: np.ndarray, bias: np.ndarray) -> Graph:
    g = Graph("classify")
    vector = _vector(g)
    logits = g.add("Gemm", vector, g.constant(weights), g.constant(bias))
    g.output(g.add("Softmax", logits, axis=1), "label", ["n", len(bias)])
    return g


def _card(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "name": "classify",
        "kind": "classify",
        "task": "classify",
        "condition": "surface",
        "severity": 400,
        "place": "unit",
        "inputs": [image_input(["n", SIDE, SIDE, 1], SIDE)],
        "outputs": [{"name": "label", "role": "label"}],
        "labels": list(labels),
        "alarm": {"k": 1, "n": 1},
        "choices": {
            "layers": [*TEXTURE, *SHAPE], "brightness": BRIGHTNESS, "penalty": PENALTY, "quarter_turns": TURNS,
            "jpeg_qualities": list(QUALITIES),
        },
        "baseline": "majority",
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
    }  # fmt: skip
