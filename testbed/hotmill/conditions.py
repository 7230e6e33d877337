"""What is not as it was built: parameters, inputs and readings that faults and look-alikes change, for one block."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from testbed.hotmill.control import Tuning
from testbed.hotmill.schedule import STANDS
from testbed.hotmill.system import GAPS, VALVE_S
from testbed.hotmill.train import BLOCK


def _none() -> np.ndarray:
    return np.zeros((BLOCK, STANDS))


@dataclass(slots=True)
class Conditions:
    """One block of 100 ms, one row a millisecond; as all is sound.

    Attributes:
        time: s since the start, of each sample, (100,).
        backup, work: rad, angles of backup and work rolls, (100, 7).
        closes: mm that rolls take from the gap. drive_side, work_side: MN, error of each load cell. push: MN beside
            what the bar brings. Each (100, 7).
        gauge, mass: mm, error of the X-ray gauge and of the mass-flow thickness, (100,).
        valves: s, lag of each valve, (7,). null: mm/s, and stick: mm/s that a valve does not answer to,
            leak: mm/s that it lets through in spite of that, (7,).
        pressure: share of the system's pressure. tuning: of the height loops.
        drives: share of speed that each drive runs beside what it is told, (7,).
        tilt: mm that drive side and work side of a gap differ by, (7,). pulled: mm that strip is pulled aside, (7,).
        tension: MPa beside what is asked for, (6,). jitter: rad, a looper's pick-up, (100, 6).
    """

    time: np.ndarray
    backup: np.ndarray
    work: np.ndarray
    closes: np.ndarray = field(default_factory=_none)
    drive_side: np.ndarray = field(default_factory=_none)
    work_side: np.ndarray = field(default_factory=_none)
    push: np.ndarray = field(default_factory=_none)
    gauge: np.ndarray = field(default_factory=lambda: np.zeros(BLOCK))
    mass: np.ndarray = field(default_factory=lambda: np.zeros(BLOCK))
    valves: list[float] = field(default_factory=lambda: [VALVE_S] * STANDS)
    null: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    stick: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    leak: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    pressure: float = 1.0
    tuning: Tuning = field(default_factory=Tuning.usual)
    drives: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    tilt: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    pulled: np.ndarray = field(default_factory=lambda: np.zeros(STANDS))
    tension: np.ndarray = field(default_factory=lambda: np.zeros(GAPS))
