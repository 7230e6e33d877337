"""Each class of defect is found by an oracle that knows the class alone, and harmless marks of its shape fool it."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed.noise import stream
from testbed.strip import causes
from testbed.strip.marks import CLASSES, DEFECTS, stamp
from testbed.strip.render import Placed, Strip, apart, cut
from testbed.strip.texture import Wander, bare
from tests.testbed.oracles.strip import ORACLES

SEEDS = range(40, 50)
LINES, WIDE = 1024, 1280  # of the picture an oracle is shown: half a strip wide
FOOLED = {  # what looks like it and is none; of seams, scratches, pits, cracks and holes nothing harmless here does
    "scale": "oil_stain",
    "red_scale": "oil_stain",
    "sliver": "water_drops",
    "roll_mark": "oil_stain",
    "chatter_marks": "weld",
}


def laid(label: str, seed: int, coil: int, top: int) -> list[Placed]:
    """A mark of the class somewhere on the picture that begins at line `top`; a stretch of bars for chatter."""
    rng = stream(seed, f"oracle/{label}")
    if label == "chatter_marks":
        first = top + int(rng.integers(0, 500))
        return causes.chatter((first, first + 500), rng.uniform(18, 21), rng.uniform(540, 660), rng)
    look = stamp(label, rng)
    line = top + int(rng.integers(60, max(61, LINES - 60 - len(look.gain))))
    if label == "edge_crack":
        column = Wander(coil, "ORACLE").edges((line + len(look.gain) // 2) // 16)[0] - 2
    elif label == "weld":
        column = 30
    else:
        column = int(rng.integers(120, WIDE - 120 - look.gain.shape[1]))
    return [Placed(label, line, column, look)]


@pytest.fixture(scope="module")
def found() -> Counter[tuple[str, str]]:
    """Seeds in which the oracle of a class boxed a mark of a class; '' stands for boxes on sound strip."""
    counted: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS:
        coil, top = seed - seed % 2, 3000 * (seed % 2)  # two pictures of each coil, far apart
        texture = bare(coil, "ORACLE")
        for label in ("", *CLASSES):
            marks = laid(label, seed, coil, top) if label else []
            strip = Strip(coil, "ORACLE", marks)
            strip._texture = texture
            image = strip.render(top, LINES)[:, :WIDE]
            truth = cut(causes.hull(marks), top, LINES) if marks else (0, 0, WIDE, LINES)
            wanted = [name for name in DEFECTS if name == label or FOOLED.get(name) == label or not label]
            for name in wanted:
                boxes = ORACLES[name](image)
                counted[name, label] += any(truth is not None and not apart(box, truth, 1) for box in boxes)
    return counted


@pytest.mark.parametrize("label", DEFECTS)
def test_a_defect_is_found_by_what_is_known_of_its_class(found: Counter[tuple[str, str]], label: str):
    assert found[label, label] >= 9


@pytest.mark.parametrize("label", DEFECTS)
def test_sound_strip_fools_no_oracle_often(found: Counter[tuple[str, str]], label: str):
    assert found[label, ""] <= 2


@pytest.mark.parametrize("label", FOOLED)
def test_harmless_marks_fool_the_oracle_of_what_they_look_like(found: Counter[tuple[str, str]], label: str):
    assert found[label, FOOLED[label]] >= 8
