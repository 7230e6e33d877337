"""What is sampled once a second: mould water, tundish, argon, sprays, strand. Noted first, computed together."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from testbed.caster import tags
from testbed.caster.copper import COOLANT
from testbed.caster.level import THICKNESS, WIDTH
from testbed.sensors import Sensors

MOULD_M = 0.8  # m of each face that the steel touches
AREAS = np.array([WIDTH * MOULD_M, WIDTH * MOULD_M, THICKNESS * MOULD_M, THICKNESS * MOULD_M])  # m2 of each face
FLOWS = (4000.0, 4000.0, 500.0, 500.0)  # L/min of each face; broad 3,500 … 4,500 (domain: 3a), narrow judgement
WATER = 4186.0 / 60.0  # W s/(K L) per L/min: heat taken up by cooling water
Q_QUANTUM = 1e-3  # MW/m2
_COMPUTED = ("Q_FACE_BF", "Q_FACE_FF", "Q_FACE_NL", "Q_FACE_NR")  # their noise comes with flow and temperatures


@dataclass(frozen=True, slots=True)
class Second:
    """The true values of one second. Lists of four are by face: both broad ones, left and right narrow one.

    Attributes:
        flux: W/m2, of the mould on average.
        faces: share of it that each face gets, 1 is usual.
        flows, meters: L/min that run, and what each meter says over it.
        rest: weight (t), steel (Cel), argon (L/min), back pressure (bar), then sprays and strand as their tables.
    """

    flux: float
    faces: tuple[float, ...]
    flows: tuple[float, ...]
    meters: tuple[float, ...]
    rest: list[float]


class Station:
    """The sensors of tags.STATION, in one."""

    def __init__(self, seed: int) -> None:
        listed = [(tag, sensor) for group in tags.STATION
                  for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)]  # fmt: skip
        names = [tag.name for tag, _ in listed]
        lag, noise, quantum = (np.array([getattr(s, what) for _, s in listed]) for what in ("lag", "noise", "quantum"))
        noise = np.where([tag.short in _COMPUTED for tag, _ in listed], 0.0, noise)
        self._sensors = Sensors(seed, names, 1.0, lag, noise, quantum)

    def read(self, seconds: list[Second], slows: np.ndarray) -> list[np.ndarray]:
        """Readings of each group of tags.STATION, (n, tags); `slows` (n, 4) is what the film does to each face."""
        flows = np.array([s.flows for s in seconds])
        heat = np.array([s.flux for s in seconds])[:, None] * (1.0 + slows) * AREAS  # W a face
        heat *= np.array([s.faces for s in seconds])
        out = COOLANT + heat / (WATER * np.maximum(flows, 1.0))
        shown = flows * np.array([s.meters for s in seconds])
        rest = np.array([s.rest for s in seconds])
        none = np.zeros((len(seconds), 2))
        inlet = np.full((len(seconds), 1), COOLANT)
        true = [inlet, shown[:, :2], out[:, :2], none, rest[:, :4], shown[:, 2:], out[:, 2:], none, rest[:, 4:]]
        reading = self._sensors.measure_rows(np.concatenate(true, axis=1))
        ends = np.cumsum([len(group.tags) for group in tags.STATION])[:-1]
        water, narrow, spray, strand = (part.copy() for part in np.split(reading, ends, axis=1))
        water[:, 5:7] = _heat_flux(water[:, 1:3], water[:, 3:5] - water[:, :1], AREAS[:2])
        narrow[:, 4:6] = _heat_flux(narrow[:, :2], narrow[:, 2:4] - water[:, :1], AREAS[2:])
        return [water, narrow, spray, strand]

    def copy(self) -> Station:
        twin = copy.copy(self)
        twin._sensors = self._sensors.copy()
        return twin


def _heat_flux(flow: np.ndarray, rise: np.ndarray, area: np.ndarray) -> np.ndarray:
    """MW/m2 as the control computes it from what it measures."""
    return np.rint(WATER * flow * rise / area * 1e-6 / Q_QUANTUM) * Q_QUANTUM
