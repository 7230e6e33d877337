"""A strip inspected: the same defects however frames are cut, and one defect however many tiles it runs through."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import decode, encode_raw
from connectors.places import Box
from connectors.results import Finding
from connectors.tags import Group, Tag
from edge.regions import CROP, JOIN, Open, Region, regions
from edge.roll_marks import SLIP, culprit, pitch_of, pitches, stands
from edge.surface import Inspector, strip_edges
from edge.tiles import MARGIN, TILE, Lines
from tests.models import contrast, picture

MM = 0.5
CAMERA = Group("camera", (Tag(name="L/CAM", group="camera"),), "frames")
ROLLS = Group("line", tuple(
    Tag(name=f"L/F{i}/{what}", group="line") for i in (1, 2, 10) for what in ("WR_DIA", "H_EXIT")
))  # fmt: skip
VALUES = {"L/F1/WR_DIA": 750.0, "L/F1/H_EXIT": 12.0, "L/F2/WR_DIA": 700.0, "L/F2/H_EXIT": 6.0,
          "L/F10/WR_DIA": 720.0, "L/F10/H_EXIT": 3.0}  # fmt: skip


def strip(lines: int = 3500, width: int = 320) -> np.ndarray:
    """Grey strip with a scratch through three tiles, two blots, and dark rollers at both sides."""
    image = np.random.default_rng(5).normal(100, 2, (lines, width)).clip(0, 255).astype(np.uint8)
    image[:, :24] = image[:, -24:] = 8
    image[700:2600, 120:122] = 190
    image[300:330, 200:216] = 20
    image[3400:3440, 60:90] = 30
    return image


def inspected(image: np.ndarray, cuts: Sequence[int], coil: str = "C1", groups=(CAMERA,)) -> list[Finding]:
    """Findings of `image` cut into frames of so many lines, again and again, and then silence."""
    inspection = Inspector(contrast(), groups, "contrast").begin()
    findings, line, time = [], 0, 0
    for n in [cut for _ in range(200) for cut in cuts]:
        piece = image[line : line + n]
        if not len(piece):
            break
        time += 1_000_000
        frame = Frame(CAMERA.tags[0], time, encode_raw(piece), line * MM / 1000, coil, MM)
        findings += [f for result in inspection.add(frame, {}) for f in result.findings or ()]
        line += n
    assert not list(inspection.settle(time + 2_999_999, {}))
    end = inspection.settle if len(image) > cuts[0] else inspection.close  # one frame alone tells no rate
    findings += [f for result in end(time + 3_000_000, {}) for f in result.findings or ()]
    assert inspection.looked.skipped == 0
    assert inspection.looked.m2 == pytest.approx(len(image) * (image.shape[1] - 48) * MM * MM * 1e-6, rel=0.01)
    return findings


def test_what_is_found_does_not_depend_on_how_frames_are_cut():
    image = strip()
    whole = inspected(image, [1024])
    for cuts in ([512], [3500], [7, 300, 1024, 64]):
        assert inspected(image, cuts) == whole
    assert len(whole) == 3
    blot, scratch, last = sorted(whole, key=lambda f: f.box.start_m)
    assert blot.box.meets(Box("C1", 0.15, 0.165, 100, 108), 0.0)
    assert scratch.box.start_m == pytest.approx(0.35, abs=0.01)
    assert scratch.box.end_m == pytest.approx(1.30, abs=0.01)
    assert last.box.meets(Box("C1", 1.70, 1.72, 30, 45), 0.0)
    assert decode(blot.crop).shape == (CROP, CROP)


def test_a_gap_or_another_coil_ends_what_was_seen_before():
    image = strip()
    inspection = Inspector(contrast(), (CAMERA,), "contrast").begin()
    first = Frame(CAMERA.tags[0], 1, encode_raw(image[:1500]), 0.0, "C1", MM)
    other = Frame(CAMERA.tags[0], 2, encode_raw(image[:300]), 0.0, "C2", MM)
    list(inspection.add(first, {}))
    found = [f for result in inspection.add(other, {}) for f in result.findings or ()]
    assert {f.box.part_id for f in found} == {"C1"}
    assert max(f.box.end_m for f in found) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    ("position", "pixel", "data"),
    [(None, MM, None), (0.0, None, None), (math.nan, MM, None), (0.0, 0.0, None), (0.0, MM, b"no picture")],
)
def test_a_frame_that_cannot_be_placed_is_counted_and_blind(position, pixel, data):
    inspection = Inspector(contrast(), (CAMERA,), "contrast").begin()
    frame = Frame(CAMERA.tags[0], 5, data or encode_raw(strip(200)), position, "C1", pixel)
    assert not list(inspection.add(frame, {}))
    assert inspection.looked.skipped == 1
    assert inspection.blind


def test_a_model_without_a_map_or_a_source_of_two_cameras_is_refused():
    two = Group("camera", (*CAMERA.tags, Tag(name="L/CAM_2", group="camera")), "frames")
    with pytest.raises(InputError, match="finds 2 tags"):
        Inspector(contrast(), (two,), "contrast")
    one = Group("camera", (Tag(name="L/CAMERA", group="camera"),), "frames")
    with pytest.raises(InputError, match="it needs a map"):
        Inspector(picture(), (one,), "picture")


def test_the_lines_of_a_coil_become_the_same_tiles_however_they_come():
    image = np.arange(2500, dtype=np.uint32).astype(np.uint8)[:, None].repeat(4, 1)

    def tiles(cuts: Sequence[int]):
        lines, at, out = Lines(0), 0, []
        for n in cuts:
            out += list(lines.add(at, image[at : at + n]))
            at += n
        return out + list(lines.close())

    whole = tiles([2500])
    assert [(t.line, t.lines) for t in whole] == [(0, TILE), (TILE, TILE), (2 * TILE, 2500 - 2 * TILE)]
    assert all(t.image.shape == (TILE + 2 * MARGIN, 4) for t in whole)
    for other in (tiles([1] * 2500), tiles([999, 999, 502])):
        assert all(np.array_equal(a.image, b.image) for a, b in zip(whole, other, strict=True))


def region(first: int, last: int, left: int = 0, right: int = 16, score: float = 1.5) -> Region:
    return Region(first, last, left, right, score, np.full((2, 2), round(10 * score), np.uint8))


def test_parts_near_each_other_are_one_defect_and_others_are_not():
    book = Open()
    assert book.add([region(0, 100), region(100 + JOIN[0], 300, score=2.0), region(50, 90, 200, 220)], 90) == []
    done = book.add([region(301, 400)], 2000)
    assert [(r.first, r.last, r.left, r.right, r.score) for r in done] == [
        (0, 400, 0, 16, 2.0),
        (50, 90, 200, 220, 1.5),
    ]
    assert int(done[0].crop[0, 0]) == 20
    assert book.close() == []


def test_a_region_is_cut_out_around_its_peak_and_inside_the_picture():
    levels = np.zeros((20, 20), np.float32)
    levels[4, 0], levels[4, 1] = 1.0, 3.0
    (found,) = regions(np.zeros((320, 320), np.uint8), levels, 16, (0, 320), 5000)
    assert (found.first, found.last, found.left, found.right, found.score) == (5064, 5080, 0, 32, 3.0)
    assert found.crop.shape == (CROP, CROP)


def test_the_strip_ends_where_it_gets_dark():
    assert strip_edges(strip()) == (24, 296)


# -- rolls -------------------------------------------------------------------------------------------------


def test_stands_are_found_by_their_tags_in_the_order_of_the_mill():
    assert [stand.path for stand in stands((CAMERA, ROLLS))] == ["L/F1", "L/F2", "L/F10"]
    known = pitches(stands((ROLLS,)), VALUES)
    assert known["L/F10"] == pytest.approx(math.pi * 0.72 * (1 + SLIP))
    assert known["L/F1"] == pytest.approx(math.pi * 0.75 * 4 * (1 + SLIP))
    assert pitches(stands((ROLLS,)), {}) == {}


@pytest.mark.parametrize("stand", ["L/F1", "L/F2", "L/F10"])
@pytest.mark.parametrize("slip", [0.02, 0.05])
def test_equal_pitch_names_the_stand(stand: str, slip: float):
    known = pitches(stands((ROLLS,)), VALUES)
    pitch = known[stand] * (1 + slip) / (1 + SLIP)
    positions = [0.7 + i * pitch for i in range(4)]
    assert culprit(positions, known)[0] == stand
    assert culprit([positions[0], positions[1], positions[2], positions[3] + 3 * pitch], known)[0] == stand
    assert culprit(positions[:2], known) == ("", ())


def test_marks_without_a_pitch_name_nobody():
    known = pitches(stands((ROLLS,)), VALUES)
    assert pitch_of([0.0, 1.0, 3.1, 7.9]) is None
    assert culprit([0.0, 1.0, 3.1, 7.9], known) == ("", ())
    assert culprit([0.0, 1.0, 2.0, 3.0], known) == ("", ())


def test_a_model_that_knows_edges_is_asked_about_them_and_any_other_is_not():
    image = strip(1100)
    image[500:530, 24:36] = 8  # torn into the left edge

    def beside_the_edge(model) -> float:
        return float(Inspector(model, (CAMERA,), "contrast").levels(image[:1024])[:, 2:5].max())

    assert beside_the_edge(contrast()) == 0.0
    assert beside_the_edge(contrast(knows_edges=True)) > 1.0
