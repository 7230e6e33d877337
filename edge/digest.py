"""The fingerprint of a run: what went active and returned by itself, when, and how strongly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from connectors.results import Event


def line(event: Event, start: int) -> str:
    """One event as the digest sees it: ns since the scenario's start, scores to 4 significant digits."""
    place = "" if event.box is None else f"|{event.label}|{event.box}|{event.cause}"
    said = f"{event.time - start}|{event.source}|{event.condition}|{event.change}|{event.model}|{event.score:.4g}"
    return said + place


def digest(events: Iterable[Event], start: int) -> str:
    """SHA-256 over the events that happened by themselves, in order; an operator's doing is left out."""
    total = hashlib.sha256()
    for event in events:
        if event.change != "operator":
            total.update(line(event, start).encode())
            total.update(b"\n")
    return total.hexdigest()
