"""The strip camera: the same metres give the same pixels, marks have tight boxes, and the truth says when and where."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch, Context, Frame
from connectors.pictures import decode
from connectors.places import Box
from connectors.results import AlarmState, Event
from connectors.times import SECOND
from connectors.truth import Truth
from edge.surface import Looked
from testbed.engine import Engine
from testbed.match import match
from testbed.noise import stream
from testbed.plant import START
from testbed.record import Recorder, RunRecord
from testbed.scenario import Clean, Fault, LookAlike, Scenario
from testbed.score import Facts, score
from testbed.strip import StripCamera
from testbed.strip.coils import coil, harmless, named, parts
from testbed.strip.marks import ACROSS, BENIGN, CLASSES, SEEN, UNIT, stamp
from testbed.strip.passes import FRAME
from testbed.strip.render import Placed, Strip, apart
from testbed.strip.samples import LABELS, NO_DEFECT, crops, frames
from testbed.strip.texture import COLUMNS, LINES_PER_M, Texture
from testbed.strip.unit import SURFACE

SHORT = StripCamera(length_m=4.2)  # 8 frames
COIL = "C1"


@pytest.fixture(scope="module")
def strip() -> Strip:
    rng = stream(3, "marks")
    marks = [
        Placed(label, 180 * i + 5, 30 if label in ACROSS else 150 * i, stamp(label, rng))
        for i, label in enumerate(CLASSES)
    ]
    return Strip(3, COIL, marks)


@pytest.mark.parametrize("cuts", [[1] * 40 + [2360], [777, 777, 846], [16] * 150])
def test_the_same_metres_give_the_same_pixels(strip: Strip, cuts: list[int]):
    first = 37
    whole = strip.render(first, sum(cuts))
    pieces, line = [], first
    for n in cuts:
        pieces.append(strip.render(line, n))
        line += n
    assert np.array_equal(np.vstack(pieces), whole)


def test_the_texture_is_built_the_same_again():
    again = Texture(10_000, "C1").render(40, 20)
    assert np.array_equal(Strip(10_000, "C1").render(40, 20), again)


def test_another_seed_and_another_coil_have_another_surface():
    a, b, c = (Strip(seed, coil).render(100, 32).astype(int) for seed, coil in ((3, COIL), (4, COIL), (3, "C2")))
    assert np.abs(a - b).mean() > 2
    assert np.abs(a - c).mean() > 2


def test_no_period_can_be_seen_along_the_strip():
    """The texture repeats nowhere: rows a tile's period apart are no more alike than any others."""
    rows = Strip(5, COIL).render(0, 8192)[:, 400:2000].astype(np.float32)
    rows -= rows.mean(axis=0)
    rows -= rows.mean(axis=1, keepdims=True)
    alike = {}
    for lag in (1024, 1536, 2048, 3072, 1111, 1700, 2500):
        a, b = rows[:-lag:16], rows[lag::16]
        alike[lag] = float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))
    assert max(alike.values()) < 0.25, alike


@pytest.mark.parametrize("label", CLASSES)
def test_a_marks_box_is_tight(label: str):
    for seed in range(3):
        look = stamp(label, stream(seed, label))
        x1, y1, x2, y2 = look.box
        seen = np.abs(look.gain / UNIT - 1) >= SEEN - 0.5 / UNIT
        assert seen[y1:y2, x1:x2].any(axis=1)[[0, -1]].all()
        assert seen[y1:y2, x1:x2].any(axis=0)[[0, -1]].all()
        assert (np.abs(look.gain / UNIT - 1)[:y1] < SEEN + 0.5 / UNIT).all()


def test_frames_for_fitting_know_their_marks():
    pictures = list(frames(10_001, 3, 4.0))
    assert all(image.shape == (FRAME, COLUMNS) and image.dtype == np.uint8 for image, _ in pictures)
    assert sum(len(truth) for _, truth in pictures) >= 12
    labels = {label for _, label in crops([10_001], 3)}
    assert labels == {*LABELS, NO_DEFECT}


def test_coils_for_fitting_show_every_class_and_what_is_harmless_is_no_defect():
    shown = list(parts([10_001], "cold"))
    assert all(part.image.shape == part.mask.shape == (256, 256) for part in shown)
    assert 0.3 < np.mean([part.sound for part in shown]) < 0.7
    assert {label for _, label in named([10_001], "hot")} == {*CLASSES, NO_DEFECT}
    strip, _ = coil(10_001, "hot", BENIGN)
    assert {mark.label for mark in strip.marks} == set(BENIGN)
    assert [tile.shape for tile in harmless([10_001], "hot", 2)] == [(1152, COLUMNS)] * 2


# -- the plant ---------------------------------------------------------------------------------------------


def test_frames_come_when_their_last_line_has_passed():
    plant = SHORT.build(1, START)
    items = [item for tick in range(1, 21) for item in plant.advance(START + tick * SECOND // 10)]
    got = [item for item in items if isinstance(item, Frame)]
    assert [frame.position_m for frame in got] == [i * FRAME / LINES_PER_M for i in range(8)]
    assert all(frame.time % 1000 == 0 for frame in got)
    assert plant.passing.rolling.position(got[2].time) == pytest.approx(3 * FRAME / LINES_PER_M, abs=1e-4)
    assert decode(got[0].data).shape == (FRAME, COLUMNS)
    assert {frame.part_id for frame in got} == {plant.passing.coil}
    assert [item.text for item in items if isinstance(item, Context)][:1] == [plant.passing.coil]
    assert sum(isinstance(item, Batch) for item in items) == 20


def test_the_prints_of_a_roll_lie_at_its_circumference_drawn_out():
    plant = StripCamera(length_m=40).build(7, START)
    truths = plant.inject("roll_mark", "", {"stand": 6}, 1).truths
    rolling = plant.passing.rolling
    pitch = math.pi * rolling.diameter[5] / 1000 * (1 + rolling.slip[5]) * rolling.thickness[5] / rolling.thickness[6]
    places = [truth.box for truth in truths if truth.box is not None]
    assert len(places) >= 10
    assert all(b.start_m - a.start_m == pytest.approx(pitch, abs=0.001) for a, b in pairwise(places))
    assert {truth.cause for truth in truths} == {"POH/HOT/HSM2/F6"}
    assert len({place.left_mm for place in places}) == 1
    last_stand = math.pi * rolling.diameter[6] / 1000 * (1 + rolling.slip[6])
    assert 2.2 < last_stand < 2.55  # m, work rolls of 700 to 760 mm


def test_the_truth_of_a_mark():
    plant = SHORT.build(2, START)
    injection = plant.inject("scratch", "", {"count": 5}, 1)
    assert (injection.kind, len(injection.truths)) == ("fault", 5)
    for truth in injection.truths:
        assert truth.box is not None
        frame = math.ceil(truth.box.end_m * LINES_PER_M / FRAME - 1e-9)
        assert plant.passing.rolling.position(truth.onset) == pytest.approx(truth.box.start_m, abs=1e-4)
        assert truth.detectable_from == plant.passing.rolling.passes(frame * FRAME / LINES_PER_M)
        assert truth.cleared == truth.alert_deadline == plant.passing.end
        assert truth.expects == ("surface",)
        assert truth.in_time
    harmless = plant.inject("oil_stain", SURFACE, {}, 2)
    assert {truth.forbids for truth in harmless.truths} == {("surface",)}
    boxes = [mark.box for mark in plant.passing.strip.marks]
    assert all(apart(a, b, 240) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize(
    ("name", "where", "params", "said"),
    [
        ("scrach", "", {}, "scratch"),
        ("scratch", "nowhere", {}, "nowhere"),
        ("scratch", "", {"count": 2.5}, "whole number"),
        ("scratch", "", {"count": "many"}, "many"),
        ("scratch", "", {"number": 3}, "number"),
        ("roll_mark", "", {"stand": 9}, "1 to 7"),
        ("oil_stain", "", {"count": 200}, "no room"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(name, where, params, said):
    with pytest.raises(InputError, match=said):
        SHORT.build(1, START).inject(name, where, params, 1)


def test_the_same_seed_puts_the_same_marks_on_the_strip():
    def boxes(seed: int) -> list:
        steps = (Fault(at=0, name="scale", params={"count": 3}), LookAlike(at=0, name="water_drops"))
        engine = Engine(Scenario(name="s", plant=SHORT, duration=2, steps=steps, delay_s=0.5), seed)
        engine.tick(engine.start + SECOND // 10)
        return [truth.box for truth in engine.truths()]

    assert boxes(4) == boxes(4) != boxes(5)
    assert len(boxes(4)) == 7


# -- match, score, record ----------------------------------------------------------------------------------


def mark(start_m: float, left_mm: float = 300.0, name: str = "scratch", **more) -> Truth:
    return Truth(
        name=name, where=SURFACE, onset=START, detectable_from=START + SECOND, alert_deadline=START + 9 * SECOND,
        cleared=START + 9 * SECOND, expects=("surface",), box=Box(COIL, start_m, start_m + 0.1, left_mm, left_mm + 5),
        **more,
    )  # fmt: skip


def said(start_m: float, left_mm: float = 300.0, at_s: float = 2.0, **more) -> Event:
    box = Box(more.pop("coil", COIL), start_m, start_m + 0.1, left_mm, left_mm + 5)
    return Event(START + round(at_s * SECOND), SURFACE, "surface", 500, "active", AlarmState.UNACK, 1.5, "m",
                 box=box, **more)  # fmt: skip


def test_an_event_finds_the_mark_it_lies_on():
    truths = [mark(1.0), mark(1.3), mark(5.0)]
    result = match(truths, [said(1.31), said(5.14), said(5.16, at_s=3), said(1.0, coil="C2"), said(1.0, 360.0)])
    assert [len(entry.events) for entry in result.found] == [0, 1, 1]
    assert len(result.false_alarms) == 3
    assert match([mark(1.0)], [said(1.0, at_s=9.5)]).false_alarms


def test_the_score_of_a_strip():
    truths = [
        mark(1.0),
        mark(5.0),
        mark(2.0, name="roll_mark", cause="L/F1"),
        mark(4.0, name="roll_mark", cause="L/F1"),
    ]
    events = [said(1.0, label="scratch"), said(2.0, label="roll_mark"), said(4.0, label="scale", cause="L/F1"), said(8)]
    looked = {"m": Looked(m2=50.0, frames=9)}
    facts = Facts(
        start=START, end=START + 10 * SECOND, truths=truths, events=events, looked=looked, expect=[Clean(1.0)]
    )
    found = score(facts)
    surface = found["surface"]
    assert (surface["m2"], surface["false_defects"], surface["false_per_100m2"]) == (50.0, 1, 2.0)
    recall = {row["name"]: (row["found"], row["marks"], row["named_right"]) for row in surface["classes"]}
    assert recall == {"scratch": (1, 2, 1), "roll_mark": (2, 2, 1)}
    assert surface["rolls"] == [{"roll": "L/F1", "said": "L/F1", "right": True, "marks": 2, "found": 2}]
    assert not found["met"]
    assert score(Facts(start=START, end=facts.end, truths=truths, events=events, looked={"m": Looked(m2=100.0)},
                       expect=[Clean(1.0)]))["met"]  # fmt: skip
    assert found["faults"][2]["found_box"]["start_m"] == 1.0


def test_a_record_keeps_boxes_and_pictures_and_reads_older_ones(tmp_path):
    recorder = Recorder(tmp_path / "run", {"start": "2026-01-05T00:00:00Z"}, [])
    event = said(1.0, label="scale", cause="L/F1", crop=b"\x89PNG")
    recorder.events([event])
    recorder.truth(mark(1.0, crop=b"\x89PNG too"))
    recorder.finish("done", {})
    record = RunRecord(tmp_path / "run")
    assert record.events() == [event]
    assert record.truths() == [mark(1.0, crop=b"\x89PNG too")]
    lines = (tmp_path / "run" / "events.jsonl").read_text()
    assert '"crop": "evidence/00001.png"' in lines
    (tmp_path / "run" / "events.jsonl").write_text(lines.replace("evidence/00001.png", "../../../etc/passwd"))
    assert record.events()[0].crop == b""
    (tmp_path / "run" / "truth.jsonl").write_text('{"name": "x", "onset": 1, "alert_deadline": 2, "expects": []}\n')
    assert record.truths()[0].box is None
