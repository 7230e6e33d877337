"""What things cost, as a file of assumptions says: `money.toml` by default, one's own with --assumptions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from connectors.errors import InputError, Problem, nearest
from connectors.text import read_text
from connectors.texts import say
from testbed.losses import LOSSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What things cost.

    Attributes:
        currency: ISO 4217.
        values: name to (low, usual, high).
        faults: name of a fault to the loss it leads to.
        origin: where they come from: 'defaults', or the name of a file.
    """

    currency: str
    values: Mapping[str, tuple[float, float, float]]
    faults: Mapping[str, str]
    origin: str = "defaults"

    @classmethod
    def read(cls, path: str | Path) -> Assumptions:
        """Defaults, with what a TOML file says otherwise. Raises InputError with every fault of the file."""
        raw, text = _toml(path)
        usual = defaults()
        problems = [Problem(str(path), fault, _line(text, key)) for key, fault in _faults(raw, usual)]
        if problems:
            raise InputError.of(problems)
        values = _values(raw.get("values", {}))
        return cls(
            currency=raw.get("currency", usual.currency),
            values={**usual.values, **values},
            faults={**usual.faults, **raw.get("faults", {})},
            origin=Path(path).name,
        )

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Assumptions:
        """From plain JSON values, as `plain` makes them."""
        values = _values(raw["values"])
        return cls(currency=raw["currency"], values=values, faults=raw["faults"], origin=raw["origin"])

    def plain(self) -> dict[str, Any]:
        """As plain JSON values."""
        values = {name: list(given) for name, given in self.values.items()}
        return {"currency": self.currency, "origin": self.origin, "values": values, "faults": dict(self.faults)}


@cache
def defaults() -> Assumptions:
    """The shipped assumptions."""
    raw = tomllib.loads(files("testbed").joinpath("money.toml").read_text("utf-8"))
    return Assumptions(currency=raw["currency"], values=_values(raw["values"]), faults=raw["faults"])


def _values(raw: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float, float]]:
    return {name: (float(low), float(usual), float(high)) for name, (low, usual, high) in raw.items()}


def _toml(path: str | Path) -> tuple[dict[str, Any], str]:
    text = read_text(path)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise InputError.of([Problem(str(path), say("is no TOML: {reason}.", reason=error))]) from None


def _line(text: str, key: str) -> int | None:
    """The line a key stands on."""
    found = re.search(rf"^[ \t\[\"']*{re.escape(key)}\b", text, re.MULTILINE)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _faults(raw: Mapping[str, Any], usual: Assumptions) -> Iterable[tuple[str, str]]:
    """Every fault of a file of assumptions, with the key it is at."""
    tables = ("currency", "values", "faults")
    for key in raw:
        if key in usual.values:
            yield key, say("'{key}' belongs into the table [values].", key=key)
        elif key not in tables:
            yield key, say("'{key}' is no assumption.", key=key) + nearest(key, [*tables, *usual.values])
    currency = raw.get("currency", usual.currency)
    if not (isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency)):
        yield "currency", say("currency takes a code of three letters such as KRW, but got '{value}'.", value=currency)
    for key in ("values", "faults"):
        if not isinstance(raw.get(key, {}), dict):
            yield key, say("'{key}' is a table: write [{key}] on a line of its own.", key=key)
            return
    for name, given in raw.get("values", {}).items():
        if name not in usual.values:
            yield name, say("'{key}' is no assumption.", key=name) + nearest(name, usual.values)
        elif not _is_range(given):
            yield name, say("'{key}' takes [low, usual, high], numbers from 0 up that do not fall.", key=name)
    for name, loss in raw.get("faults", {}).items():
        if loss not in LOSSES:
            yield (
                name,
                say("'{name}' leads to '{loss}', which is no loss.", name=name, loss=loss) + nearest(str(loss), LOSSES),
            )


def _is_range(given: object) -> bool:
    if not isinstance(given, list) or len(given) != 3:
        return False
    numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    return len(numbers) == 3 and 0 <= numbers[0] <= numbers[1] <= numbers[2] < float("inf")
