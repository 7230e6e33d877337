"""The machines that are watched, and the state each is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from testbed.rotating.bearing import Bearing

SPALLS = ("outer_race", "inner_race", "rolling_element")
NOTHING = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine is. Numbers without a source are judgement for a machine of its kind.

    Attributes:
        code, title: short name and name. power: kW. rpm: turns a minute at full speed.
        swing: share by which the speed moves with the load. ends: its bearings, each with an accelerometer.
        bearing: the same at every end. resonance: Hz, of the housing, which every impact rings.
        velocity: mm/s RMS of a sound machine. tones: share of it by order of the shaft.
        teeth: of the pinion, 0 without gears. vanes: of the wheel, 0 without. pole_pairs: of the motor.
        support: see `severity`.
    """

    code: str
    title: str
    power: float
    rpm: float
    swing: float
    ends: tuple[str, ...]
    bearing: Bearing
    resonance: float
    velocity: float
    teeth: int = 0
    vanes: int = 0
    pole_pairs: int = 2
    support: str = "rigid"


# Bearing of the fan and of the coiler's motor: domain 3h. 6205: Case Western Reserve University bearing data.
MACHINES = (
    Machine(code="IDF", title="induced-draught fan", power=1800.0, rpm=1480.0, swing=0.03, ends=("DE", "NDE"),
            bearing=Bearing(n=15, d=31.0, pitch=157.5, angle=12.0), resonance=3200.0, velocity=2.6, vanes=12),
    Machine(code="DSP", title="descaling pump", power=2500.0, rpm=2960.0, swing=0.002, ends=("DE", "NDE"),
            bearing=Bearing(n=13, d=25.4, pitch=140.0, angle=25.0), resonance=3900.0, velocity=2.0, vanes=7,
            pole_pairs=1),
    Machine(code="PIN", title="pinion stand of the mill", power=9000.0, rpm=400.0, swing=0.05, ends=("DE",),
            bearing=Bearing(n=21, d=58.0, pitch=560.0, angle=10.0), resonance=2700.0, velocity=1.8, teeth=29,
            pole_pairs=6),
    Machine(code="ROT", title="motor of the run-out table", power=15.0, rpm=900.0, swing=0.06, ends=("DE",),
            bearing=Bearing(n=9, d=7.94, pitch=39.04), resonance=4200.0, velocity=1.1, pole_pairs=3),
    Machine(code="CLR", title="gearbox of the coiler", power=800.0, rpm=990.0, swing=0.05, ends=("DE",),
            bearing=Bearing(n=8, d=41.3, pitch=190.0), resonance=3000.0, velocity=1.9, teeth=23, pole_pairs=3),
)  # fmt: skip
CODES = tuple(machine.code for machine in MACHINES)
POINTS = tuple((machine.code, end) for machine in MACHINES for end in machine.ends)  # where something is measured


def with_rpm(given: Sequence[tuple[str, float]]) -> tuple[Machine, ...]:
    """The machines, some at another full speed."""
    rpm = dict(given)
    return tuple(replace(m, rpm=rpm[m.code], swing=0.0) if m.code in rpm else m for m in MACHINES)


@dataclass(slots=True)
class State:
    """How a machine is, beside what it is.

    Attributes:
        speed, load: share of full speed and load.
        film: 1 for a well greased bearing, more for a dry one.
        unbalance, misalignment, looseness: lift 1×; 2×; ½×, 1×, 2×, … of the shaft, as multiples of a sound machine's.
        cavitation: 0 … 1, of a pump.
        spalls: (end, kind) to the spall's area, a share of that at which the bearing fails.
        mounts: end to how loose its accelerometer sits, 0 … 1.
        knock: m/s2, one blow from outside in this snapshot.
        beats: m/s2 and a second, what a machine beside it hands over through the floor.
        is_stopped: it stands, since a bearing failed.
    """

    speed: float = 1.0
    load: float = 0.8
    film: float = 1.0
    unbalance: float = 1.0
    misalignment: float = 1.0
    looseness: float = 1.0
    cavitation: float = NOTHING
    spalls: dict[tuple[str, str], float] = field(default_factory=dict)
    mounts: dict[str, float] = field(default_factory=dict)
    knock: float = NOTHING
    beats: tuple[float, float] = (NOTHING, NOTHING)
    is_stopped: bool = False

    def copy(self) -> State:
        return replace(self, spalls=dict(self.spalls), mounts=dict(self.mounts))
