"""Figures of a row, as short as they are sure."""

from __future__ import annotations


def rounded(value: float | None) -> float | None:
    """To 4 places; None where a figure does not apply."""
    return None if value is None else round(value, 4)
