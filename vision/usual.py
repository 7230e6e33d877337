"""What each place of a picture usually looks like, from normal pictures, and how far a picture is from it.

After PaDiM (Defard et al., ICPR 2020 workshops): one Gaussian of patch features a place, the Mahalanobis distance from
it. Here the features are projected on their principal axes; and since pictures are few, and those of one part alike,
each place's covariance is drawn towards the mean of all places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anomaly.graph import Graph
from vision.patch import pointwise, principal

AXES = 64  # principal axes kept
POOLED = 0.3  # share of the mean covariance of all places in each
SHRINK = 0.02  # share of the sphere in each covariance
TOP = 3  # the score is the mean of so many of the map's cells
COMMON = 0.5  # share of its mean that is taken off a map: a part of another make is a little strange all over


@dataclass(frozen=True, slots=True)
class Usual:
    """What places usually look like.

    Attributes:
        mean, axes: of all features, (channels,) and (channels, AXES), see `patch.principal`.
        middle: mean of each place's points, (places, 1, AXES).
        whitening: W float16 (places, AXES, AXES) with |x W|² the Mahalanobis distance of x.
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
        return cls(mean, axes, middle, _whitening(points - middle).astype(np.float16))

    def score(self, features: np.ndarray) -> float:
        """What the graph says of a picture's features (places, channels)."""
        points = ((features - self.mean) @ self.axes)[:, None]
        off = np.sqrt((((points - self.middle) @ self.whitening.astype(np.float32)) ** 2).sum(axis=(1, 2)))
        return float(np.sort(off)[-TOP:].mean() - COMMON * off.mean())


def apart(g: Graph, cells: str, usual: Usual) -> tuple[str, str]:
    """How far each place of feature grids (n, channels, h, w) is from what is usual, (n, h * w), and each picture (n,).

    The second is the mean of the TOP highest of the first.
    """
    points = pointwise(g, cells, usual.axes.T, -(usual.mean @ usual.axes))
    places, _, axes = usual.middle.shape
    listed = g.add("Transpose", g.reshape(points, [0, axes, places]), perm=[2, 0, 1])
    off = g.add("MatMul", g.add("Sub", listed, g.constant(usual.middle)), g.half(usual.whitening))
    squared = g.add("ReduceSum", g.mul(off, off), g.integers([2]), keepdims=0)
    distance = g.add("Transpose", g.add("Sqrt", squared), perm=[1, 0])
    common = g.mul(g.add("ReduceMean", distance, axes=[1], keepdims=1), g.constant(COMMON))
    found = g.add("Relu", g.add("Sub", distance, common))
    return found, g.add("ReduceMean", g.largest(found, TOP, 1), axes=[1], keepdims=0)


def _whitening(centred: np.ndarray) -> np.ndarray:
    """W (places, axes, axes) with |x W|² the Mahalanobis distance of x, from points (places, pictures, axes)."""
    covariance = centred.transpose(0, 2, 1) @ centred / max(centred.shape[1] - 1, 1)
    axes = covariance.shape[1]
    sphere = np.trace(covariance, axis1=1, axis2=2)[:, None, None] / axes * np.eye(axes)
    own = 1.0 - POOLED - SHRINK
    return np.linalg.cholesky(np.linalg.inv(own * covariance + POOLED * covariance.mean(axis=0) + SHRINK * sphere))
