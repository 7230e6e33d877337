"""What a model has seen is known again as a part, in other pieces and under another name, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.items import Batch
from connectors.tags import Tag
from edge import seen
from edge.seen import Again, Sketch, of_array

TAGS = tuple(Tag(name=f"LINE/{name}", rate_hz=1.0) for name in "abc")
NAMES = ("LINE/a", "LINE/c")


def rows(n: int, seed: int = 1, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """int64 (n,) ns, float64 (n, 3)."""
    time = (np.arange(n, dtype=np.int64) + first) * 1_000_000_000
    return time, np.random.default_rng(seed).standard_normal((n, 3))


def sketched(time: np.ndarray, values: np.ndarray, cut: int) -> dict:
    sketch = Sketch()
    bundles = [[Batch(TAGS, time[i : i + cut], values[i : i + cut], np.zeros((len(time[i : i + cut]), 3), np.uint32))]
               for i in range(0, len(time), cut)]  # fmt: skip
    assert list(sketch.noted(bundles, NAMES)) == bundles
    return {seen.KEY: sketch.told()}


def share(card: dict, time: np.ndarray, values: np.ndarray, tags: tuple[Tag, ...] = TAGS) -> float | None:
    again = Again(card, NAMES)
    again.rows("main", tags, time, values)
    return again.end().share


def test_all_of_it_in_any_pieces_is_known_again():
    time, values = rows(1000)
    cards = [sketched(time, values, cut) for cut in (1, 7, 1000)]
    assert cards[0] == cards[1] == cards[2]
    assert share(cards[0], time, values) == 1.0


def test_a_part_and_a_mixture_are_known_for_what_they_are():
    time, values = rows(1000)
    card = sketched(time, values, 100)
    assert share(card, time[300:555], values[300:555]) > 0.9
    mixed = values.copy()
    mixed[500:] = rows(500, 2)[1]
    assert share(card, time, mixed) == pytest.approx(0.5, abs=0.02)


def test_other_values_other_times_and_what_stands_still_are_not():
    time, values = rows(1000)
    card = sketched(time, values, 100)
    assert share(card, *rows(1000, 2)) == 0.0
    assert share(card, *rows(1000, 1, first=5)) == 0.0
    still = sketched(time, np.ones((1000, 3)), 100)
    assert share(still, time, np.ones((1000, 3))) == 0.0


def test_a_column_the_model_does_not_read_does_not_matter():
    time, values = rows(1000)
    card = sketched(time, values, 100)
    assert share(card, time, values[:, [2, 0]], (TAGS[2], TAGS[0])) == 1.0


def test_more_than_a_sketch_keeps_is_compared_by_what_it_keeps(monkeypatch):
    monkeypatch.setattr(seen, "KEPT", 50)
    pictures = np.random.default_rng(1).integers(0, 255, (1200, 4, 4), np.uint8)
    sketch = Sketch()
    for picture in pictures[:800]:
        sketch.add(of_array(picture))
    told = sketch.told()
    assert len(told["hashes"]) == 50 * seen.BYTES * 4 // 3
    again = Again({seen.KEY: told})
    for picture in pictures[400:]:
        again.note(of_array(picture))
    assert again.share == pytest.approx(0.5, abs=0.15)


def test_a_card_that_does_not_say_what_it_has_seen_says_so():
    assert Again({}).share is None
