"""The strand on its way from meniscus to straightener: slices that move with it, cooled by mould and sprays.

One-dimensional conduction through half the thickness, in two lanes: the usual one, and one below a blocked nozzle.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from itertools import pairwise

import numpy as np

from testbed.caster.heat import EXIT_M, flux, shell
from testbed.caster.level import THICKNESS, WIDTH
from testbed.caster.spray import EDGES

STEP_S = 2.0
SLICE_M = 0.5
END_M = 15.0
NODES = 14  # from surface to middle
UNBENDING_M, STRAIGHTENER_M = 8.0, 12.6  # m below the meniscus, where the pyrometers look; judgement
CONDUCTIVITY, DENSITY = 30.0, 7200.0  # W/(m K), kg/m3
HEAT, LATENT = 680.0, 270e3  # J/(kg K), J/kg
SOLIDUS, LIQUIDUS, POURED = 1465.0, 1520.0, 1540.0  # Cel
SPRAY_CEL = 30.0  # Cel, spray water
DX = THICKNESS / 2 / (NODES - 1)
KCAL = 1.163  # W/m2K in kcal/m2h°C
EMISSIVITY, STEFAN = 0.8, 5.67e-8  # of scaled steel; W/(m2 K4)
ROLLS = 40.0  # W/m2K, support rolls in contact; judgement
LANE = 0.9  # of a nozzle's water that its neighbours do not make up for below it; judgement
_AREAS = np.array([2.0 * WIDTH * (b - a) * 1e4 for a, b in pairwise(EDGES)])  # cm2
_EDGES = np.array(EDGES)


def spray_transfer(water: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """Heat transfer of sprays, W/m2K, for `water` in L/cm2min and a surface in Cel (700 … 1200).

    2.83e7 W^0.75 Ts^-1.2 + 100 kcal/m2h°C (Tetsu-to-Hagane 65 (1979) 90), valid for 0.01 … 0.25 and used below.
    """
    return KCAL * (2.83e7 * water**0.75 * np.maximum(surface, 300.0) ** -1.2 + 100.0)


class Strand:
    """Slices of the strand: their places z in m below the meniscus, ages in s, temperatures (2, slices, NODES)."""

    def __init__(self, speed: float, flows: list[float]) -> None:
        z, age, temperature = _steady(round(speed, 5), tuple(flows))
        self.z, self.age, self.temperature = z.copy(), age.copy(), temperature.copy()

    def step(self, speed: float, scale: float, flows: list[float], starved: list[float]) -> None:
        """STEP_S at `speed` m/s, with the mould's flux scaled and each zone's water in L/min.

        `starved` is the share of its water that the second lane misses in each zone.
        """
        self.z = self.z + speed * STEP_S
        self.age = self.age + STEP_S
        self._cool(max(speed, 1e-3), scale, flows, starved)
        if self.z[0] >= SLICE_M:
            self._renew(max(speed, 1e-3))

    def _renew(self, speed: float) -> None:
        """A new slice below the meniscus, and one less behind the straightener."""
        z = self.z[0] - SLICE_M
        keep = len(self.z) - int(self.z[-1] > END_M)
        self.z = np.concatenate([[z], self.z[:keep]])
        self.age = np.concatenate([[z / speed], self.age[:keep]])
        new = np.full((2, 1, NODES), POURED)
        self.temperature = np.concatenate([new, self.temperature[:, :keep]], axis=1)

    def _cool(self, speed: float, scale: float, flows: list[float], starved: list[float]) -> None:
        t = self.temperature
        in_mould = int(np.searchsorted(self.z, EXIT_M, side="right"))
        zone = np.minimum(np.searchsorted(_EDGES, self.z[in_mould:], side="right") - 1, len(flows) - 1)
        water = (np.array(flows) / _AREAS)[zone]
        lanes = np.stack([water, water * (1.0 - np.array(starved)[zone])])
        surface = t[:, :, 0]
        out = np.empty(surface.shape)
        out[:, :in_mould] = flux(self.z[:in_mould], speed) * scale
        below = surface[:, in_mould:]
        hot = (below + 273.0) ** 2
        out[:, in_mould:] = (spray_transfer(lanes, below) + ROLLS) * (below - SPRAY_CEL) + EMISSIVITY * STEFAN * hot**2
        flow = (t[:, :, 1:] - t[:, :, :-1]) * (CONDUCTIVITY / DX)  # W/m2 towards the surface
        gain = np.empty_like(t)
        gain[:, :, 1:-1] = flow[:, :, 1:] - flow[:, :, :-1]
        gain[:, :, 0] = 2.0 * (flow[:, :, 0] - out)
        gain[:, :, -1] = -2.0 * flow[:, :, -1]
        heat = np.where((t > SOLIDUS) & (t < LIQUIDUS), HEAT + LATENT / (LIQUIDUS - SOLIDUS), HEAT)
        self.temperature = t + gain / heat * (STEP_S / (DENSITY * DX))

    def surface(self, place: float) -> tuple[float, float]:
        """Cel at the surface, in the usual lane and in the second one, `place` m below the meniscus."""
        a, b = (float(np.interp(place, self.z, lane)) for lane in self.temperature[:, :, 0])
        return a, b

    def shell_at_exit(self) -> float:
        """Shell thickness at the mould exit, mm, from the time the strand took to get there."""
        return shell(float(np.interp(EXIT_M, self.z, self.age)))

    def copy(self) -> Strand:
        return copy.copy(self)  # arrays are replaced, never written to


@lru_cache(maxsize=64)
def _steady(speed: float, flows: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A strand that has been cast at one speed for long: one slice is followed on its way down."""
    pilot = Strand.__new__(Strand)
    pilot.z, pilot.age = np.array([0.01]), np.array([0.01 / speed])
    pilot.temperature = np.full((2, 1, NODES), POURED)
    places, states = [pilot.z[0]], [pilot.temperature[:, 0]]
    while pilot.z[0] < END_M + SLICE_M:
        pilot.z = pilot.z + speed * STEP_S
        pilot._cool(speed, 1.0, list(flows), [0.0] * len(flows))
        places.append(pilot.z[0])
        states.append(pilot.temperature[:, 0])
    z = np.arange(0.01, END_M + SLICE_M, SLICE_M)
    nearest = np.searchsorted(np.array(places), z)
    return z, z / speed, np.stack([states[i] for i in nearest], axis=1)
