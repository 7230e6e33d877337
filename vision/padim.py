"""surface-padim: how far each place of a picture is from what that place usually looks like. For fixed framing.

After PaDiM (Defard et al., ICPR 2020 workshops): one Gaussian of patch features a place, the Mahalanobis distance from
it; here the features are projected on their principal axes, and each covariance is shrunk towards a sphere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.pictures import resized
from connectors.texts import say
from edge.session import Session
from vision.calibrate import level
from vision.features import Extractor, channels, drawn, grid
from vision.patch import Progress, image_input, pointwise, principal

SIDE = 224  # px a picture is brought to
TAPS = ("stride8", "stride16")
POOL = 3  # cells a feature is the mean of, each way
CELLS = SIDE // 8  # a side of the map
AXES = 64  # principal axes kept
SHRINK = 0.3  # share of the sphere in each covariance
BRIGHTNESS, CONTRAST = 110.0, 35.0  # grey levels: mean and spread every picture is brought to, whatever its exposure
FAINT = 4.0  # grey levels, spread below which a picture's contrast is not raised further
TOP = 8  # the score is the mean of so many of the map's cells
LEAST = 8  # pictures to fit on


def fit(
    pictures: Iterable[np.ndarray], calibration: Iterable[np.ndarray], pictures_per_alarm: float = 1000.0,
    notes: dict[str, Any] | None = None, progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file, fitted on normal pictures of one framing and calibrated on others.

    Args:
        pictures: uint8 (h, w), normal; brought to SIDE × SIDE.
        calibration: other normal pictures.
        pictures_per_alarm: of normal pictures, one in so many may reach the alarm level.
        notes: more for the card: name, licence, origin, training.
        progress: told what is being done, how far, of how many (0: unknown).

    Raises InputError for too few pictures.
    """
    extract = Extractor(TAPS, POOL, before=exposed)
    digest = hashlib.sha256()
    seen = []
    for i, picture in enumerate(pictures):
        progress("fit", i, 0)
        image = feed(picture)
        digest.update(image.tobytes())
        seen.append(extract(image[0, :, :, 0]).reshape(CELLS * CELLS, channels(TAPS)))
    if len(seen) < LEAST:
        raise InputError(
            say("{n} normal pictures are too few to fit on. Give at least {least}.", n=len(seen), least=LEAST)
        )
    mean, axes = principal(np.concatenate(seen), AXES)
    points = ((np.stack(seen) - mean) @ axes).transpose(1, 0, 2)  # (places, pictures, axes)
    middle = points.mean(axis=1, keepdims=True)
    session = Session(_graph(mean, axes, middle, _whitening(points - middle), 1.0).plain({}), "surface-padim")
    scores = []
    for i, picture in enumerate(calibration):
        progress("calibrate", i, 0)
        scores.append(float(session.run({"image": feed(picture)})["score"][0]))
    found = level(scores, pictures_per_alarm)
    made = _graph(mean, axes, middle, _whitening(points - middle), found.value)
    card = _card(found.value, {**found.told(pictures_per_alarm), "data_sha256": digest.hexdigest()})
    return with_golden(made.model({**card, **(notes or {})}), [{"image": feed(drawn(SIDE, SIDE))}])


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


def _graph(mean: np.ndarray, axes: np.ndarray, middle: np.ndarray, whitening: np.ndarray, alarm_level: float) -> Graph:
    """Picture uint8 (1, SIDE, SIDE, 1) to map (1, CELLS, CELLS) and score (1,), 1.0 = alarm level."""
    g = Graph("surface-padim")
    grey = g.add("Transpose", g.pixels("image", [1, SIDE, SIDE, 1]), perm=[0, 3, 1, 2])
    points = pointwise(g, grid(g, exposed(g, grey), TAPS, POOL), axes.T, -(mean @ axes))
    places = CELLS * CELLS
    listed = g.add("Transpose", g.reshape(points, [axes.shape[1], places, 1]), perm=[1, 2, 0])
    off = g.add("MatMul", g.add("Sub", listed, g.constant(middle)), g.constant(whitening))
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
        "stride": SIDE // CELLS,
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
