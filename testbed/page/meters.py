"""What a run was worth, in money and CO2, each as a range: a simulated estimate under assumptions, never an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.texts import say
from testbed.losses import SCRAP, uses
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
    return {
        **{what: ranged(found[what], found["currency"]) for what in ("saved", "lost", "spent")},
        "co2": {what: _co2(found, what) for what in ("saved", "lost")},
        "assumed": {name: found["assumptions"]["values"][name] for name in names},
        "origin": found["assumptions"]["origin"],
    }


def _co2(found: Mapping[str, Any], what: str) -> dict[str, str] | None:
    """CO2 of the steel that was or was not scrapped, in t; None where no loss of the run scraps any."""
    scraps = [
        SCRAP[entry["loss"]] for entry in found["entries"] if entry["what"] == what and entry.get("loss") in SCRAP
    ]
    if not scraps:
        return None
    values = found["assumptions"]["values"]
    low, high = (sum(values[name][end] for name in scraps) * values["co2"][end] for end in (0, 2))
    return speech.told(lambda: say("{low:.0f} – {high:.0f} t", low=low, high=high))


def ranged(ends: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A range of money with its text in every language."""
    low, high = ends["low"], ends["high"]
    return {"low": low, "high": high, "text": speech.told(lambda: money(low, high, currency))}
