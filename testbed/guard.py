"""What a score must say of the models it is about: fitted on what is scored, or a threshold changed after a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edge.library import Chosen
from edge.seen import Again
from testbed.ledger import Ledger
from testbed.seeds import seeds_of

SEEDS = ("seeds", "calibrated_on")  # keys of a card's training that hold seeds


def seeds_in(card: Mapping[str, Any]) -> set[int]:
    """Seeds of the simulated runs that a model was fitted or calibrated on; none for one of real data.

    >>> sorted(seeds_in({"training": {"data": "scenario:caster-quiet", "seeds": "10000-10001, 10005"}}))
    [10000, 10001, 10005]
    """
    training = card.get("training", {})
    if "records" in training:  # where seeds are those of added noise
        return set()
    parts = [part for key in SEEDS for part in str(training.get(key, "")).split(",") if part.strip()]
    return {seed for part in parts for seed in seeds_of(part.strip())}


def of_seeds(card: Mapping[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    """Keys of a row of simulated runs: a seed draws the same noise in every scenario."""
    known = seeds_in(card)
    if not known:
        return {"overlap": "none" if card.get("training", {}).get("data_sha256") else "unknown"}
    both = len(known & set(seeds))
    return {"overlap": "some" if both else "none", "overlap_share": round(both / len(seeds), 4) if both else None}


class RunGuard:
    """What the score of one run or replay must say of its models.

    Args:
        chosen: the models.
        data: what is scored, as the ledger calls it.
        seeds: of a simulated run.
    """

    def __init__(self, chosen: Sequence[Chosen], data: str, seeds: Sequence[int] = ()) -> None:
        files = [about for one in chosen for about in (one.about, *one.helpers) if about.get("card")]
        self._cards = {str(about["name"]): about["card"] for about in files}
        self._data = data
        self._ledger = Ledger()
        self._told: dict[str, dict[str, Any]] = {}
        for name, card in self._cards.items():
            of_runs = of_seeds(card, seeds) if seeds else {}
            self._told[name] = {"changed_after": self._ledger.changed_after(card), **of_runs}

    def compare(self, name: str, again: Again) -> None:
        """Take what of the scored data a model has seen."""
        self._told.setdefault(name, {})["overlap_share"] = again.share

    def end(self) -> dict[str, Any]:
        """Note that the models were scored; for the score, by model, what there is to say."""
        for card in self._cards.values():
            self._ledger.note([card], self._data)
        kept = {name: {key: told[key] for key in ("overlap_share", "changed_after") if told.get(key)}
                for name, told in self._told.items()}  # fmt: skip
        found = {name: told for name, told in kept.items() if told}
        return {"guard": found} if found else {}
