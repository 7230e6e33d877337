"""A record run again: the same scenario and seed, and what came from outside, at the same moments of the plant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.texts import say
from connectors.times import parse
from testbed.outside import Asked, asked_of
from testbed.record import RunRecord
from testbed.scenario import Scenario
from testbed.serve import scenario_of


@dataclass(frozen=True, slots=True)
class Again:
    """What a record says of the run it holds.

    Attributes:
        start: of the plant, ns.
        models: as they were named; None: the scenario's own.
        over: the transport.
        outside: what came from outside.
        about: the head of the record.
    """

    scenario: Scenario
    seed: int
    start: int
    models: Sequence[str] | None
    over: str | None
    outside: tuple[Asked, ...]
    about: Mapping[str, Any]


def again(folder: Path) -> Again:
    """What is needed to run the record in `folder` again. Raises InputError if it is none of a run or a served plant.

    A served plant is run for as long as it was served; nobody answered its alarms, so nobody does now.
    """
    record = RunRecord(folder)
    try:
        return _again(record, folder)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        told = f"{type(error).__name__} {error}"
        raise InputError(say("{folder} is no whole record of a run: {reason}.", folder=folder, reason=told)) from None


def _again(record: RunRecord, folder: Path) -> Again:
    about = record.about
    kind, seed = about.get("kind"), int(about["seed"])
    if kind not in ("run", "serve"):
        raise InputError(say("{folder} is the record of a replay; run the replay again instead.", folder=folder))
    start = parse(about["start"])
    outside = asked_of(record.lines("steps"), start)
    if kind == "serve":
        scenario = _served(scenario_of(about["scenario"]), about, folder)
        return Again(scenario, seed, start, None, None, outside, about)
    from testbed.library import load

    models = [Path(m.get("file", m["name"])).stem for m in about["model_files"]]
    return Again(load(about["scenario"]), seed, start, models, about["over"], outside, about)


def _served(scenario: Scenario, about: Mapping[str, Any], folder: Path) -> Scenario:
    """The part of a scenario that was served."""
    ticks = round(about.get("served_s", 0.0) / scenario.tick_s)
    if ticks < 1:
        raise InputError(say("{folder} was served for less than a tick; there is nothing to run again.", folder=folder))
    duration = min(scenario.duration, ticks * scenario.tick_s)
    steps = tuple(step for step in scenario.drawn(int(about["seed"])) if float(step.at) < duration)  # pyright: ignore[reportArgumentType]
    return replace(scenario, duration=duration, steps=steps, responses=(), expect=())
