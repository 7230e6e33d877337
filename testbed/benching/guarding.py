"""Rows of a bench with what they must say of their models: whose file, fitted on what is scored, threshold changed."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import InputError
from connectors.text import read_text
from edge.library import RULES, find
from edge.model import loaded
from testbed.benching.jobs import called, joined
from testbed.datasets.described import BUDGET, SUFFIX
from testbed.guard import of_seeds
from testbed.ledger import Ledger
from testbed.train import ALL_KINDS


def guard_rows(
    rows: Sequence[dict[str, Any]], models: Sequence[str] | None, seeds: Sequence[int], ledger: Ledger
) -> None:  # fmt: skip
    """Add to rows of a bench what they must say, and note that the models were scored.

    Args:
        rows: as a bench makes them; those of rivals stay as they are.
        models: as they were named, None where none were.
        seeds: of scenarios.
        ledger: where scores are noted.
    """
    given = {called(model): model for model in models or ()}
    found = [(row, _cards_of_row(row, given)) for row in rows]
    for row, files in found:
        cards = [card for _, card in files]
        if "scenario" in row:
            told = [of_seeds(card, seeds) for card in cards]
            row |= max(told, key=lambda one: (one.get("overlap_share") or 0.0, one["overlap"]), default={})
        shas = [sha for sha, _ in files if sha]
        row |= {"sha256": "+".join(shas)} if shas else {}
        after = dict.fromkeys(one for card in cards for one in ledger.changed_after(card))
        row |= {"changed_after": list(after)} if after else {}
    for row, files in found:
        ledger.note([card for _, card in files], scored_on(row))


def _cards_of_row(row: Mapping[str, Any], given: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """SHA-256 and card of what a row is about: nothing for a rival."""
    model = given.get(str(row["model"]), str(row["model"]))
    scenario, data = row.get("scenario"), str(row.get("data", ""))
    if scenario is not None:
        plant = _plant(str(scenario))
        return cards_of(model, plant) if _is_there(model, plant) else []
    if model in ALL_KINDS:
        return [("", _of_kind(model, data))] if data.endswith(SUFFIX) else []
    return cards_of(model) if _is_there(model) else []


def _plant(scenario: str) -> str:
    """A shipped scenario's plant; of a script, whose models are named by themselves, none."""
    from testbed.benching.scenarios import plant_of
    from testbed.library import names

    return plant_of(scenario).name if scenario in names() else ""


def _is_there(model: str, plant: str = "") -> bool:
    try:
        return all(name in RULES or find(name, plant).is_file() for name in joined(model))
    except InputError:
        return False


def _of_kind(kind: str, data: str) -> dict[str, Any]:
    """What stands for the card of a kind that is fitted on a user's own data: its threshold is what their budget is."""
    told = tomllib.loads(read_text(data))
    rest = {key: value for key, value in told.items() if key != "budget"}
    return {"kind": kind, "name": kind, "training": rest, "threshold": told.get("budget", BUDGET)}


def scored_on(row: Mapping[str, Any]) -> str:
    """What a row was measured on, as the ledger calls it."""
    if row.get("scenario"):
        return f"scenario:{row['scenario']}"
    return str(row.get("data"))


def cards_of(model: str, plant: str = "") -> list[tuple[str, dict[str, Any]]]:
    """SHA-256 and card of each file that a row's model stands for, models joined by '+' being several."""
    found = []
    for name in joined(model):
        if name not in RULES:
            onnx, data = loaded(find(name, plant))
            found.append((hashlib.sha256(data).hexdigest(), dict(onnx.card.raw)))
    return found
