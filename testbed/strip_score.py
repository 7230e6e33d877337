"""The score of a strip inspection: recall a class, false defects on 100 m2, and which roll was blamed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from edge.surface import ROLL_MARK, Looked
from testbed.match import Found, Match
from testbed.scenario import Clean
from testbed.strip.faults import CAUSES


def surface(result: Match, looked: Mapping[str, Looked]) -> dict[str, Any] | None:
    """What the strip's truths and events say, as plain JSON values; None for a run that inspected none."""
    if not looked:
        return None
    m2 = max(one.m2 for one in looked.values())
    faults = [entry for entry in result.found if entry.truth.is_fault and entry.truth.box is not None]
    false = _false(result)
    return {
        "m2": round(m2, 2),
        "false_defects": false,
        "false_per_100m2": round(100.0 * false / m2, 3) if m2 else None,
        "classes": [_class(name, faults) for name in dict.fromkeys(entry.truth.name for entry in faults)],
        "rolls": _rolls(faults),
        "inspected": {name: {**asdict(one), "m2": round(one.m2, 2)} for name, one in looked.items()},
    }


def is_clean(expected: Clean, result: Match, looked: Mapping[str, Looked]) -> bool:
    """Whether no more false defects were called than the limit allows on what was inspected."""
    m2 = max((one.m2 for one in looked.values()), default=0.0)
    return _false(result) <= math.floor(expected.false_per_100m2 * m2 / 100.0 + 1e-9)


def of_mark(entry: Found) -> dict[str, Any]:
    """What a fault's entry says beside its times, where it lies on a strip."""
    truth = entry.truth
    if truth.box is None:
        return {}
    first = entry.events[0] if entry.events else None
    return {
        "box": asdict(truth.box),
        "found_box": None if first is None or first.box is None else asdict(first.box),
        "label": None if first is None else first.label,
        "cause": truth.cause,
        "cause_said": next((event.cause for event in entry.events if event.cause), ""),
    }


def _false(result: Match) -> int:
    return sum(event.box is not None for event in result.false_alarms)


def _class(name: str, faults: Sequence[Found]) -> dict[str, Any]:
    mine = [entry for entry in faults if entry.truth.name == name]
    found = [e for e in mine if e.events and e.events[0].time <= e.truth.alert_deadline]
    return {
        "name": name,
        "marks": len(mine),
        "found": len(found),
        "recall": round(len(found) / len(mine), 4),
        "named_right": sum(any(event.label == CAUSES.get(name, name) for event in e.events) for e in found),
    }


def _rolls(faults: Sequence[Found]) -> list[dict[str, Any]]:
    """A line a roll that left marks: which it was, and which one most of the events that blame one blame."""
    lines = []
    printed = [entry for entry in faults if entry.truth.name == ROLL_MARK and entry.truth.cause]
    for cause in dict.fromkeys(entry.truth.cause for entry in printed):
        mine = [entry for entry in printed if entry.truth.cause == cause]
        said = Counter(event.cause for entry in mine for event in entry.events if event.cause)
        blamed = min(said, key=lambda path: (-said[path], path)) if said else ""
        lines.append({"roll": cause, "said": blamed, "right": blamed == cause, "marks": len(mine),
                      "found": sum(bool(entry.events) for entry in mine)})  # fmt: skip
    return lines
