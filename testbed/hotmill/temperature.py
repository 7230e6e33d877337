"""Heat of the strip on its way through the mill: radiation, the rolls' bite, work of deformation, interstand spray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DENSITY, HEAT_CAPACITY = 7800.0, 650.0  # kg/m3, J/(kg K): steel at 900 Cel
EMISSIVITY, BOLTZMANN, AROUND = 0.8, 5.67e-8, 300.0  # 1, W/(m2 K4), K
BITE = 30e3  # W/(m2 K) from strip to roll; 20 … 40 kW/m2K (domain: 3c)
ROLL_HEAT = 80.0  # Cel, a work roll's skin
INTO_HEAT = 0.9  # share of the work of deformation (domain: 3c)
PITCH_M = 5.5
CONTACT_M = (0.075, 0.058, 0.045, 0.035, 0.026, 0.021, 0.018)  # m, arc of contact, about


@dataclass(frozen=True, slots=True, eq=False)
class Cooling:
    """How departures of heat and speed show at each stand, float64 (7,).

    Attributes:
        keep: K at the stand for each K before the first. by_speed: K for the mill running faster by its own speed.
        spray: K that the water between the stands takes, (6,): what is left once the rest is reckoned.
    """

    keep: np.ndarray
    by_speed: np.ndarray
    spray: np.ndarray

    @classmethod
    def of(cls, heights: np.ndarray, speed: np.ndarray, heat: np.ndarray, force: np.ndarray) -> Cooling:
        """Of a schedule: `heights` (8,) mm, `speed` (7,) m/s, `heat` (7,) Cel, `force` (7,) MN/mm of width."""
        keep, by_speed, spray = [1.0], [0.0], []
        for i in range(len(heat) - 1):
            metres, kelvin = 1e-3 * heights[i + 1], heat[i] + 273.15
            store = DENSITY * HEAT_CAPACITY * metres  # J/(m2 K)
            travel = PITCH_M / speed[i]
            radiated = 2.0 * EMISSIVITY * BOLTZMANN * (kelvin**4 - AROUND**4) / store * travel
            bitten = 2.0 * BITE * (heat[i] - ROLL_HEAT) * CONTACT_M[i] / speed[i] / store
            stress = 1e6 * force[i] / CONTACT_M[i] * 1e-3  # MPa, mean pressure in the bite
            worked = INTO_HEAT * 1e6 * stress * np.log(heights[i] / heights[i + 1]) / (DENSITY * HEAT_CAPACITY)
            spray.append(heat[i] - heat[i + 1] - radiated - bitten + worked)
            lost = 4.0 * radiated / kelvin + (bitten + max(spray[-1], 0.0)) / (heat[i] - ROLL_HEAT)
            keep.append(keep[-1] * (1.0 - lost))
            by_speed.append(by_speed[-1] * (1.0 - lost) + radiated + bitten + spray[-1])
        return cls(np.array(keep), np.array(by_speed), np.array(spray))
