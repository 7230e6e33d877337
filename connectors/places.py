"""Where something lies on a strip, slab or sheet: metres along it and millimetres across."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REACH_MM = 50.0  # two boxes this close are at one place


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a part.

    Attributes:
        part_id: coil, slab or sheet (OPC 40100-1 PartId).
        start_m, end_m: along it, from its head.
        left_mm, right_mm: across it, from the left end of the camera's view.
    """

    part_id: str
    start_m: float
    end_m: float
    left_mm: float
    right_mm: float

    def __post_init__(self) -> None:
        if not (self.start_m <= self.end_m and self.left_mm <= self.right_mm):
            raise ValueError(f"A box must not end before it begins, but got {self}.")

    def meets(self, other: Box, reach_mm: float = REACH_MM) -> bool:
        """Whether the other box, grown by `reach_mm` on every side, overlaps this one.

        >>> Box("C1", 1.0, 1.2, 100, 120).meets(Box("C1", 1.24, 1.3, 140, 150))
        True
        >>> Box("C1", 1.0, 1.2, 100, 120).meets(Box("C1", 1.26, 1.3, 140, 150))
        False
        """
        reach_m = reach_mm / 1000.0
        return (
            self.part_id == other.part_id
            and self.start_m <= other.end_m + reach_m
            and other.start_m <= self.end_m + reach_m
            and self.left_mm <= other.right_mm + reach_mm
            and other.left_mm <= self.right_mm + reach_mm
        )

    def __str__(self) -> str:
        return f"{self.part_id} {self.start_m:.3f}-{self.end_m:.3f} m {self.left_mm:.1f}-{self.right_mm:.1f} mm"


def box_of(raw: Mapping[str, Any] | None) -> Box | None:
    """The box that `dataclasses.asdict` spelled out; None for none."""
    if raw is None:
        return None
    numbers = (float(raw[name]) for name in ("start_m", "end_m", "left_mm", "right_mm"))
    return Box(str(raw["part_id"]), *numbers)
