"""A table of models row by row on labelled data, with the rival that needs no model: always alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from connectors.results import Event
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.match import match

ALWAYS = "always-alarm"


def rows(
    truths: Sequence[Truth], events: Sequence[Event], times: Mapping[str, np.ndarray], start: int
) -> list[dict[str, Any]]:
    """One row a model, and one for the rival that alarms from the first moment to the last.

    Args:
        truths: the answer key.
        events: of all models.
        times: by model, int64 (n,) ns, when it gave a score (blind ones left out).
        start: ns, where scoring starts.
    """
    table = []
    for model, moments in times.items():
        own = [event for event in events if event.model == model]
        table.append(_row(model, truths, own, moments, active(own, moments)))
    every = max(times.values(), key=len, default=np.empty(0, np.int64))
    if len(every):
        table.append(_row(ALWAYS, truths, None, every, np.ones(len(every), bool)))
    return table


def _row(
    model: str, truths: Sequence[Truth], events: Sequence[Event] | None, times: np.ndarray, alarm: np.ndarray
) -> dict[str, Any]:
    """`events` is None for the rival: one alarm that is there before everything and never goes."""
    faults = [truth for truth in truths if truth.is_fault]
    if events is None:
        delays, found, false = [0.0] * len(faults), len(faults), 1
    else:
        result = match(truths, events)
        hits = [entry for entry in result.found if entry.truth.is_fault and entry.events]
        delays = [(entry.events[0].time - entry.truth.onset) / SECOND for entry in hits]
        found, false = len(hits), len(result.false_alarms)
    fault = np.zeros(len(times), bool)
    for truth in faults:
        last = truth.cleared if truth.cleared is not None else int(times[-1])
        fault |= (times >= truth.onset) & (times <= last)
    hit, miss = int((alarm & fault).sum()), int((~alarm & fault).sum())
    wrong, right = int((alarm & ~fault).sum()), int((~alarm & ~fault).sum())
    return {
        "model": model,
        "found": found,
        "faults": len(faults),
        "delay_p50_s": round(float(np.median(delays)), 3) if delays else None,
        "false_alarms": false,
        "f1": _share(2 * hit, 2 * hit + miss + wrong),
        "far": _share(wrong, wrong + right),
        "mar": _share(miss, hit + miss),
        "scored": len(times),
    }


def active(events: Sequence[Event], times: np.ndarray) -> np.ndarray:
    """Whether any alarm of these events was active at each time, bool (n,)."""
    change = np.zeros(len(times) + 1, np.int64)
    for event in events:
        if event.change in ("active", "returned"):
            at = int(np.searchsorted(times, event.time))
            change[at] += 1 if event.change == "active" else -1
    return np.cumsum(change)[:-1] > 0


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
