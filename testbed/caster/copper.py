"""The mould's copper: thermocouples in its broad and narrow faces, from flux, film, water and what goes wrong.

Samples are noted as the strand moves and computed together: nothing of them comes back into the strand.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from testbed.caster import tags
from testbed.caster.heat import COPPER, EXIT_M, STEEPEST, WALL, mean_flux
from testbed.caster.strand import Film, FilmRows
from testbed.caster.tear import FLUX_DEPTH
from testbed.noise import stream
from testbed.sensors import Sensors

PERIOD_S = 0.5
COOLANT = 35.0  # Cel, mould water at the inlet
PITCH_M = 0.125  # m between thermocouple columns of a broad face
NARROW_PITCH_M = 0.10  # m between the two columns of a narrow face
ROW_DEPTHS = (0.11, 0.26, 0.41)  # m below the meniscus
WATER_EXPONENT = 0.8  # of the flow, in the heat transfer from copper to water (Dittus and Boelter)
AFTER_BREAKOUT = 0.3  # of the heat, in an empty mould


@dataclass(frozen=True, slots=True)
class Moment:
    """What the copper must know of one moment.

    Attributes:
        cast: m since the moment before.
        roughness: of the slag film, 1 is usual.
        level: m above the usual meniscus.
        speed: m/s, the speed the copper has settled to.
        scale: of the flux.
        tilt: of the flux, from the middle to the right edge of a broad face.
        extra: K at FLUX_DEPTH of each place, (k,), from tears and cracks; None where there is none.
        water: flow of each face over its usual one; None where all are usual.
        is_lost: the strand has broken out.
    """

    cast: float
    roughness: float
    level: float
    speed: float
    scale: float
    tilt: float = 0.0
    extra: np.ndarray | None = None
    water: tuple[float, ...] | None = None
    is_lost: bool = False


class Copper:
    """Places, film and sensors of all thermocouples, broad faces first."""

    def __init__(self, seed: int, rng: np.random.Generator, lag: float, noise: float, pitch: float) -> None:
        broad = len(tags.TC.tags)
        self.film = _film(seed)
        places = (*tags.THERMOCOUPLES, *tags.NARROW_THERMOCOUPLES)
        face, row, column = (np.array(axis) for axis in zip(*places, strict=True))
        is_broad = face < len(tags.FACES)
        self.face = face
        narrow_column = len(tags.FACES) * (tags.COLUMNS - tags.NARROW_COLUMNS)
        self._column = np.where(is_broad, face * tags.COLUMNS, face * tags.NARROW_COLUMNS + narrow_column) + column - 1
        x = (column - (tags.COLUMNS + 1) / 2) * PITCH_M
        self.x = np.where(is_broad, x, (column - (tags.NARROW_COLUMNS + 1) / 2) * NARROW_PITCH_M)
        self.z = np.array(ROW_DEPTHS)[row - 1] * pitch
        self._sideways = np.where(is_broad, x / (tags.COLUMNS * PITCH_M / 2), np.where(face == 2, -1.0, 1.0))
        narrow = stream(seed, "caster/narrow")
        n = len(places) - broad
        self._depth = np.concatenate([rng.uniform(0.015, 0.020, broad), narrow.uniform(0.015, 0.020, n)])
        self._usual = self._depth / COPPER + 1.0 / WALL  # K m2/W with all the water
        lags = np.concatenate([rng.uniform(1.0, 3.0, broad) * lag, narrow.uniform(1.0, 3.0, n) * lag])
        self.offset = np.concatenate([rng.normal(0.0, 3.0, broad), narrow.normal(0.0, 3.0, n)])  # K, calibration
        noises = np.full(len(places), tags.THERMOCOUPLE.noise * noise)
        names = [tag.name for tag in (*tags.TC.tags, *tags.NARROW_TC.tags)]
        self.sensors = Sensors(seed, names, PERIOD_S, lags, noises, np.full(len(places), tags.THERMOCOUPLE.quantum))

    def read(self, moments: list[Moment]) -> tuple[np.ndarray, np.ndarray]:
        """Readings in Cel (n, thermocouples), and how far the film shifts the flux of each face, (n, faces)."""
        film = self.film.run([m.cast for m in moments], [m.roughness for m in moments], PERIOD_S)
        heating = self._heating(moments, film)
        for row, moment in zip(heating, moments, strict=True):
            if moment.extra is not None and not moment.is_lost:
                row += row / (_at_depth(moment.speed) * self._resistance(moment)) * moment.extra
            if moment.is_lost:
                row *= AFTER_BREAKOUT
        return self.sensors.measure_rows(COOLANT + heating + self.offset), film.slows

    def _heating(self, moments: list[Moment], film: FilmRows) -> np.ndarray:
        """K above the water of each place, (n, k)."""
        z = np.maximum(self.z + _column([m.level for m in moments]), 0.005)
        slope = _column([_slope(m.speed) for m in moments])
        top = _column([mean_flux(m.speed) for m in moments]) / (1.0 - slope * 2.0 / 3.0)
        flux = top * (1.0 - slope * np.sqrt(np.minimum(z, EXIT_M) / EXIT_M))
        local = flux * film.factor(z, self._column, self.face) * _column([m.scale for m in moments])
        if any(m.tilt for m in moments):
            local *= 1.0 + _column([m.tilt for m in moments]) * self._sideways
        if all(m.water is None for m in moments):
            return local * self._usual
        return local * np.array([self._resistance(m) for m in moments])

    def _resistance(self, moment: Moment) -> np.ndarray:
        """K m2/W between each thermocouple and the water: d/k + 1/h."""
        if moment.water is None:
            return self._usual
        wall = np.array([WALL * max(share, 0.05) ** WATER_EXPONENT for share in moment.water])
        return self._depth / COPPER + 1.0 / wall[self.face]

    def copy(self) -> Copper:
        twin = copy.copy(self)
        twin.film, twin.sensors = self.film.copy(), self.sensors.copy()
        return twin


def _film(seed: int) -> Film:
    places = [tag.name for tag in (*tags.TC.tags, *tags.NARROW_TC.tags)]
    columns = [f"{face}/{c}" for face in tags.FACES for c in range(tags.COLUMNS)]
    columns += [f"{face}/{c}" for face in tags.NARROW_FACES for c in range(tags.NARROW_COLUMNS)]
    return Film(seed, places, columns, (*tags.FACES, *tags.NARROW_FACES))


def _slope(v: float) -> float:
    return min(0.335 / 2.68 * (EXIT_M / v) ** 0.5, STEEPEST)


def _at_depth(v: float) -> float:
    """Flux at the depth where amplitudes are given, W/m2."""
    slope = _slope(v)
    return mean_flux(v) / (1.0 - slope * 2.0 / 3.0) * (1.0 - slope * (FLUX_DEPTH / EXIT_M) ** 0.5)


def _column(values: list[float]) -> np.ndarray:
    return np.array(values)[:, None]
