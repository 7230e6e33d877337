"""The desk: only what is writable and in range gets through, and no attempt goes unwritten."""

from __future__ import annotations

import json
import math

import pytest

from connectors.errors import InputError
from connectors.setpoints import Audit
from connectors.tags import Tag
from connectors.writes import Desk

SPEED = Tag(name="L/SET/SPEED", unit="m/min", eu_range=(0.0, 2.0), writable=True)
LOCKED = Tag(name="L/SET/LOCKED", eu_range=(0.0, 1.0))
MEASURED = Tag(name="L/LEVEL")


class Plant:
    def __init__(self) -> None:
        self.value, self.taken = 1.0, []

    def check(self, name: str, value: float) -> None:
        if value == 1.5:
            raise InputError("The drive resonates at 1.5.")

    def take(self, name: str, value: float, source: str) -> None:
        self.taken.append((name, value, source))
        self.value = value


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def desk(plant, tmp_path) -> Desk:
    known = {MEASURED.name: MEASURED}
    setpoints = {"speed": SPEED, "locked": LOCKED}
    desk = Desk(
        setpoints, plant.check, plant.take, lambda _: plant.value, Audit(tmp_path / "audit.jsonl"), told.append, known
    )
    told.clear()
    return desk


told: list[str] = []


def lines(tmp_path) -> list[dict]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


def test_what_is_writable_and_in_range_is_handed_on_and_told_with_old_and_new(desk, plant, tmp_path):
    assert desk.ask("L/SET/SPEED", 1, "MQTT", "kim") is None
    assert plant.taken == [("speed", 1.0, "MQTT kim")]
    desk.ask("L/SET/SPEED", 0.25, "OPC UA", "lee")
    assert [(one["who"], one["old"], one["value"], one["accepted"]) for one in lines(tmp_path)] == [
        ("kim", 1.0, 1, True), ("lee", 1.0, 0.25, True),
    ]  # fmt: skip
    assert "lee by OPC UA: L/SET/SPEED from 1 to 0.25 m/min" in told[-1]


@pytest.mark.parametrize(
    ("tag", "value", "kind"),
    [
        ("L/SET/SPEED", 2.01, "range"),
        ("L/SET/SPEED", -1e-9, "range"),
        ("L/SET/SPEED", 1.5, "range"),
        ("L/SET/SPEED", math.nan, "type"),
        ("L/SET/SPEED", math.inf, "type"),
        ("L/SET/SPEED", "1", "type"),
        ("L/SET/SPEED", True, "type"),
        ("L/SET/SPEED", None, "type"),
        ("L/SET/SPEED", [1.0], "type"),
        ("L/SET/LOCKED", 0.5, "readonly"),
        ("L/LEVEL", 0.5, "readonly"),
        ("L/NIX", 0.5, "unknown"),
    ],
)
def test_anything_else_is_refused_with_a_sentence_and_written_down(desk, plant, tmp_path, tag, value, kind):
    refused = desk.ask(tag, value, "MQTT", "kim")
    assert refused is not None and refused.kind == kind and refused.sentence.endswith(".")
    assert plant.taken == []
    (line,) = lines(tmp_path)
    assert not line["accepted"] and line["reason"] == refused.sentence
    assert "refused" in told[-1]


def test_what_cannot_be_written_down_is_not_done(plant, tmp_path):
    (tmp_path / "audit.jsonl").mkdir()
    audit = Audit(tmp_path / "audit.jsonl")
    desk = Desk({"speed": SPEED}, plant.check, plant.take, lambda _: plant.value, audit, told.append)
    refused = desk.ask("L/SET/SPEED", 1.0, "MQTT", "kim")
    assert refused is not None and refused.kind == "failed"
    assert plant.taken == []
