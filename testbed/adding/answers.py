"""What the user says of a file that it does not say itself, and what is still open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from connectors.errors import InputError, nearest
from connectors.results import CONDITIONS
from connectors.text import read_text
from connectors.texts import say

KEYS = (
    "budget", "calibrate", "channel", "channels", "colour", "condition", "confidence", "decode", "fit", "harmless",
    "hold_s", "iou", "labels", "layout", "length", "map", "max_bad", "mean", "normal", "boxes", "label",
    "rate_hz", "reconstruction", "scale", "score", "seeds", "severity", "size", "std", "stride_s", "tags", "threshold",
    "worse",
)  # fmt: skip
FIX = "fix."  # before the name of an input that always gets the same number
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What only the user can know: the key that answers it, and one sentence."""

    key: str
    text: str


class Answers:
    """Keys and values: texts of the command line, or values of a JSON file. Raises InputError for unknown keys."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        for key in given:
            if key not in KEYS and not key.startswith(FIX):
                raise InputError(say("'{name}' is not known here.", name=key) + nearest(key, KEYS))
        self.given = dict(given)
        self._used: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.given

    def get(self, key: str, read: Callable[[Any], T]) -> T | None:
        """The answer, read; None if there is none. Raises InputError if it does not fit."""
        if key not in self.given:
            return None
        self._used.add(key)
        try:
            return read(self.given[key])
        except (TypeError, ValueError) as error:
            raise InputError(
                say("'{key}' does not take '{value}': {reason}.", key=key, value=self.given[key], reason=error)
            ) from None

    def fixed(self) -> dict[str, Any]:
        """Inputs that always get the same numbers, by name."""
        names = [key for key in self.given if key.startswith(FIX)]
        return {key.removeprefix(FIX): self.get(key, numbers) for key in names}

    def unused(self) -> list[str]:
        """Keys that nothing asked for."""
        return sorted(set(self.given) - self._used)


def answers_of(settings: Sequence[str], card: Path | None) -> tuple[Answers, dict[str, Any] | None]:
    """Answers of `--set KEY=VALUE` over those of a JSON file; a whole card, if the file is one, stands for itself."""
    given: dict[str, Any] = {}
    whole = None
    if card is not None:
        try:
            raw = json.loads(read_text(card))
        except ValueError as error:
            raise InputError(say("{path} is no JSON: {reason}.", path=card, reason=error)) from None
        if not isinstance(raw, dict):
            raise InputError(say("{path} must hold a JSON object.", path=card))
        whole, given = (raw, {}) if "format" in raw else (None, raw)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise InputError(say("--set takes KEY=VALUE, but got '{setting}'.", setting=setting))
        given[key.strip()] = value.strip()
    if whole is not None and given:
        raise InputError(say("{path} is a whole card: change it there instead of by --set.", path=card))
    return Answers(given), whole


# -- how answers are read --------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """A text as it stands."""
    return str(value)


def names(value: Any) -> list[str]:
    """Names separated by commas outside braces, a list, or a text file with one a line.

    >>> names("*/TC_{1,2}, */FLOW")
    ['*/TC_{1,2}', '*/FLOW']
    """
    if isinstance(value, list):
        return [str(one) for one in value]
    if str(value).endswith(".txt") and Path(str(value)).is_file():
        return [line.strip() for line in read_text(str(value)).splitlines() if line.strip()]
    parts = [part.strip() for part in re.split(r",(?![^{]*\})", str(value))]
    if not all(parts):
        raise ValueError(say("names are separated by commas"))
    return parts


def numbers(value: Any) -> Any:
    """A number, or several separated by commas."""
    parts = value if isinstance(value, list) else str(value).split(",")
    found = [_number(part) for part in parts]
    return found if isinstance(value, list) or len(found) > 1 else found[0]


def _number(value: Any) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if number != number:
        raise ValueError(say("a number fits"))
    return int(number) if number == int(number) and "." not in str(value) else number


def number(value: Any) -> float:
    """A number."""
    return _number(value)


def above(value: Any) -> float:
    """A number above 0."""
    found = _number(value)
    if not found > 0:
        raise ValueError(say("a number above 0 fits"))
    return found


def whole(value: Any) -> int:
    """A whole number."""
    found = _number(value)
    if found != int(found) or found < 0:
        raise ValueError(say("a whole number fits"))
    return int(found)


def size(value: Any) -> list[int]:
    """Height and width: '224', '480x640', or a list."""
    parts = value if isinstance(value, list) else re.split(r"[x×,]", str(value))
    found = [whole(part) for part in parts]
    if len(found) not in (1, 2) or min(found) < 1:
        raise ValueError(say("a size is written like 224 or 480x640, height first"))
    return found if len(found) == 2 else found * 2


def one_of(*known: str) -> Callable[[Any], str]:
    """One of these words."""

    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(
                say("one of {known} fits", known=", ".join(known)) + nearest(str(value), known).rstrip(".")
            )
        return str(value)

    return read


def condition(value: Any) -> str:
    """A condition class."""
    return one_of(*CONDITIONS)(value)
