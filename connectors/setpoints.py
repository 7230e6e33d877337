"""Set-points from outside: only what the tag list lets be written, inside its range, and every attempt on record."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import text


@dataclass(frozen=True, slots=True)
class SetPoint:
    """A value that somebody wants a tag to have.

    Attributes:
        name: the tag's name, or what was asked for where there is no such tag.
        value: in the tag's unit.
        time: ns since 1970 UTC, when it arrived.
        source: by which way it came: a topic, a session.
        who: the user, where the way tells.
    """

    name: str
    value: Any
    time: int
    source: str
    who: str = ""


def refusal(tag: Tag | None, value: Any) -> str | None:
    """Why a tag cannot be set to a value, as a sentence; None when it can.

    >>> refusal(Tag(name="L/V", eu_range=(0.0, 2.0), writable=True), 1.2) is None
    True
    """
    if tag is None:
        return say("There is no such tag.")
    if not tag.writable:
        return say("{name} is not writable. Its tag list would have to say so.", name=tag.name)
    if isinstance(value, str | bool):
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        return say("{name} takes a finite number.", name=tag.name)
    limits = tag.instrument_range or tag.eu_range
    if limits is not None and not limits[0] <= value <= limits[1]:
        return say(
            "{name} takes {low:g} to {high:g} {unit}, but got {value:g}.",
            name=tag.name,
            low=limits[0],
            high=limits[1],
            unit=tag.unit,
            value=value,
        )
    return None


class Audit:
    """A record of every attempt to write, one JSON object a line, on the disk before the attempt takes effect."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.accepted = self.refused = 0

    def note(self, asked: SetPoint, why_not: str | None, old: float | None = None) -> None:
        """Write down an attempt and what became of it. Raises InputError if the file cannot be written.

        `old` is what the tag was set to before, where that is known.
        """
        line = {
            "time": text(asked.time),
            "tag": asked.name,
            "value": asked.value if isinstance(asked.value, int | float | str | bool) else repr(asked.value),
            "old": old,
            "source": asked.source,
            "who": asked.who,
            "accepted": why_not is None,
            "reason": why_not or "",
        }
        self.accepted += why_not is None
        self.refused += why_not is not None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(
                say("{path} cannot be written: {reason}. Name another file.", path=self.path, reason=error.strerror)
            ) from None
