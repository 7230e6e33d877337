"""What a coil is rolled to: thickness, speed, temperature and force of each of seven stands, and how they answer.

Lengths in mm, forces in MN, stresses in MPa, temperatures in Cel, speeds in m/s unless said otherwise; an array
holds one value a stand, float64 (7,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testbed.hotmill import looper
from testbed.hotmill.temperature import Cooling
from testbed.mill.rolling import Pass, SetUp

STANDS = 7
PITCH = 5.5  # m from stand to stand (domain: 3c)
RADII = (380.0, 380.0, 380.0, 370.0, 350.0, 345.0, 340.0)  # mm, work rolls (domain: 3c)
BACKUP_DIAMETER = 1.5  # m, backup rolls (domain: 3c)
TENSION = np.array([3.0, 3.5, 4.0, 5.0, 6.0, 7.0])  # MPa asked for between the stands; 2 … 10 (domain: 3c)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A published way of rolling a grade (domain: 3c, schedules 1 and 2).

    Attributes:
        grade: as on the coil's papers. carbon: %. width: mm.
        heights: of the bar and behind each stand, mm. speed: behind the last stand, m/s.
        heat: before the first and the last stand, Cel.
    """

    grade: str
    carbon: float
    width: float
    heights: tuple[float, ...]
    speed: float
    heat: tuple[float, float] = (1010.0, 880.0)


THIN = Schedule("SPHC", 0.05, 1250.0, (32.0, 19.2, 11.9, 7.7, 5.3, 3.85, 2.9, 2.3), 11.0)
THICK = Schedule("SS400", 0.16, 1500.0, (36.0, 22.7, 15.0, 10.5, 7.9, 6.1, 4.9, 4.0), 8.0)
SCHEDULES = {schedule.grade: schedule for schedule in (THIN, THICK)}


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The working point of all stands and the strip's answers around it, fixed while a coil is rolled.

    Attributes:
        schedule, width: what is rolled; mm.
        entry, exit, speed, heat, force: of each stand; speed is the strip's behind it.
        plastic: MN/mm. by_entry: MN/mm. by_heat: MN/K. by_tension: MN/MPa, of front and of back tension.
        torque: kNm of both rolls per MN. slip: of strip over roll. roll: m/s of the rolls' surface.
        cooling: how heat departures pass through the mill.
        way: mm·m of strip that lie between the first stand and each of the seven.
        lever: N m of each looper for each MPa of tension, float64 (6,).
    """

    schedule: Schedule
    width: float
    entry: np.ndarray
    exit: np.ndarray
    speed: np.ndarray
    heat: np.ndarray
    force: np.ndarray
    plastic: np.ndarray
    by_entry: np.ndarray
    by_heat: np.ndarray
    by_tension: np.ndarray
    torque: np.ndarray
    slip: np.ndarray
    roll: np.ndarray
    cooling: Cooling
    way: np.ndarray
    lever: np.ndarray

    @classmethod
    def of(cls, schedule: Schedule, width: float) -> Lines:
        """Each stand by Sims' force in closed form, the roll flattened by Hitchcock, flow stress after Misaka."""
        heights = np.array(schedule.heights)
        speed = schedule.speed * heights[-1] / heights[1:]
        heat = np.linspace(*schedule.heat, STANDS)
        stands = [
            SetUp.wide(Pass(heights[i], heights[i + 1], heat[i], RADII[i], speed[i], schedule.carbon), width)
            for i in range(STANDS)
        ]
        each = {
            name: np.array([getattr(s, name) for s in stands])
            for name in ("force", "plastic", "by_entry", "by_tension", "torque", "slip")
        }
        return cls(
            schedule, width, heights[:-1], heights[1:], speed, heat, **each,
            by_heat=np.array([s.by_temperature for s in stands]), roll=speed / (1.0 + each["slip"]),
            cooling=Cooling.of(heights, speed, heat, each["force"] / width),
            way=np.concatenate([[0.0], np.cumsum(PITCH * heights[1:-1])]), lever=looper.lever(width, heights[1:-1]),
        )  # fmt: skip

    @property
    def flow(self) -> float:
        """mm·m/s of strip, the same at every stand."""
        return float(self.exit[-1] * self.speed[-1])
