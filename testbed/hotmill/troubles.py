"""Begins a fault or look-alike of the hot mill: its place, its parameters, and what the record says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.drawn import nothing_left, number
from testbed.hotmill import faults, lookalikes, tags
from testbed.hotmill.hunting import tuned
from testbed.hotmill.schedule import STANDS
from testbed.hotmill.system import GAPS
from testbed.hotmill.trouble import Trouble
from testbed.mill.eccentricity import RunOut
from testbed.noise import stream
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.hotmill.unit import HotMillPlant

Left = dict[str, float | str]
Begun = tuple[Trouble, dict[str, float | str]]
Begin = Callable[["HotMillPlant", int, Left, np.random.Generator], Begun]
AFTERMATH_S = 5.0  # s after a look-alike in which its own traces still show


# -- faults ------------------------------------------------------------------------------------------------


def _eccentricity(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`amplitude` 20 … 40 um from the middle once a turn, `harmonic` 0 … 0.2 of it twice a turn."""
    amplitude, harmonic = number(left, "amplitude", 20.0, 40.0, rng), number(left, "harmonic", 0.0, 0.2, rng)
    roll = RunOut(amplitude, harmonic, float(rng.uniform(0.0, 2.0 * math.pi)))
    return faults.Eccentricity(stand, roll=roll), {"amplitude_um": round(amplitude, 2), "harmonic": round(harmonic, 3)}


def _spalling(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`depth` 0.12 … 0.25 mm."""
    depth = number(left, "depth", 0.12, 0.25, rng)
    return faults.Spalling(stand, depth=depth, phase=float(rng.uniform(0.0, 2.0 * math.pi))), {
        "depth_mm": round(depth, 3)
    }


def _servo_valve(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`severity` 0.6 … 1 of a valve's life, which takes days: a snapshot of its last `left` 45 … 60 s."""
    severity = number(left, "severity", 0.6, 1.0, rng)
    left_s = number(left, "left", 45.0, 60.0, rng)
    return faults.ServoValve(stand, severity=severity, left=left_s), {
        "severity": round(severity, 3),
        "left_s": round(left_s, 1),
    }


def _looper_hunting(plant: HotMillPlant, gap: int, left: Left, rng: np.random.Generator) -> Begun:
    """`frequency` 0.6 … 1.1 Hz, `growth` 0.25 … 0.45 per s."""
    hertz, growth = number(left, "frequency", 0.6, 1.1, rng), number(left, "growth", 0.25, 0.45, rng)
    gain, reset = tuned(plant.line.bar.lines, gap, complex(growth, 2.0 * math.pi * hertz))
    return faults.LooperHunting(gap, gain=gain, reset=reset), {"frequency_hz": round(hertz, 3)}


def _cobble(plant: HotMillPlant, gap: int, left: Left, rng: np.random.Generator) -> Begun:
    """`creep` 0.5 … 0.9 % of the stand's speed a second."""
    creep = number(left, "creep", 0.5, 0.9, rng)
    return faults.Cobble(gap, creep=0.01 * creep), {"creep_percent": round(creep, 3)}


def _strip_walk(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`rate` 0.08 … 0.16 mm of tilt a second, to either side."""
    rate = number(left, "rate", 0.08, 0.16, rng)
    return faults.StripWalk(stand, rate=rate * _sign(rng)), {"rate": round(rate, 3)}


def _gauge_drift(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`rate` 1.5 … 3 um a second, to either side, up to 60 um."""
    rate = number(left, "rate", 1.5, 3.0, rng)
    return faults.GaugeDrift(stand, rate=1e-3 * rate * _sign(rng)), {"rate": round(rate, 3)}


def _load_cell(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`size` 0.5 … 1.2 MN to either side, reached over 0 … 5 s of `over`, on one side."""
    size, over = number(left, "size", 0.5, 1.2, rng), number(left, "over", 0.0, 5.0, rng)
    side = "DS" if rng.random() < 0.5 else "WS"
    return faults.LoadCell(stand, size=size * _sign(rng), over=over, side=side), {"size_MN": round(size, 3)}


# -- look-alikes -------------------------------------------------------------------------------------------


def _skid_marks(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """Cold marks of the furnace (F10): `heat` 8 … 15 K, `frequency` 0.1 … 0.2 Hz at run speed."""
    heat, hertz = number(left, "heat", 8.0, 15.0, rng), number(left, "frequency", 0.1, 0.2, rng)
    duration = number(left, "duration", 40.0, 70.0, rng)
    lookalikes.lay_wave(plant, "heat", heat, hertz, float(rng.uniform(0.0, 2.0 * math.pi)), duration)
    return lookalikes.OnTheBar(stand, duration=duration), {"heat_K": round(heat, 1), "frequency_hz": round(hertz, 3)}


def _rougher_wave(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """The bar waves in thickness: `size` 0.15 … 0.35 mm, as often as the first stand's backup rolls turn."""
    lines = plant.line.bar.lines
    turns = float(lines.roll[0]) / (math.pi * 1.5)
    size, hertz = number(left, "size", 0.15, 0.35, rng), number(left, "frequency", turns, turns, rng)
    duration = number(left, "duration", 25.0, 40.0, rng)
    lookalikes.lay_wave(plant, "thickness", size, hertz, float(rng.uniform(0.0, 2.0 * math.pi)), duration)
    return lookalikes.OnTheBar(stand, duration=duration), {"size_mm": round(size, 3), "frequency_hz": round(hertz, 3)}


def _hard_spot(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """A stretch of the bar, `duration` 6 … 12 s long, is harder by a `size` 0.04 … 0.08 share."""
    size, duration = number(left, "size", 0.04, 0.08, rng), number(left, "duration", 6.0, 12.0, rng)
    lookalikes.lay_spot(plant, "hardness", size, duration)
    return lookalikes.OnTheBar(stand, duration=duration + 12.0), {"size": round(size, 3)}


def _camber(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """A bar bent to one side: `size` 25 … 45 mm, for `duration` 6 … 10 s."""
    size, duration = number(left, "size", 25.0, 45.0, rng), number(left, "duration", 6.0, 10.0, rng)
    lookalikes.lay_spot(plant, "camber", 0.17 * size * _sign(rng), duration)
    return lookalikes.OnTheBar(stand, duration=duration + 12.0), {"size_mm": round(size, 1)}


def _coil_change(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    plant.line.cut()
    return lookalikes.CoilChange(stand, duration=number(left, "duration", 35.0, 40.0, rng)), {}


def _passing(kind: type, low: float, high: float, lasts: tuple[float, float], signed: bool = False) -> Begin:
    """A look-alike of one size, drawn between `low` and `high`, with its sign where it has one."""

    def begin(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
        size = number(left, "size", low, high, rng)
        duration = number(left, "duration", *lasts, rng)
        sign = _sign(rng) if signed else 1.0
        return kind(stand, duration=duration, size=size * sign), {"size": round(size, 4)}

    return begin


def _spindle_wobble(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`size` 0.08 … 0.16 MN."""
    thing, told = _passing(lookalikes.SpindleWobble, 0.08, 0.16, (25.0, 40.0))(plant, stand, left, rng)
    thing.phase = float(rng.uniform(0.0, 2.0 * math.pi))  # pyright: ignore[reportAttributeAccessIssue]
    return thing, told


def _knocking(kind: type, low: float, high: float) -> Begin:
    """Sixty knocks of one size, drawn between `low` and `high` MN, at random moments."""

    def begin(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
        thing, told = _passing(kind, low, high, (16.0, 25.0))(plant, stand, left, rng)
        thing.knocks = tuple(np.sort(rng.uniform(0.0, 15.0, 60)).tolist())  # pyright: ignore[reportAttributeAccessIssue]
        return thing, told

    return begin


def _water_spots(plant: HotMillPlant, stand: int, left: Left, rng: np.random.Generator) -> Begun:
    """`size` 15 … 30 K deep."""
    size, duration = number(left, "size", 15.0, 30.0, rng), number(left, "duration", 16.0, 25.0, rng)
    lookalikes.lay_drops(plant, size, tuple(np.sort(rng.uniform(0.0, duration, 60)).tolist()))
    return lookalikes.OnTheBar(stand, duration=duration + 12.0), {"size_K": round(size, 1)}


FAULTS: dict[str, tuple[Begin, str, tuple[str, ...], float]] = {  # begin, place, expects, reaction in s
    "eccentricity": (_eccentricity, "stand", ("machine",), 5.0),
    "servo_valve": (_servo_valve, "stand", ("machine",), 5.0),
    "looper_hunting": (_looper_hunting, "gap", ("process",), 1.0),
    "cobble": (_cobble, "gap", ("process",), 0.5),
    "strip_walk": (_strip_walk, "stand", ("process",), 1.0),
    "gauge_drift": (_gauge_drift, "exit", ("sensor",), 5.0),
    "load_cell": (_load_cell, "stand", ("sensor",), 2.0),
    "work_roll_spalling": (_spalling, "stand", ("machine",), 5.0),
}
LOOKALIKES: dict[str, tuple[Begin, str, tuple[str, ...]]] = {  # begin, place, forbids
    "skid_marks": (_skid_marks, "line", ("machine",)),
    "rougher_wave": (_rougher_wave, "line", ("machine",)),
    "spindle_wobble": (_spindle_wobble, "stand", ("machine",)),
    "scale_patch": (_knocking(lookalikes.ScalePatch, 0.8, 1.5), "stand", ("machine",)),
    "loose_contact": (_knocking(lookalikes.LooseContact, 0.2, 0.5), "stand", ("machine",)),
    "water_spots": (_water_spots, "line", ("machine",)),
    "pressure_dip": (_passing(lookalikes.PressureDip, 0.4, 0.6, (10.0, 20.0)), "line", ("machine",)),
    "valve_exchange": (_passing(lookalikes.ValveExchange, 0.5, 0.9, (20.0, 40.0), True), "stand", ("machine",)),
    "speed_change": (_passing(lookalikes.SpeedChange, 0.85, 1.05, (10.0, 25.0)), "line", ("machine", "process")),
    "speed_step": (_passing(lookalikes.SpeedStep, 0.008, 0.015, (10.0, 20.0), True), "gap", ("process",)),
    "tension_trim": (_passing(lookalikes.TensionTrim, 1.0, 1.8, (10.0, 20.0), True), "line", ("process",)),
    "hard_spot": (_hard_spot, "line", ("sensor",)),
    "camber": (_camber, "line", ("process", "sensor")),
    "cold_edge": (_passing(lookalikes.ColdEdge, 0.06, 0.12, (10.0, 20.0), True), "line", ("process", "sensor")),
    "gauge_dust": (_passing(lookalikes.GaugeDust, 0.03, 0.08, (15.0, 30.0)), "exit", ("sensor",)),
    "velocimeter_drift": (_passing(lookalikes.MassDrift, 0.03, 0.05, (40.0, 60.0), True), "exit", ("sensor",)),
    "warming_rolls": (_passing(lookalikes.WarmingRolls, 0.02, 0.04, (40.0, 60.0)), "exit", ("sensor",)),
    "coil_change": (_coil_change, "line", ("process", "sensor")),
}  # fmt: skip
KINDS = (*FAULTS, *LOOKALIKES)
PARAMETERS = (
    "amplitude", "creep", "depth", "duration", "frequency", "growth", "harmonic", "heat", "left", "over", "rate",
    "severity", "size",
)  # fmt: skip


def begin(
    plant: HotMillPlant, name: str, where: str, params: Mapping[str, float | str], key: int
) -> tuple[Trouble, Injection]:
    """Begin what is called `name`, at a place or at one that is drawn. Raises InputError for what there is not."""
    if name not in KINDS:
        raise InputError(say("The hot mill knows no fault or look-alike '{name}'.", name=name) + nearest(name, KINDS))
    rng = stream(plant.seed, f"hotmill/{name}@{plant.present - plant.start}")
    is_fault = name in FAULTS
    make, at, conditions, reaction = FAULTS[name] if is_fault else (*LOOKALIKES[name], 0.0)
    stand = _stand(name, where, at, rng)
    left = dict(params)
    thing, details = make(plant, stand, left, rng)
    nothing_left(left, name, PARAMETERS)
    path = {"line": tags.UNIT, "exit": tags.EXIT}.get(at, tags.PLACES[stand])
    if is_fault:
        return thing, Injection(key, name, path, "fault", conditions, (), reaction, None, details)
    lasts = thing.duration + AFTERMATH_S  # pyright: ignore[reportAttributeAccessIssue]
    return thing, Injection(key, name, path, "lookalike", (), conditions, 0.0, lasts, details)


def _stand(name: str, where: str, at: str, rng: np.random.Generator) -> int:
    """From 0. 'F3' or its path; of a gap, the stand before it; drawn where left open."""
    most = GAPS if at == "gap" else STANDS
    drawn = int(rng.integers(0, most))
    if at in ("line", "exit"):
        known = {"line": ("", tags.UNIT), "exit": ("", "EXIT", tags.EXIT)}[at]
        if where not in known:
            raise InputError(
                say("'{where}' is no place of this: it concerns {unit}. Leave the place out.",
                    where=where, unit=tags.UNIT if at == "line" else tags.EXIT)
            )  # fmt: skip
        return STANDS - 1
    if not where:
        return drawn if name != "looper_hunting" else 2 + drawn % (GAPS - 2)  # it is thin strip that hunts
    places = {path: i for i, path in enumerate(tags.PLACES[:most])}
    places |= {path.rsplit("/", 1)[-1]: i for path, i in places.items()}
    if where not in places:
        raise InputError(
            say("'{where}' is no place at the hot mill: name a stand, F1 to F{last}.", where=where, last=most)
        )
    return places[where]


def _sign(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0
