"""Rows of a bench as columns for people: the terminal and the page show the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.texts import say
from testbed.report.formats import NOTHING, number, percent

Row = Mapping[str, Any]
HIGHER = (
    "f1",
    "detection",
    "vus_pr",
    "affiliation_f1",
    "auroc",
    "aupro",
    "accuracy",
    "macro_f1",
    "macro_f1_records",
    "batadal",
    "s_ttd",
    "s_cm",
    "map50",
    "map50_95",
)  # better where higher, 0 … 1
LOWER = ("far", "mar")  # lower is better, 0 … 1


def titles() -> dict[str, str]:
    """What each key of a row is called, in the order of columns."""
    return {
        "model": say("model"),
        "data": say("data"),
        "scenario": say("scenario"),
        "found_in_time": say("found in time"),
        "lead_p50_s": say("lead p50 s"),
        "found": say("found"),
        "f1": "F1",
        "f1_moved": say("F1 at ± 20 %"),
        "f1_without": say("F1 less a folder"),
        "far": "FAR",
        "mar": "MAR",
        "detection": say("mean detection"),
        "vus_pr": "VUS-PR",
        "affiliation_f1": say("affil. F1"),
        "nab": "NAB",
        "nab_moved": say("NAB at ± 20 %"),
        "nab_without": say("NAB less a folder"),
        "batadal": "S",
        "batadal_moved": say("S at ± 20 %"),
        "s_ttd": "S_TTD",
        "s_cm": "S_CM",
        "delay_p50_s": say("delay p50 s"),
        "accuracy": say("accuracy"),
        "macro_f1": say("macro F1"),
        "macro_f1_without": say("macro F1 less a size"),
        "macro_f1_records": say("macro F1 of records"),
        "auroc": "AUROC",
        "aupro": "AUPRO",
        "map50": "mAP50",
        "map50_95": "mAP50-95",
        "false_alarms_per_24h": say("false alarms in 24 h"),
        "false_per_100m2": say("false on 100 m²"),
        "forbidden": say("forbidden"),
        "hours": say("hours"),
        "pictures": say("pictures"),
        "records": say("records"),
        "windows": say("windows"),
        "supervision": say("learned from"),
        "overlap": say("fitted on these"),
        "changed_after": say("threshold changed after scoring on"),
        "p50_ms": "p50 ms",
        "p99_ms": "p99 ms",
        "lost": say("lost"),
    }


def shown(rows: Sequence[Row]) -> list[str]:
    """Keys of which any row holds a value."""
    return [key for key in titles() if any(row.get(key) is not None for row in rows)]


def cell(row: Row, key: str) -> str:
    """What a row holds, as a person reads it."""
    value = row.get(key)
    if value is None:
        return NOTHING
    if key == "overlap":
        share = row.get("overlap_share")
        known = say("no") if value == "none" else say("not known")
        return percent(share) if share else known
    if key == "changed_after":
        return ", ".join(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        form = ".1f" if key.startswith("nab") else ".3f"
        return " … ".join(NOTHING if one is None else format(one, form) for one in value)
    if key in ("found", "found_in_time"):
        return f"{value}/{row.get('faults', NOTHING)}"
    if key in HIGHER or key in LOWER:
        return f"{value:.3f}"
    return number(value)


def parts(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows of one scenario or set together, in their order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row.get("scenario") or row.get("data")), []).append(row)
    return list(found.values())
