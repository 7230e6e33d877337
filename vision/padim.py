"""surface-padim: how far each place of a picture is from what that place usually looks like. For fixed framing.

What is usual, and how far from it a picture is, stands in vision/usual.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.pictures import resized
from connectors.texts import say
from vision.calibrate import level
from vision.features import Extractor, channels, drawn, grid
from vision.patch import Progress, image_input
from vision.usual import AXES, COMMON, POOLED, SHRINK, TOP, Usual, apart

SIDE = 224  # px a picture is brought to
TAPS = ("stride4", "stride8", "stride16")
POOL = 3  # cells a feature is the mean of, each way
STRIDE = 8  # px a cell
CELLS = SIDE // STRIDE  # a side of the map
BRIGHTNESS, CONTRAST = 110.0, 35.0  # grey levels: mean and spread every picture is brought to, whatever its exposure
FAINT = 4.0  # grey levels, spread below which a picture's contrast is not raised further
LEAST = 12  # pictures: 8 to fit on where a part is left out
FOLDS = 4  # parts that are left out in turn to calibrate: judgement


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


def _graph(usual: Usual, alarm_level: float) -> Graph:
    """Picture uint8 (1, SIDE, SIDE, 1) to map (1, CELLS, CELLS) and score (1,), 1.0 = alarm level."""
    g = Graph("surface-padim")
    grey = g.add("Transpose", g.pixels("image", [1, SIDE, SIDE, 1]), perm=[0, 3, 1, 2])
    places, score = apart(g, grid(g, exposed(g, grey), TAPS, POOL, STRIDE), usual)
    unit = g.constant(1.0 / alarm_level)
    g.output(g.reshape(g.mul(places, unit), [1, CELLS, CELLS]), "map", [1, CELLS, CELLS])
    g.output(g.mul(score, unit), "score", [1])
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
            "pooled": POOLED,
            "shrink": SHRINK,
            "top": TOP,
            "common": COMMON,
            "brightness": BRIGHTNESS,
            "contrast": CONTRAST,
        },
        "calibration": calibration,
        "baseline": "mean-grey",
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
    }
