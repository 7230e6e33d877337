"""Strip on the run-out table: parcels carried under the water banks, cooled in film boiling and, below, violently.

Positions x are metres behind the last stand's pyrometer, temperatures Cel. Nothing here knows a tag.
"""

from __future__ import annotations

import copy

import numpy as np

from testbed.noise import Noise

BANKS, BANK_M = 40, 2.0  # water banks from the first metre on, top and bottom together
MIDDLE_M, END_M = 84.0, 120.0  # intermediate pyrometer, coiler pyrometer
WATER = 25.0  # Cel
FILM = 1000.0  # W/(m2 K) in film boiling; 800 … 1,200 (domain: 3d)
VIOLENT, SPAN = 2.0, 100.0  # it grows to three times (2 … 4) over so many K below the Leidenfrost temperature
LEIDENFROST, PATCHY, PATCH_M = 500.0, 12.0, 25.0  # Cel, K and m: it varies with scale and roughness; judgement
EMISSIVITY, BOLTZMANN = 0.8, 5.67e-8
DENSITY, HEAT = 7800.0, 650.0  # kg/m3, J/(kg K)
AUSTENITE, FERRITE = 720.0, 620.0  # Cel between which the steel transforms and gives its heat
DT = 0.1  # s
APART_M = 3.0  # m; parcels that are farther apart are of two coils

EDGES = BANK_M * np.arange(BANKS + 1)


def boiling(temperature: np.ndarray, leidenfrost: np.ndarray | float) -> np.ndarray:
    """How many times the water takes of what it takes in film boiling."""
    below = np.clip((leidenfrost - temperature) / SPAN, 0.0, 1.0)
    return 1.0 + VIOLENT * below * below * (3.0 - 2.0 * below)


def transformed(temperature: np.ndarray) -> np.ndarray:
    """Share of the austenite that is gone when the steel has come down to a temperature."""
    share = np.clip((AUSTENITE - temperature) / (AUSTENITE - FERRITE), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def cooled(
    temperature: np.ndarray, metres: np.ndarray | float, wet: np.ndarray, leidenfrost: np.ndarray | float, flux: float
) -> np.ndarray:
    """Temperatures after `metres` of table of which `wet` metres lie under open banks.

    `flux` is the strip's heat capacity flow over its width, J/(s K m): density, heat, thickness and speed multiplied.
    """
    taken = 2.0 * FILM * boiling(temperature, leidenfrost) * wet / flux
    after = WATER + (temperature - WATER) * np.exp(-taken)
    radiated = 2.0 * EMISSIVITY * BOLTZMANN * ((after + 273.15) ** 4 - 298.15**4)
    return after - radiated * np.maximum(metres - wet, 0.0) / flux


class Table:
    """The strip between the last stand and the coiler, a parcel each 0.1 s, newest first."""

    def __init__(self, seed: int, heat: float) -> None:
        self.heat = heat  # K that transformation gives back
        self.flow = np.zeros(BANKS)  # share of each bank's water that really flows
        self.x = np.empty(0)
        self.temperature = np.empty(0)
        self.share = np.empty(0)  # transformed
        self.leidenfrost = np.empty(0)
        self._patch = 0.0
        self._noise = Noise(seed, ["runout/leidenfrost"])
        self.middle: float | None = None  # Cel of what passes the pyrometers; None without strip
        self.end: float | None = None

    def step(self, speed: float, thickness: float, entry: float | None) -> None:
        """DT at `speed` m/s; `entry` is the temperature of what comes (mm thick), None where nothing does."""
        metres = speed * DT
        self._patch += (np.exp(-metres / PATCH_M) - 1.0) * self._patch + np.sqrt(
            1.0 - np.exp(-2.0 * metres / PATCH_M)
        ) * float(self._noise.take(1)[0, 0])
        if entry is not None:
            new = np.array([0.0]), np.array([entry]), np.zeros(1), np.array([LEIDENFROST + PATCHY * self._patch])
            self.x, self.temperature, self.share, self.leidenfrost = (
                np.concatenate(pair)
                for pair in zip(new, (self.x, self.temperature, self.share, self.leidenfrost), strict=True)
            )
        if not len(self.x):
            self.middle = self.end = None
            return
        before, after = self.x, self.x + metres
        water = np.concatenate([[0.0], np.cumsum(self.flow)]) * BANK_M
        wet = np.interp(after, EDGES, water) - np.interp(before, EDGES, water)
        flux = DENSITY * HEAT * thickness * 1e-3 * max(speed, 0.1)
        cold = cooled(self.temperature, metres, wet, self.leidenfrost, flux)
        share = np.maximum(self.share, transformed(cold))
        self.temperature, self.share, self.x = cold + self.heat * (share - self.share), share, after
        self.middle, self.end = self._passing(MIDDLE_M), self._passing(END_M)
        kept = self.x < END_M + APART_M
        if not kept.all():
            self.x, self.temperature = self.x[kept], self.temperature[kept]
            self.share, self.leidenfrost = self.share[kept], self.leidenfrost[kept]

    def _passing(self, place: float) -> float | None:
        """Temperature of the strip under a pyrometer; None where there is none."""
        i = int(np.searchsorted(self.x, place))
        if not 0 < i < len(self.x) or self.x[i] - self.x[i - 1] > APART_M:
            return None
        return float(np.interp(place, self.x[i - 1 : i + 1], self.temperature[i - 1 : i + 1]))

    def copy(self) -> Table:
        twin = copy.copy(self)  # arrays are replaced and never written to
        twin._noise, twin.flow = self._noise.copy(), self.flow.copy()
        return twin
