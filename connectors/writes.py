"""The desk where set-points from outside are judged, written down, and handed to the plant; whatever way they came."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.clock import now_ns
from connectors.errors import InputError
from connectors.setpoints import Audit, SetPoint, refusal
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import text


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a set-point was not taken: `kind` is 'unknown', 'readonly', 'type', 'range' or 'failed'."""

    kind: str
    sentence: str


class Desk:
    """Set-points of one plant.

    Args:
        setpoints: the tag of each by the name the plant acts on; only writable ones are taken.
        check: raises InputError if the plant would not take one after all.
        take: hands one to the plant, with the way it came and who it was.
        value: what one stands at.
        audit: where every attempt is written, before it takes effect; one that cannot be written is refused.
        tell: is told of every attempt.
        known: names of tags that are there and cannot be set, to say so.
    """

    def __init__(
        self,
        setpoints: Mapping[str, Tag],
        check: Callable[[str, float], object],
        take: Callable[[str, float, str], object],
        value: Callable[[str], float],
        audit: Audit,
        tell: Callable[[str], None],
        known: Mapping[str, Tag] | None = None,
    ) -> None:
        self.setpoints = dict(setpoints)
        self.tags = {tag.name: tag for tag in setpoints.values()}
        self._action = {tag.name: name for name, tag in setpoints.items()}
        self._known = {**(known or {}), **self.tags}
        self._check, self._take, self._value = check, take, value
        self._audit, self._tell = audit, tell

    def value(self, tag: str) -> float:
        """What the set-point with this tag stands at."""
        return self._value(self._action[tag])

    def ask(self, tag: str, value: Any, source: str, who: str) -> Refused | None:
        """Judge, write down, tell and hand on; None when it is taken."""
        asked = SetPoint(tag, value, now_ns(), source, who)
        old = self.value(tag) if tag in self._action else None
        why_not = self._judge(tag, value)
        try:
            self._audit.note(asked, None if why_not is None else why_not.sentence, old)
        except InputError as error:  # nothing happens unseen
            why_not = Refused("failed", str(error))
        if why_not is None:
            try:
                self._take(self._action[tag], float(value), f"{source} {who}".strip())
            except InputError as error:  # it was to be done and was not
                why_not = Refused("failed", str(error))
                with suppress(InputError):
                    self._audit.note(asked, why_not.sentence, old)
        self._say(asked, why_not, old)
        return why_not

    def _judge(self, tag: str, value: Any) -> Refused | None:
        found = self._known.get(tag)
        sentence = refusal(found, value)
        if found is None:
            return Refused("unknown", sentence or "")
        if tag not in self._action or not found.writable:
            return Refused("readonly", sentence or say("{name} is not writable.", name=tag))
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return Refused("type", say("{name} takes a finite number.", name=tag))
        if sentence is not None:
            return Refused("range", sentence)
        try:
            self._check(self._action[tag], float(value))
        except InputError as error:
            return Refused("range", str(error))
        return None

    def _say(self, asked: SetPoint, why_not: Refused | None, old: float | None) -> None:
        given = {"at": text(asked.time), "who": asked.who or "?", "way": asked.source, "tag": asked.name,
                 "value": str(asked.value)[:40]}  # fmt: skip
        if why_not is None:
            unit = self.tags[asked.name].unit
            self._tell(
                say("{at}  {who} by {way}: {tag} from {old} to {value} {unit}", **given, old=f"{old:g}", unit=unit)
            )
        else:
            self._tell(say("{at}  {who} by {way}: {tag} to {value} refused. {why}", **given, why=why_not.sentence))
