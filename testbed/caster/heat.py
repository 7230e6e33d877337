"""Heat through the mould: flux over depth, thermocouple temperature, shell. Arrays in, arrays out.

Depths z are metres below the meniscus, speeds v metres per second, fluxes watts per square metre.
"""

from __future__ import annotations

import numpy as np

EXIT_M = 0.8  # mould exit below the meniscus: mould of 900 mm, meniscus 100 mm below its top
COPPER = 350.0  # W/(m K), conductivity of the mould plate
WALL = 27_500.0  # W/(m2 K), copper to water; 25 … 30 kW/(m2 K) in practice
STEEPEST = 0.85  # share of the flux at the meniscus that is gone at the mould exit, at most
SHELL_K = 22.0  # mm/min^0.5, solidification constant; 20 … 25 in practice
SAFE_SHELL = 10.0  # mm, a shell this thick holds; below 8 … 10 mm at a tear the strand breaks out


def mean_flux(v: float) -> float:
    """Average flux of the mould, W/m2: 7.3 t^-0.5 MW/m2 with t the dwell time in s (Wolf's correlation)."""
    return 7.3e6 * (EXIT_M / v) ** -0.5


def flux(z: np.ndarray, v: float) -> np.ndarray:
    """Local flux, W/m2: a - b sqrt(z/v) after Savage and Pritchard (b/a = 0.335/2.68), scaled to Wolf's average.

    The correlation ends at a dwell of about 45 s; slower strands keep the shape it has there.
    """
    slope = min(0.335 / 2.68 * (EXIT_M / v) ** 0.5, STEEPEST)
    return mean_flux(v) / (1.0 - slope * 2.0 / 3.0) * (1.0 - slope * np.sqrt(np.clip(z, 0.0, EXIT_M) / EXIT_M))


def resistance(depth: np.ndarray) -> np.ndarray:
    """K m2/W between a thermocouple `depth` m from the water channel and the water: d/k + 1/h."""
    return depth / COPPER + 1.0 / WALL


def shell(t: float) -> float:
    """Shell thickness in mm after `t` s in the mould: K sqrt(t).

    >>> round(shell(EXIT_M / (1.4 / 60)), 1)
    16.6
    """
    return SHELL_K * (max(t, 0.0) / 60.0) ** 0.5
