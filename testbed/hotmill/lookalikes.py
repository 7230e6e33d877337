"""What resembles a fault of the hot mill and is none: what a bar brings along, and the doings of a normal day.

Magnitudes are judgement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.hotmill.conditions import Conditions
from testbed.hotmill.schedule import STANDS
from testbed.hotmill.trouble import Trouble

if TYPE_CHECKING:
    from testbed.hotmill.unit import HotMillPlant


NULL_SHIFT = 1.6  # mm/s of a valve's null for the whole pressure


@dataclass(slots=True)
class Passing(Trouble):
    """Something that lasts `duration` s and passes, coming and going over `fade` s."""

    duration: float = 10.0
    fade: float = 1.0
    size: float = 0.0

    def affect(self, now: Conditions, plant: HotMillPlant) -> None:
        Trouble.affect(self, now, plant)
        self.is_over = self.age >= self.duration - 1e-9
        if self.is_over:
            self.end(plant)

    def share(self, age: np.ndarray) -> np.ndarray:
        """How much of it is there, 0 … 1."""
        return np.clip(np.minimum(age, self.duration - age) / self.fade, 0.0, 1.0)

    def end(self, plant: HotMillPlant) -> None: ...


@dataclass(slots=True)
class OnTheBar(Passing):
    """What has been laid on the bar at once and only has to pass."""


@dataclass(slots=True)
class SpindleWobble(Passing):
    """A chock that rocks once a turn of the backup roll: one side's load cell shows it, the strip does not feel it."""

    phase: float = 0.0

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        if plant.line.train.shape.holds(self.stand):
            ripple = self.size * self.share(age) * np.sin(now.backup[:, self.stand] + self.phase)
            now.drive_side[:, self.stand] += ripple


@dataclass(slots=True)
class PressureDip(Passing):
    """The hydraulic supply sags to a `size` share: every valve has to open wider for the same, and its null shifts."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.pressure = 1.0 - (1.0 - self.size) * float(self.share(age)[-1])
        now.null += NULL_SHIFT * (1.0 - now.pressure)


@dataclass(slots=True)
class ValveExchange(Passing):
    """A sound valve with another null: a constant current holds it at rest."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.null[self.stand] += self.size * float(self.share(age)[-1])


@dataclass(slots=True)
class SpeedChange(Passing):
    """The mill runs faster or slower for a while."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        plant.line.haste = self.size

    def end(self, plant: HotMillPlant) -> None:
        plant.line.haste = 1.0


@dataclass(slots=True)
class SpeedStep(Passing):
    """An operator trims a stand's speed; the height loop takes it up."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.drives[self.stand] += self.size * float(self.share(age)[-1])


@dataclass(slots=True)
class TensionTrim(Passing):
    """Tension is asked for otherwise."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.tension = now.tension + self.size * float(self.share(age)[-1])


@dataclass(slots=True)
class ColdEdge(Passing):
    """One edge is colder: more force on that side, where the strip runs straight."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        line = plant.line
        held = np.array([line.train.shape.holds(i) for i in range(STANDS)])
        more = 0.5 * self.size * self.share(age)[:, None] * line.bar.lines.force * held
        now.drive_side += more
        now.work_side -= more


@dataclass(slots=True)
class GaugeDust(Passing):
    """Water and steam in the X-ray's beam, a second at a time."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.gauge += self.size * (np.mod(age, 4.0) < 0.6)


@dataclass(slots=True)
class MassDrift(Passing):
    """The velocimeters' lenses get dirty: mass flow reads off by `size` mm after 30 s."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.mass += self.size * np.clip(age / 30.0, 0.0, 1.0) * self.share(age)


@dataclass(slots=True)
class WarmingRolls(Passing):
    """Fresh rolls warm up and close the last gap by `size` mm over 30 s; the monitor rightly takes it out."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        now.closes[:, -1] += self.size * np.clip(age / 30.0, 0.0, 1.0) * self.share(age)


@dataclass(slots=True)
class ScalePatch(Passing):
    """Scale is bitten in here and there: short knocks at one stand, at no fixed pitch."""

    knocks: tuple[float, ...] = ()

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        for knock in self.knocks:
            if age[0] - 0.05 < knock < age[-1] + 0.05:
                now.push[:, self.stand] += self.size * np.exp(-(((age - knock) / 0.003) ** 2))


@dataclass(slots=True)
class LooseContact(ScalePatch):
    """A plug of one load cell rattles: short spikes on one side, with no turn to them."""

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        for knock in self.knocks:
            if age[0] - 0.05 < knock < age[-1] + 0.05 and plant.line.train.shape.holds(self.stand):
                now.drive_side[:, self.stand] += self.size * np.exp(-(((age - knock) / 0.002) ** 2))


@dataclass(slots=True)
class CoilChange(Passing):
    """The coil is cut short: its tail leaves, the mill waits, the next head comes."""


def lay_wave(plant: HotMillPlant, name: str, size: float, hertz: float, phase: float, duration: float) -> None:
    """A rounded wave along the bar that has not come in yet, for `duration` s at run speed."""
    where, seconds = _ahead(plant)
    wave = np.cos(2.0 * math.pi * hertz * seconds + phase)
    wave += 0.25 * np.cos(2.0 * (2.0 * math.pi * hertz * seconds + phase))
    plant.line.bar.add(name, size * wave * _faded(seconds, duration, 3.0) * where)


def lay_drops(plant: HotMillPlant, size: float, seconds_at: tuple[float, ...]) -> None:
    """Cold spots of water, `size` K deep, at so many s of the bar that has not come in yet."""
    _, seconds = _ahead(plant)
    drops = np.zeros(len(seconds))
    for at in seconds_at:
        drops += np.exp(-(((seconds - at) / 0.012) ** 2))
    plant.line.bar.add("heat", -size * drops)


def lay_spot(plant: HotMillPlant, name: str, size: float, duration: float) -> None:
    """One rounded spot along the bar that has not come in yet."""
    where, seconds = _ahead(plant)
    x = np.clip(seconds / duration, 0.0, 1.0)
    plant.line.bar.add(name, size * np.sin(math.pi * x) ** 2 * where)


def _ahead(plant: HotMillPlant) -> tuple[np.ndarray, np.ndarray]:
    bar = plant.line.bar
    place = np.arange(len(bar.profiles["heat"])) * bar.grid
    seconds = (place - max(plant.line.passage.gone, 0.0)) / bar.lines.flow
    return seconds >= 0.0, seconds


def _faded(seconds: np.ndarray, duration: float, fade: float) -> np.ndarray:
    return np.clip(np.minimum(seconds, duration - seconds) / fade, 0.0, 1.0)
