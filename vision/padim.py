"""surface-padim: how far each place of a picture is from what that place usually looks like. For fixed framing.

After PaDiM (Defard et al., ICPR 2020 workshops): one Gaussian of patch features a place, the Mahalanobis distance from
it; here the features are projected on their principal axes, and each covariance is shrunk towards a sphere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.pictures import resized
from connectors.texts import say
from vision.calibrate import level
from vision.features import Extractor, channels, drawn, grid
from vision.patch import Progress, image_input, pointwise, principal

SIDE = 224  # px a picture is brought to
TAPS = ("stride4", "stride8", "stride16")
POOL = 3  # cells a feature is the mean of, each way
STRIDE = 8  # px a cell
CELLS = SIDE // STRIDE  # a side of the map
AXES = 64  # principal axes kept
SHRINK = 0.3  # share of the sphere in each covariance
BRIGHTNESS, CONTRAST = 110.0, 35.0  # grey levels: mean and spread every picture is brought to, whatever its exposure
FAINT = 4.0  # grey levels, spread below which a picture's contrast is not raised further
TOP = 8  # the score is the mean of so many of the map's cells
LEAST = 12  # pictures: 8 to fit on where a part is left out
FOLDS = 4  # parts that are left out in turn to calibrate: judgement


@dataclass(frozen=True, slots=True)
class Usual:
    """What places usually look like.

    Attributes:
        mean, axes: of all features, (channels,) and (channels, AXES), see `patch.principal`.
        middle: mean of each place's points, (places, 1, AXES).
        whitening: W (places, AXES, AXES) with |x W|² the Mahalanobis distance of x.
    """

    mean: np.ndarray
    axes: np.ndarray
    middle: np.ndarray
    whitening: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Usual:
        """Of normal pictures' features (n, places, channels)."""
        mean, axes = principal(features.reshape(-1, features.shape[2]), AXES)
        points = ((features - mean) @ axes).transpose(1, 0, 2)  # (places, pictures, axes)
        middle = points.mean(axis=1, keepdims=True)
        return cls(mean, axes, middle, _whitening(points - middle))

    def score(self, features: np.ndarray) -> float:
        """What the graph says of a picture's features (places, channels), before the alarm level."""
        points = ((features - self.mean) @ self.axes)[:, None]
        off = np.sqrt((((points - self.middle) @ self.whitening) ** 2).sum(axis=(1, 2)))
        return float(np.sort(off)[-TOP:].mean())


def fit(
    pictures: Sequence[np.ndarray], groups: Sequence[str] = (), pictures_per_alarm: float = 1000.0,
    notes: dict[str, Any] | None = None, progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file, fitted on normal pictures of one framing.

    The alarm level rests on what each picture scores where it was left out: FOLDS times a part of the groups is. Those
    fits know fewer pictures than the file does, so the level is rather too high than too low.

    Args:
        pictures: uint8 (h, w), normal; brought to SIDE × SIDE.
        groups: what must not be torn apart, one a picture; default every picture for itself, and so where there are
            fewer than FOLDS groups.
        pictures_per_alarm: of normal pictures, one in so many may reach the alarm level.
        notes: more for the card: name, licence, origin, training.
        progress: told what is being done, how far, of how many.

    Raises InputError for too few pictures.
    """
    if len(pictures) < LEAST:
        raise InputError(
            say("{n} normal pictures are too few to fit on. Give at least {least}.", n=len(pictures), least=LEAST)
        )
    extract = Extractor(TAPS, POOL, before=exposed, stride=STRIDE)
    digest = hashlib.sha256()
    seen = np.empty((len(pictures), CELLS * CELLS, channels(TAPS)), np.float32)
    for i, picture in enumerate(pictures):
        progress("fit", i, len(pictures))
        image = feed(picture)
        digest.update(image.tobytes())
        seen[i] = extract(image[0, :, :, 0]).reshape(seen.shape[1:])
    fold, apart = _folds(groups, len(pictures))
    scores = np.empty(len(pictures))
    for k in range(FOLDS):
        usual = Usual.of(seen[fold != k])
        scores[fold == k] = [usual.score(features) for features in seen[fold == k]]
    found, usual = level([float(score) for score in scores], pictures_per_alarm), Usual.of(seen)
    told = {**found.told(pictures_per_alarm), "folds": FOLDS, "apart": apart, "data_sha256": digest.hexdigest()}
    made = _graph(usual, found.value).model({**_card(found.value, told), **(notes or {})})
    return with_golden(made, [{"image": feed(drawn(SIDE, SIDE))}])


def _folds(groups: Sequence[str], pictures: int) -> tuple[np.ndarray, str]:
    """Number of the fold in which each picture is left out, and what is never torn apart by them."""
    names, apart = list(groups), "groups"
    if len(set(names)) < FOLDS:
        names, apart = [str(i) for i in range(pictures)], "pictures"
    order = sorted(set(names), key=lambda name: hashlib.sha256(name.encode()).digest())
    place = {name: i % FOLDS for i, name in enumerate(order)}
    return np.array([place[name] for name in names]), apart


def feed(picture: np.ndarray) -> np.ndarray:
    """A picture uint8 (h, w) as the graph takes it: (1, SIDE, SIDE, 1)."""
    return np.ascontiguousarray(resized(picture, SIDE, SIDE))[None, :, :, None]


def exposed(g: Graph, grey: str) -> str:
    """The picture with mean BRIGHTNESS and spread CONTRAST."""
    off = g.add("Sub", grey, g.add("GlobalAveragePool", grey))
    spread = g.add("Sqrt", g.add("GlobalAveragePool", g.mul(off, off)))
    gain = g.add("Div", g.constant(CONTRAST), g.add("Max", spread, g.constant(FAINT)))
    even = g.add("Add", g.mul(off, gain), g.constant(BRIGHTNESS))
    return g.add("Clip", even, g.constant(0.0), g.constant(255.0))


def _whitening(centred: np.ndarray) -> np.ndarray:
    """W (places, axes, axes) with |x W|² the Mahalanobis distance of x, from points (places, pictures, axes)."""
    covariance = centred.transpose(0, 2, 1) @ centred / max(centred.shape[1] - 1, 1)
    axes = covariance.shape[1]
    sphere = np.trace(covariance, axis1=1, axis2=2)[:, None, None] / axes * np.eye(axes)
    return np.linalg.cholesky(np.linalg.inv((1 - SHRINK) * covariance + SHRINK * sphere))


def _graph(usual: Usual, alarm_level: float) -> Graph:
    """Picture uint8 (1, SIDE, SIDE, 1) to map (1, CELLS, CELLS) and score (1,), 1.0 = alarm level."""
    g = Graph("surface-padim")
    grey = g.add("Transpose", g.pixels("image", [1, SIDE, SIDE, 1]), perm=[0, 3, 1, 2])
    points = pointwise(g, grid(g, exposed(g, grey), TAPS, POOL, STRIDE), usual.axes.T, -(usual.mean @ usual.axes))
    places = CELLS * CELLS
    listed = g.add("Transpose", g.reshape(points, [usual.axes.shape[1], places, 1]), perm=[1, 2, 0])
    off = g.add("MatMul", g.add("Sub", listed, g.constant(usual.middle)), g.constant(usual.whitening))
    squared = g.add("ReduceSum", g.mul(off, off), g.integers([1, 2]), keepdims=0)
    scaled = g.mul(g.add("Sqrt", squared), g.constant(1.0 / alarm_level))
    g.output(g.reshape(scaled, [1, CELLS, CELLS]), "map", [1, CELLS, CELLS])
    top = g.largest(scaled, TOP, 0)
    g.output(g.add("ReduceMean", top, axes=[0], keepdims=1), "score", [1])
    return g


def _card(value: float, calibration: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "surface-padim",
        "kind": "surface-padim",
        "task": "anomaly.image",
        "condition": "surface",
        "severity": 400,
        "place": "unit",
        "advice": "look-at-map",
        "inputs": [image_input([1, SIDE, SIDE, 1], SIDE)],
        "outputs": [{"name": "map", "role": "map"}, {"name": "score", "role": "score"}],
        "stride": STRIDE,
        "threshold": value,
        "alarm": {"k": 1, "n": 1},
        "choices": {
            "taps": list(TAPS),
            "pool": POOL,
            "axes": AXES,
            "shrink": SHRINK,
            "top": TOP,
            "brightness": BRIGHTNESS,
            "contrast": CONTRAST,
        },
        "calibration": calibration,
        "baseline": "mean-grey",
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
    }
