"""What the gauge says stands beside what is true, at the same moments."""

from __future__ import annotations

import numpy as np

from connectors.tags import Group, Tag
from connectors.times import SECOND
from edge.merge import Chunk
from testbed.page.belief import POINTS, SPAN_S, beliefs
from testbed.page.rows import Rows
from testbed.plant import START
from testbed.testplant import TestPlant

GAUGE = Tag(name="L/GAUGE", group="g")


class Told:
    """A plant that keeps a true signal beside its tag."""

    BELIEVED = {"L/TRUE": "L/GAUGE"}  # noqa: RUF012

    def true_signals(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        times = np.arange(1, 2001) / 100
        return {"L/TRUE": (START + np.round(times * SECOND).astype(np.int64), np.sin(times))}


def test_both_are_told_of_the_same_moments_in_the_tags_unit():
    rows = Rows((Group("g", (GAUGE,)),), START, 60.0)
    times = np.arange(1, 151) / 10
    said = np.sin(times)[:, None] + 1.0
    time = START + np.round(times * SECOND).astype(np.int64)
    rows.add(Chunk(Group("g", (GAUGE,)), int(time[-1]), time, said, np.zeros(said.shape, np.uint32)))
    (told,) = beliefs(Told(), rows)  # pyright: ignore[reportArgumentType]
    assert (told["tag"], len(told["true"]), told["span_s"]) == ("L/GAUGE", POINTS, SPAN_S)
    apart = np.array(told["said"]) - np.array(told["true"])
    assert np.abs(apart - 1.0).max() < 0.11  # a row is 0.1 s long, and a sine turns one a second at most


def test_before_anything_came_nothing_is_told_and_a_plant_without_truths_is_left_alone():
    rows = Rows((Group("g", (GAUGE,)),), START, 60.0)
    (told,) = beliefs(Told(), rows)  # pyright: ignore[reportArgumentType]
    assert told["true"] == told["said"] == [None] * POINTS
    assert beliefs(TestPlant(1, START), rows) == []
