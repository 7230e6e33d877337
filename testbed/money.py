"""What a run was worth: saved, lost and spent for nothing, each as a range under assumptions that can be edited.

A simulated estimate, never an account. A fault found before its deadline saves its loss, less what the answer to the
alarm costs; one that is missed or found too late loses it; a false alarm costs the answer for nothing. Defects of one
coil lose it once, and save it only if all are found. Faults without a loss class, and those that nothing follows in
the time of the run, count for nothing, and are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from connectors.results import Event
from testbed.assumptions import Assumptions
from testbed.losses import ANSWERS, LOSSES, Values, answer_to
from testbed.match import Found


def estimate(found: Sequence[Found], false_alarms: Sequence[Event], assumed: Assumptions) -> dict[str, Any] | None:
    """What a run was worth, as plain JSON values; None where nothing in it has a price.

    `low` and `high` hold what the alarms saved less what false ones cost, against a line without models. `lost` is
    what no alarm came for in time: it is gone with and without models.
    """
    values = {name: np.array(given) for name, given in assumed.values.items()}
    entries = [_of_faults(together, assumed, values) for together in _together(found, assumed)]
    entries += _of_alarms(false_alarms, values)
    if not entries:
        return None
    sums = {what: _sum(entries, what) for what in ("saved", "lost", "spent")}
    return {
        "low": sums["saved"]["low"] - sums["spent"]["high"],
        "high": sums["saved"]["high"] - sums["spent"]["low"],
        "currency": assumed.currency,
        **sums,
        "entries": entries,
        "unpriced": sorted({f.truth.name for f in found if f.truth.is_fault and _loss(f, assumed) is None}),
        "assumptions": assumed.plain(),
    }


def _together(found: Sequence[Found], assumed: Assumptions) -> list[list[Found]]:
    """Faults with a price, those of one loss on one coil together: a coil is downgraded once."""
    groups: dict[object, list[Found]] = {}
    for i, one in enumerate(found):
        loss, box = _loss(one, assumed), one.truth.box
        if one.truth.is_fault and loss is not None:
            groups.setdefault(i if box is None else (loss, box.part_id), []).append(one)
    return list(groups.values())


def _loss(found: Found, assumed: Assumptions) -> str | None:
    """What a fault leads to; None if it has no price, or if nothing follows in the time of the run."""
    truth = found.truth
    follows = truth.consequence_time is not None or truth.box is not None  # a defect is its own consequence
    return assumed.faults.get(truth.name) if follows else None


def _of_faults(together: Sequence[Found], assumed: Assumptions, values: Values) -> dict[str, Any]:
    """Faults that were all found in time save their loss, less the answer to the alarm; else it is lost."""
    truth = together[0].truth
    name = assumed.faults[truth.name]
    loss = LOSSES[name](values)
    entry = {
        "names": sorted({one.truth.name for one in together}),
        "where": truth.where if truth.box is None else truth.box.part_id,
        "loss": name,
        "n": len(together),
    }
    first = [one.events[0] for one in together if one.events and one.events[0].time <= one.truth.alert_deadline]
    if len(first) < len(together):
        return {**entry, "what": "lost", **_ends(loss[0], loss[2])}
    answer = answer_to(first[0].condition)
    cost = ANSWERS[answer](values)
    return {**entry, "what": "saved", "answer": answer, **_ends(loss[0] - cost[2], loss[2] - cost[0])}


def _of_alarms(alarms: Sequence[Event], values: Values) -> list[dict[str, Any]]:
    """False alarms by their answer."""
    entries = []
    for answer, cost in ANSWERS.items():
        n = sum(answer_to(event.condition) == answer for event in alarms)
        if n:
            low, _, high = n * cost(values)
            entries.append({"names": [], "where": "", "what": "spent", "n": n, "answer": answer, **_ends(low, high)})
    return entries


def _ends(low: float, high: float) -> dict[str, int]:
    return {"low": round(float(low)), "high": round(float(high))}


def _sum(entries: Sequence[Mapping[str, Any]], what: str) -> dict[str, int]:
    return {end: sum(entry[end] for entry in entries if entry["what"] == what) for end in ("low", "high")}
