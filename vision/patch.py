"""surface-patch: how far each patch of a picture is from every patch of normal pictures. For textures that wander.

After PatchCore (Roth et al., CVPR 2022): patch features of an ImageNet net, a bank of normal patches thinned by greedy
k-centre, the distance to the nearest of them; here the features are projected on their principal axes first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from anomaly.graph import Graph, with_golden
from connectors.errors import InputError
from connectors.texts import say
from edge.session import Session
from vision.calibrate import level
from vision.features import STRIDES, Extractor, drawn, fitting, grid, halved
from vision.lite0 import MULTIPLE

CELLS = 4000  # of a picture that are looked at for fitting
MOST = 60_000  # cells that are fitted on in all
FLOOR = 0.01  # of the mean variance, added to each axis's
GOLDEN = 128  # px, side of the golden picture
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How pictures are looked at.

    Attributes:
        taps: layers of the backbone.
        pool: cells a feature is the mean of, each way.
        shrink: pictures are looked at in 1 / shrink of their size.
        axes: principal axes kept.
        bank: normal patches kept.
        outside: grey level under which a cell is beside the product, and not looked at; 0 looks everywhere.
        margin: cells beside those that are not looked at either.
    """

    taps: tuple[str, ...] = ("stride8", "stride16")
    pool: int = 3
    shrink: int = 1
    axes: int = 64
    bank: int = 1000
    outside: float = 0.0
    margin: int = 3

    @property
    def stride(self) -> int:
        """Side of a cell, px of the picture."""
        return min(STRIDES[name] for name in self.taps) * self.shrink


TEXTURE = Look()
STRIP = Look(taps=("stride8",), pool=1, shrink=2, axes=24, bank=500, outside=40.0)  # 0.5 mm a px, dark beside the strip


def fit(
    pictures: Iterable[np.ndarray], calibration: Iterable[np.ndarray], pictures_per_alarm: float = 1000.0,
    look: Look = TEXTURE, notes: dict[str, Any] | None = None,
    progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file, fitted on normal pictures and calibrated on others.

    Args:
        pictures: uint8 (h, w), normal; any sizes of at least MULTIPLE px times `look.shrink`.
        calibration: other normal pictures, of the size and number that will be judged.
        pictures_per_alarm: of normal pictures, one in so many may reach the alarm level.
        look: how they are looked at.
        notes: more for the card: name, licence, origin, training.
        progress: told what is being done, how far, of how many (0: unknown).

    Raises InputError for too few pictures.
    """
    cells, digest = _cells(pictures, look, progress)
    mean, axes = principal(cells, look.axes)
    bank = coreset((cells - mean) @ axes, look.bank)
    raw = _graph(look, mean, axes, bank, 1.0).plain({})
    session = Session(raw, "surface-patch")
    scores = []
    for i, picture in enumerate(calibration):
        progress("calibrate", i, 0)
        scores.append(float(session.run(feed(picture, look.shrink))["score"][0]))
    found = level(scores, pictures_per_alarm)
    made = _graph(look, mean, axes, bank, found.value)
    card = _card(look, found.value, {**found.told(pictures_per_alarm), "data_sha256": digest}, notes or {})
    return with_golden(made.model(card), [feed(drawn(GOLDEN, GOLDEN))])


def feed(picture: np.ndarray, shrink: int = 1) -> dict[str, np.ndarray]:
    """A picture uint8 (h, w) as the graph takes it: the largest part whose sides fit, (1, h, w, 1)."""
    return {"image": fitting(picture, shrink)[None, :, :, None]}


def _cells(pictures: Iterable[np.ndarray], look: Look, progress: Progress) -> tuple[np.ndarray, str]:
    """Features (n, channels) of cells of normal pictures, and a digest of the pictures."""
    extract = Extractor(look.taps, look.pool, look.shrink)
    rng = np.random.Generator(np.random.Philox(key=1))
    digest = hashlib.sha256()
    kept: list[np.ndarray] = []
    for i, picture in enumerate(pictures):
        progress("fit", i, 0)
        image = fitting(picture, look.shrink)
        if not image.size:
            raise InputError(
                say("A picture of {h} × {w} px is too small: both sides need {least} px.",
                    h=picture.shape[0], w=picture.shape[1], least=MULTIPLE * look.shrink)
            )  # fmt: skip
        digest.update(image.tobytes())
        features = extract(image)[_inside(image, look)]
        chosen = rng.choice(len(features), min(CELLS, len(features)), replace=False)
        kept.append(features[chosen])
    cells = np.concatenate(kept) if kept else np.empty((0, 1))
    if len(cells) <= 4 * look.axes:
        raise InputError(say("{n} patches of normal pictures are too few to fit on. Give more pictures.", n=len(cells)))
    return cells[rng.permutation(len(cells))[:MOST]], digest.hexdigest()


def _inside(image: np.ndarray, look: Look) -> np.ndarray:
    """Cells that are looked at, bool (rows, columns), as the graph decides it."""
    g = Graph("inside")
    grey = g.add("Transpose", g.pixels("image", [1, "h", "w", 1]), perm=[0, 3, 1, 2])
    g.output(inside(g, grey, look), "inside", [1, 1, "rows", "columns"])
    return Session(g.plain({}), "inside").run({"image": image[None, :, :, None]})["inside"][0, 0] > 0.5


def inside(g: Graph, grey: str, look: Look) -> str:
    """1 where a cell is looked at, else 0: float32 (1, 1, rows, columns)."""
    side = [look.stride] * 2
    means = g.add("AveragePool", grey, kernel_shape=side, strides=side)
    beside = g.add("Cast", g.add("Less", means, g.constant(look.outside)), to=1)
    if look.margin:
        beside = g.add("MaxPool", beside, kernel_shape=[2 * look.margin + 1] * 2, pads=[look.margin] * 4)
    return g.add("Sub", g.constant(1.0), beside)


def principal(features: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (channels,) and the `n` largest principal axes (channels, n), scaled to unit variance."""
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    variances, vectors = np.linalg.eigh(centred.T @ centred / len(features))
    largest = np.argsort(-variances)[:n]
    vectors = vectors[:, largest]
    signs = np.where(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(largest))] < 0, -1.0, 1.0)
    return mean, vectors * signs / np.sqrt(variances[largest].clip(min=0.0) + FLOOR * variances.mean())


def coreset(points: np.ndarray, n: int) -> np.ndarray:
    """`n` of the points (m, d) such that the farthest of the others is near: greedy k-centre from the first point on.

    Source: Gonzalez, Theoretical Computer Science 38 (1985) 293; at most twice as far as the best choice.
    """
    points = points.astype(np.float32)
    squares = (points**2).sum(axis=1)
    chosen = [0]
    nearest = np.full(len(points), np.inf, np.float32)
    for _ in range(min(n, len(points)) - 1):
        last = points[chosen[-1]]
        nearest = np.minimum(nearest, squares - 2.0 * (points @ last) + squares[chosen[-1]])
        chosen.append(int(nearest.argmax()))
    return points[chosen]


def _graph(look: Look, mean: np.ndarray, axes: np.ndarray, bank: np.ndarray, alarm_level: float) -> Graph:
    """Picture uint8 (1, h, w, 1) to map (1, rows, columns) and score (1,), 1.0 = alarm level."""
    g = Graph("surface-patch")
    grey = g.add("Transpose", g.pixels("image", [1, "h", "w", 1]), perm=[0, 3, 1, 2])
    cells = grid(g, halved(g, grey, look.shrink), look.taps, look.pool)
    points = pointwise(g, cells, axes.T, -(mean @ axes))
    # |q - b|² = |q|² + (|b|² - 2 q·b): one convolution of 1 × 1 and a minimum
    others = pointwise(g, points, -2.0 * bank, (bank.astype(np.float64) ** 2).sum(axis=1))
    nearest = g.add("ReduceMin", others, axes=[1], keepdims=1)
    own = g.add("ReduceSum", g.mul(points, points), g.integers([1]), keepdims=1)
    distance = g.add("Sqrt", g.add("Relu", g.add("Add", own, nearest)))
    scaled = g.mul(distance, g.constant(1.0 / alarm_level))
    if look.outside > 0:
        scaled = g.mul(scaled, inside(g, grey, look))
    g.output(g.add("Squeeze", scaled, g.integers([1])), "map", [1, "rows", "columns"])
    g.output(g.add("ReduceMax", scaled, axes=[1, 2, 3], keepdims=0), "score", [1])
    return g


def pointwise(g: Graph, value: str, weights: np.ndarray, bias: np.ndarray) -> str:
    """Every cell's vector times `weights` (out, in) plus `bias` (out,)."""
    kernel = g.constant(np.asarray(weights)[:, :, None, None])
    return g.add("Conv", value, kernel, g.constant(bias), kernel_shape=[1, 1])


def _card(look: Look, value: float, calibration: dict[str, Any], notes: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "surface-patch",
        "kind": "surface-patch",
        "task": "anomaly.image",
        "condition": "surface",
        "severity": 400,
        "place": "unit",
        "advice": "look-at-map",
        "inputs": [image_input([1, "h", "w", 1], look.shrink * MULTIPLE)],
        "outputs": [{"name": "map", "role": "map"}, {"name": "score", "role": "score"}],
        "stride": look.stride,
        "threshold": value,
        "alarm": {"k": 1, "n": 1},
        "choices": {**asdict(look), "taps": list(look.taps)},
        "calibration": calibration,
        "baseline": "always-alarm",
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
        **notes,
    }


def image_input(shape: Sequence[int | str], multiple: int) -> dict[str, Any]:
    """The card's entry for a grey picture."""
    return {
        "name": "image", "kind": "image", "layout": "NHWC", "colour": "grey", "dtype": "uint8", "size": list(shape),
        "multiple": multiple,
    }  # fmt: skip
