"""A small record of a strip under its camera: ten seconds at 8 m/s, marks found, missed, left alone and false."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from connectors.items import Context
from connectors.pictures import encode
from connectors.places import Box
from connectors.results import AlarmState, Event
from connectors.tags import Group, Tag
from connectors.times import SECOND, parse
from connectors.truth import Truth
from edge.merge import Chunk
from testbed.record import Recorder
from testbed.rescore import rescore

START = parse("2026-01-05T00:00:00Z")
SPEED, LONG_S, COIL = 8.0, 10.0, "H1"
PATH = "POH/HOT/HSM2/SURF"
GROUPS = (
    Group("line", (Tag(name=f"{PATH}/V_STRIP", unit="m/s", eu_range=(0, 20), rate_hz=10.0, group="line"),)),
    Group("camera", (Tag(name=f"{PATH}/CAM_TOP", group="camera"),), "frames"),
    Group("coil", (Tag(name=f"{PATH}/COIL_ID", group="coil"),), "texts"),
)
MARKS = (("scale", 12.0, True), ("scratch", 30.0, True), ("scale", 55.0, False))  # name, metre, found
FALSE_M = 44.0


def coil_record(folder: Path) -> Path:
    """Write it."""
    about = {"scenario": "strip-surface", "seed": 1, "over": "memory", "speed": "max", "models": ["eye"], "kind": "run",
             "start": "2026-01-05T00:00:00Z", "title": "What the camera sees"}  # fmt: skip
    recorder = Recorder(folder, about, GROUPS)
    time = START + np.arange(1, 101) * SECOND // 10
    speed, good = np.full((100, 1), SPEED), np.zeros((100, 1), np.uint32)
    recorder.chunk(Chunk(GROUPS[0], int(time[-1]), time, speed, good))
    texts = (Context(time=int(time[0]), tag=GROUPS[2].tags[0], text=COIL),)
    recorder.chunk(Chunk(GROUPS[2], int(time[-1]), time[:0], speed[:0], good[:0], texts=texts))
    picture = encode(np.random.default_rng(1).integers(80, 120, (64, 64), np.uint8))
    for name, metre, _ in MARKS:
        recorder.truth(Truth(name=name, where=f"{PATH}/CAM_TOP", onset=_when(metre), detectable_from=_when(metre),
                             alert_deadline=START + 10 * SECOND, cleared=START + 10 * SECOND, expects=("surface",),
                             box=_box(metre)))  # fmt: skip
    told = [(metre, name) for name, metre, is_found in MARKS if is_found] + [(FALSE_M, "scratch")]
    for metre, label in sorted(told):
        recorder.events([_event(metre, label, picture)])
    recorder.finish("done", {"duration_s": LONG_S, "surface": {"inspected": {"eye": {"m2": 100.0}}}})
    score = rescore(folder).score
    (folder / "score.json").unlink()
    recorder._write_json("score.json", score)
    return folder


def _when(metre: float) -> int:
    return START + round((0.1 + metre / SPEED) * SECOND)


def _box(metre: float) -> Box:
    return Box(COIL, metre, metre + 0.2, 400.0, 460.0)


def _event(metre: float, label: str, picture: bytes) -> Event:
    return Event(
        time=_when(metre) + SECOND // 5, source=f"{PATH}/CAM_TOP", condition="surface", severity=600, change="active",
        state=AlarmState.UNACK, score=1.8, model="eye", evidence=(), advice="look-at-crop", is_simulated=True,
        label=label, box=_box(metre), crop=picture,
    )  # fmt: skip
