"""What a fault of the plant leaves on the strip lies where the fault says, and grows with it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch, Frame
from connectors.times import SECOND
from testbed.noise import stream
from testbed.plant import START
from testbed.strip import StripCamera
from testbed.strip.causes import (
    chatter,
    coil_metre,
    descaler_streak,
    edge_cracks,
    hull,
    pitch_mm,
    seam_of_crack,
    slivers,
    wash,
)  # fmt: skip
from testbed.strip.fields import EDGE
from testbed.strip.texture import Wander

LINES = (0, 40_000)  # 20 m
THREE = StripCamera(length_m=4.2, coils=3)


def rng(name: str, seed: int = 5):
    return stream(seed, name)


def test_a_blocked_nozzle_leaves_a_streak_as_wide_as_its_jet_all_along():
    marks = descaler_streak(LINES, 600.0, 70.0, 0.8, rng("a"))
    left, top, right, bottom = hull(marks)
    assert abs((left + right) / 2 - EDGE - 1200) < 20  # pixels of 0.5 mm
    assert 40 < (right - left) / 2 < 90  # mm
    assert top < 400 and bottom > LINES[1] - 2000
    assert max(b.box[1] - a.box[3] for a, b in pairwise(marks)) < 1500


def test_the_more_of_the_jet_is_lost_the_more_scale_stays():
    def covered(severity: float) -> int:
        return sum(int(mark.stamp.mask.sum()) for mark in descaler_streak(LINES, 600.0, 70.0, severity, rng("b")))

    assert covered(0.2) < 0.7 * covered(0.5) < 0.7 * covered(0.9)


def test_chatter_marks_lie_speed_over_frequency_apart():
    assert pitch_mm(470 / 60, 315) == pytest.approx(24.9, abs=0.05)  # domain: 3e
    marks = chatter(LINES, 19.7, 587.0, rng("c"))
    lines = np.array([mark.line for mark in marks])
    assert np.diff(lines).mean() / 2 == pytest.approx(1000 * 19.7 / 587, rel=1e-3)
    assert np.abs(lines - np.arange(len(lines)) * 2000 * 19.7 / 587).max() <= 0.5
    first, middle, last = (np.abs(marks[i].stamp.gain - 128).max() for i in (0, len(marks) // 2, -1))
    assert first == last < 0.6 * middle  # it builds up and dies away


def test_cold_edges_tear_and_warm_ones_do_not():
    edges = Wander(5, "C1").edges
    counts = [len(edge_cracks(LINES, t, edges, rng("d"))) for t in (900.0, 830.0, 780.0)]
    assert counts[0] == 0
    assert 0 < counts[1] < counts[2]
    for mark in edge_cracks(LINES, 780.0, edges, rng("d")):
        left, right = edges((mark.line + len(mark.stamp.gain) // 2) // 16)
        x1, _, x2, _ = mark.box
        assert x1 - left < 8 or right - x2 < 8


def test_a_sliver_lies_where_the_steel_of_that_second_went():
    assert coil_metre(60.0, 1.2, 90.0) == pytest.approx(108.0)  # 1.2 m of slab, drawn out 90 times
    assert coil_metre(60.0, 1.2, 90.0, passed_m=8.0) == pytest.approx(100.0)
    marks = slivers(9.0, wash(1.2, 90.0), 450.0, LINES, rng("e"))
    boxes = [mark.box for mark in marks]
    assert boxes[0][1] == 18_000
    assert all(18_000 <= box[1] <= 18_000 + 2000 * 0.06 * 90 for box in boxes)  # 3 s of casting are 60 mm of slab
    assert all(abs((box[0] + box[2]) / 4 - EDGE / 2 - 450) < 100 for box in boxes)
    assert seam_of_crack(20.0, 90.0) == pytest.approx(1.8)


# -- on the plant ------------------------------------------------------------------------------------------


def test_a_blocked_nozzle_marks_every_coil_at_the_same_place_across():
    plant = THREE.build(3, START)
    injection = plant.inject("blocked_descaler", "", {}, 1)
    boxes = [truth.box for truth in injection.truths if truth.box is not None]
    assert [box.part_id for box in boxes] == [one.coil for one in plant.coils]
    assert len({box.part_id for box in boxes}) == 3
    middles = [(box.left_mm + box.right_mm) / 2 for box in boxes]
    assert max(middles) - min(middles) < 15
    assert {truth.cause for truth in injection.truths} == {"POH/HOT/HSM2/DESC"}
    assert [truth.cleared for truth in injection.truths] == [one.end for one in plant.coils]


def test_coils_follow_one_another_and_every_frame_says_which_it_is_of():
    plant = StripCamera(length_m=1.6, coils=3).build(3, START)
    frames = [item for item in plant.advance(START + 8 * SECOND) if isinstance(item, Frame)]
    assert [frame.part_id for frame in frames] == [one.coil for one in plant.coils for _ in range(one.frames)]
    assert [frame.position_m for frame in frames] == [i * 0.512 for i in range(3)] * 3
    assert all(a.time < b.time for a, b in pairwise(frames))


def test_a_fault_on_the_strip_leaves_the_noise_of_every_tag_alone():
    def values(names: tuple[str, ...]) -> np.ndarray:
        plant = StripCamera(length_m=1.1).build(3, START)
        for key, name in enumerate(names):
            plant.inject(name, "", {}, key)
        return np.vstack([item.values for item in plant.advance(START + SECOND) if isinstance(item, Batch)])

    assert np.array_equal(values(()), values(("hole", "oil_stain")))


def test_slivers_of_a_release_are_truths_of_their_own_with_the_mould_as_cause():
    plant = StripCamera(length_m=41).build(4, START)
    injection = plant.inject("clog_release", "", {"release_s": 10, "casting_speed": 1.2}, 1)
    per_s = coil_metre(1.0, 1.2, 225.0 / plant.passing.rolling.thickness[-1])
    first = injection.truths[0].box
    assert first is not None and first.start_m == pytest.approx(10 * per_s, abs=0.001)
    assert {truth.cause for truth in injection.truths} == {"POH/STEEL/CC1/S1.MOLD"}
    assert len(injection.truths) >= 3


def test_a_camera_behind_the_cold_mill_names_its_tags():
    plant = StripCamera(length_m=8, surface="cold", pixel_mm=1.0).build(4, START)
    truth = plant.inject("chatter_marks", "", {"speed": 20, "frequency": 600, "length_m": 2}, 1).truths[0]
    assert truth.where == "POH/COLD/TCM1/SURF/CAM_TOP"
    assert truth.box is not None
    assert truth.box.end_m - truth.box.start_m == pytest.approx(2.0, abs=0.05)
    assert truth.box.right_mm - truth.box.left_mm > 1200
    frame = next(item for item in plant.advance(START + SECOND) if isinstance(item, Frame))
    assert frame.pixel_mm == 1.0 and frame.image.shape == (1024, 1280)


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("blocked_descaler", {"severity": 2}, "severity lies between"),
        ("chatter_marks", {"speed": 30, "frequency": 60}, "5 to 200 mm"),
        ("chatter_marks", {"length_m": 500}, "no room"),
        ("clog_release", {"release_s": 900}, "the coil ends before"),
        ("cold_edges", {"width_mm": 5}, "temperature"),
        ("weld", {"count": 2}, "from 1 to 1"),
    ],
)
def test_a_cause_that_does_not_fit_is_refused_in_a_sentence(name, params, said):
    with pytest.raises(InputError, match=said):
        THREE.build(1, START).inject(name, "", params, 1)
