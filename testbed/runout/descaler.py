"""The finishing descaler: a pump on its curve, four headers of nozzles, and the scale that stays where one is blocked.

Pressures in bar, flows in m3/h, widths in mm from the strip's left edge.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

HEADERS, NOZZLES = 4, 40  # two pairs of headers, top and bottom; nozzles of each
PITCH = 45.0  # mm from nozzle to nozzle, common for this kind of header
JET = 60.0  # mm that a jet covers
SHUT_OFF, NOMINAL, FLOW = 225.0, 190.0, 400.0  # bar at no flow, bar and m3/h with all nozzles; "> 180 bar" in practice
CHILL = 20.0  # K the surface loses to the jets; 15 … 25 (domain: 3c)
ZONES = 9  # of the scanning pyrometer, over WIDTH
WIDTH = 1250.0  # mm

_EACH = FLOW / (HEADERS * NOZZLES * NOMINAL**0.5)  # m3/h and bar^0.5 of a sound nozzle
_DROP = (SHUT_OFF - NOMINAL) / FLOW**2  # bar h2/m6 of the pump's curve
_ZONE_EDGES = np.linspace(0.0, WIDTH, ZONES + 1)


@dataclass(slots=True)
class Descaler:
    """Nozzles and pump. `pump` scales the pressure it makes at no flow."""

    open: np.ndarray = field(default_factory=lambda: np.ones((HEADERS, NOZZLES)))  # share of each nozzle's bore
    on: np.ndarray = field(default_factory=lambda: np.ones(HEADERS))
    pump: float = 1.0

    def pressure(self) -> float:
        """bar where the pump's curve p = p0 - a Q2 meets the nozzles' Q = K sqrt(p)."""
        k = float((_EACH * self.open.sum(axis=1) * self.on).sum())
        return SHUT_OFF * self.pump / (1.0 + _DROP * k * k)

    def flows(self) -> np.ndarray:
        """m3/h of each header, float64 (HEADERS,)."""
        return _EACH * self.open.sum(axis=1) * self.on * self.pressure() ** 0.5

    def chill(self) -> np.ndarray:
        """K that each zone's surface loses, float64 (ZONES,): where no jet hits, the scale and the heat stay.

        The two pairs of headers do half the work each; a pressure below nominal takes from it in proportion.
        """
        share = np.zeros(ZONES)
        for header in range(HEADERS):
            lost = np.zeros(ZONES)
            for nozzle in np.flatnonzero(self.open[header] < 1.0):
                left, right = jet(int(nozzle))
                covered = np.clip(np.minimum(right, _ZONE_EDGES[1:]) - np.maximum(left, _ZONE_EDGES[:-1]), 0.0, None)
                lost += (1.0 - self.open[header, nozzle]) * covered / (WIDTH / ZONES) * PITCH / JET
            share += self.on[header] * np.clip(1.0 - lost, 0.0, 1.0) / HEADERS
        return CHILL * share * self.pressure() / NOMINAL

    def streaks(self) -> list[tuple[float, float, float]]:
        """Where scale stays on the strip: middle and width of each streak in mm, and the share of impact lost.

        Neighbouring nozzles make one streak; one whose jets miss the strip makes none.
        """
        found: list[tuple[float, float, float]] = []
        for header in range(HEADERS):
            blocked = np.flatnonzero((self.open[header] < 0.9) & (self.on[header] > 0))
            for run in np.split(blocked, np.flatnonzero(np.diff(blocked) > 1) + 1) if len(blocked) else []:
                left, right = max(jet(int(run[0]))[0], 0.0), min(jet(int(run[-1]))[1], WIDTH)
                if right > left:
                    lost = float(1.0 - self.open[header, run].mean())
                    found.append(((left + right) / 2, right - left, lost))
        return found

    def copy(self) -> Descaler:
        return Descaler(self.open.copy(), self.on.copy(), self.pump)


def jet(nozzle: int) -> tuple[float, float]:
    """Left and right end in mm of what a nozzle's jet covers; the header reaches beyond both edges of the strip.

    >>> jet(20)
    (617.5, 677.5)
    """
    middle = WIDTH / 2 + (nozzle - (NOZZLES - 1) / 2) * PITCH
    return middle - JET / 2, middle + JET / 2
