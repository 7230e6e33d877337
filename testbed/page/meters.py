"""What a run was worth, in money and CO2, each as a range: a simulated estimate under assumptions, never an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testbed.losses import uses
from testbed.page import speech
from testbed.report.formats import money

Meter = dict[str, Any]


def meter(score: Mapping[str, Any]) -> Meter | None:
    """Saved, lost and spent of a score; None where nothing in it has a price."""
    found = score.get("money")
    if not found:
        return None
    names = sorted(
        {name for entry in found["entries"] for name in uses(entry.get("loss", "")) | uses(entry.get("answer", ""))}
    )
    ends = {what: (found[what]["low"], found[what]["high"]) for what in ("saved", "lost", "spent")}
    currency = found["currency"]
    return {
        **{what: _range(low, high, currency) for what, (low, high) in ends.items()},
        "assumed": {name: found["assumptions"]["values"][name] for name in names},
        "origin": found["assumptions"]["origin"],
    }


def _range(low: float, high: float, currency: str) -> dict[str, Any]:
    return {"low": low, "high": high, "text": speech.told(lambda: money(low, high, currency))}
