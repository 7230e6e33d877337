"""What places usually look like: few pictures are enough, and a part of another make is not a defect."""

from __future__ import annotations

import numpy as np
import pytest

from anomaly.graph import Graph
from edge.session import Session
from vision.usual import Usual, apart

ROWS, CHANNELS = 4, 70
RNG = np.random.default_rng(1)
MIXED = RNG.standard_normal((CHANNELS, CHANNELS))


def features(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, ROWS * ROWS, CHANNELS)) @ MIXED


USUAL = Usual.of(features(20, 2))


def test_the_graph_scores_each_picture_of_a_batch_as_its_features_do():
    g = Graph("apart")
    places, score = apart(g, g.input("cells", ["n", CHANNELS, ROWS, ROWS]), USUAL)
    g.output(places, "places", ["n", ROWS * ROWS])
    g.output(score, "score", ["n"])
    seen = features(3, 5)
    cells = seen.transpose(0, 2, 1).reshape(3, CHANNELS, ROWS, ROWS).astype(np.float32)
    said = Session(g.plain({}), "apart").run({"cells": cells})
    assert said["places"].shape == (3, ROWS * ROWS)
    assert said["score"] == pytest.approx([USUAL.score(one) for one in seen], rel=1e-3)


def test_fewer_pictures_than_axes_tell_a_place_what_is_usual():
    fresh = [USUAL.score(one) for one in features(30, 7)]
    wrong = features(30, 7)
    wrong[:, 5] += 12.0 * MIXED[0]
    assert min(USUAL.score(one) for one in wrong) > max(fresh)


def test_what_is_strange_in_one_place_counts_for_more_than_the_same_all_over():
    sound = features(1, 9)[0]
    spot, all_over = sound.copy(), sound + 12.0 * MIXED[0]
    spot[:3] = all_over[:3]
    assert USUAL.score(spot) > USUAL.score(all_over) > USUAL.score(sound)
