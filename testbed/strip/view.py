"""How a line-scan camera looks at a strip: hot or cold, bright or dark field, pixel size, smear by speed."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.errors import InputError
from connectors.texts import say

SURFACES, FIELDS = ("hot", "cold"), ("bright", "dark")
FINEST, COARSEST = 0.25, 1.0  # mm a pixel; domain: 5
SIGHT_MM = 1280.0  # across the camera's view: a strip of 1.25 m and what lies beside it
NATIVE_MM = 0.5  # mm; marks are drawn at this size and brought to the camera's pixel


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the camera looks at, and how. Raises InputError for what no camera here does.

    Attributes:
        surface: 'hot' is mottled with scale, 'cold' has fine hairlines along the rolling direction.
        field: 'bright' sees the lamp mirrored in the strip, 'dark' only what scatters: edges, grooves, rough places.
        pixel_mm: mm a pixel, both ways, 0.25 … 1.
        smear_mm: mm the strip moves while a line is exposed: speed times exposure.
    """

    surface: str = "hot"
    field: str = "bright"
    pixel_mm: float = NATIVE_MM
    smear_mm: float = 0.0

    def __post_init__(self) -> None:
        if self.surface not in SURFACES or self.field not in FIELDS:
            raise InputError(
                say(
                    "A strip is hot or cold and seen in bright or dark field, but got '{surface}' and '{field}'.",
                    surface=self.surface,
                    field=self.field,
                )
            )
        if not FINEST <= self.pixel_mm <= COARSEST or not 0 <= self.smear_mm <= 20:
            raise InputError(
                say(
                    "A pixel has 0.25 to 1 mm and a smear 0 to 20 mm, but got {pixel_mm:g} and {smear_mm:g} mm.",
                    pixel_mm=self.pixel_mm,
                    smear_mm=self.smear_mm,
                )
            )

    @property
    def scale(self) -> float:
        """Pixels for each pixel of NATIVE_MM."""
        return NATIVE_MM / self.pixel_mm

    @property
    def columns(self) -> int:
        """Pixels across the view."""
        return round(SIGHT_MM / self.pixel_mm)

    @property
    def lines_per_m(self) -> float:
        """Lines a metre of strip."""
        return 1000.0 / self.pixel_mm

    @property
    def smear(self) -> float:
        """Lines of the camera over which each line is smeared; 0 up to one line, as much as a pixel itself blurs."""
        lines = self.smear_mm / self.pixel_mm
        return lines if lines > 1 else 0.0

    @property
    def is_dark(self) -> bool:
        """Whether it is dark field."""
        return self.field == "dark"


BRIGHT = View()
