"""Seeds as they are written: 7, or 1-40."""

from __future__ import annotations

from connectors.errors import InputError
from connectors.texts import say


def seeds_of(text: str) -> list[int]:
    """The seeds of '1-40' or '7'. Raises InputError.

    >>> seeds_of("3-5")
    [3, 4, 5]
    """
    first, dash, last = text.partition("-")
    try:
        numbers = list(range(int(first), int(last if dash else first) + 1))
    except ValueError:
        numbers = []
    if not numbers:
        raise InputError(say("Seeds are written like 1-40, but got '{text}'.", text=text))
    return numbers
