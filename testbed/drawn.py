"""Parameters a script may give or leave open: what it leaves open is drawn."""

from __future__ import annotations

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say


def number(params: dict[str, float | str], name: str, low: float, high: float, rng: np.random.Generator) -> float:
    """Parameter `name`, drawn between `low` and `high` if the script leaves it open. Always takes one draw."""
    drawn = float(rng.uniform(low, high))
    given = params.pop(name, drawn)
    try:
        return float(given)
    except ValueError:
        raise InputError(say("{name} must be a number, but got '{given}'.", name=name, given=given)) from None


def nothing_left(params: dict[str, float | str], name: str, known: tuple[str, ...]) -> None:
    """Raises InputError if the script gave a parameter that nobody takes."""
    for left in params:
        raise InputError(say("{name} takes no parameter '{left}'.", name=name, left=left) + nearest(left, known))
