"""What a script can put on a coil: marks by class and number, or by the fault of the plant that makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.drawn import number
from testbed.strip import causes
from testbed.strip.fields import EDGE
from testbed.strip.layout import rolled, scattered
from testbed.strip.marks import BENIGN, DEFECTS, stamp
from testbed.strip.passes import Pass
from testbed.strip.render import Box, Placed
from testbed.strip.tags import Line
from testbed.strip.texture import LINES_PER_M, Wander

Params = dict[str, float | str]
CAUSES = {  # faults of the plant, and the class of what they leave
    "blocked_descaler": "scale",
    "clog_release": "sliver",
    "cold_edges": "edge_crack",
    "slab_crack": "seam",
}
KINDS = (*DEFECTS, *CAUSES, *BENIGN)
SLAB_MM = 225.0  # thickness of the slab, as wide as the strip; a common caster's


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """What one fault leaves on one coil.

    Attributes:
        marks: its marks.
        boxes: of each defect; a streak or a stretch of chatter is one defect of many marks.
        cause: path of the equipment at fault; empty for none.
        details: of the fault as drawn, for the record.
    """

    marks: list[Placed]
    boxes: list[Box]
    cause: str = ""
    details: Mapping[str, float | str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where it is laid: a coil, its lines of 0.5 mm still to come, the line's tags, and a number for a roll's marks."""

    coil: Pass
    lines: tuple[int, int]
    line: Line
    series: int

    @property
    def elongation(self) -> float:
        """Metres of strip a metre of slab."""
        return SLAB_MM / float(self.coil.rolling.thickness[-1])


def laid(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    """The marks of a fault or look-alike; takes its parameters out of `params`.

    Raises InputError for a value that does not fit, or where there is no room.
    """
    return _MADE.get(name, _count)(name, params, site, rng)


def parameters(name: str) -> tuple[str, ...]:
    """What a script may give for a fault or look-alike."""
    return _TAKES.get(name, ("count",))


def _count(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    n = _whole(params, 4, 200, rng)
    there = site.coil.strip.marks
    if name == "edge_crack":
        marks = causes.torn(site.lines, n, _edges(site), rng)
    else:
        marks = scattered(name, n, site.lines, there, rng)
    return _each(marks)


def _each(marks: list[Placed], cause: str = "", **details: float) -> Laid:
    return Laid(marks, [mark.box for mark in marks], cause, details)


def _whole(params: Params, usual: int, most: int, rng: np.random.Generator) -> int:
    count = number(params, "count", usual, usual, rng)
    if not 1 <= count <= most or count != int(count):
        raise InputError(
            say("count must be a whole number from 1 to {most}, but got {count:g}.", most=most, count=count)
        )
    return int(count)


def _between(params: Params, name: str, low: float, high: float, rng: np.random.Generator, at: tuple[float, float]):
    """A parameter inside [low, high], drawn inside `at`."""
    value = number(params, name, *at, rng)
    if not low <= value <= high:
        raise InputError(
            say(
                "{name} lies between {low:g} and {high:g}, but got {value:g}.",
                name=name,
                low=low,
                high=high,
                value=value,
            )
        )
    return value


def _edges(site: Site) -> causes.Edges:
    return Wander(site.coil.strip.seed, site.coil.coil).edges


def _roll(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    stands = site.line.stands
    stand = int(number(params, "stand", 1, len(stands) + 1 - 1e-9, rng))
    if not 1 <= stand <= len(stands):
        raise InputError(
            say("stand must be a whole number from 1 to {n}, but got {stand}.", n=len(stands), stand=stand)
        )
    pitch = round(site.coil.rolling.pitch(stand - 1) * LINES_PER_M)
    marks = rolled(pitch, site.series, site.lines, site.coil.strip.marks, rng)
    return _each(marks, f"{site.line.mill}/{stands[stand - 1]}")


def _descaler(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    position = _between(params, "position_mm", 60, 1190, rng, (150, 1100))
    nozzle = _between(params, "nozzle_mm", 30, 200, rng, (50, 90))
    severity = _between(params, "severity", 0.05, 1, rng, (0.6, 0.95))
    marks = causes.descaler_streak(site.lines, position, nozzle, severity, rng)
    if not marks:
        raise InputError(say("The strip has no room left for {n} marks of '{label}'.", n=1, label=name))
    told = {"position_mm": round(position, 1), "nozzle_mm": round(nozzle, 1), "severity": round(severity, 3)}
    return Laid(marks, [causes.hull(marks)], f"{site.line.mill}/DESC", told)


def _chatter(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    speed = _between(params, "speed", 1, 30, rng, (18.0, 21.0))  # m/s of the stand when it rolled
    frequency = _between(params, "frequency", 50, 1000, rng, (540.0, 660.0))
    pitch = causes.pitch_mm(speed, frequency)
    if not 5.0 <= pitch <= 200.0:
        raise InputError(say("Chatter marks lie 5 to 200 mm apart, but {pitch:.3g} mm came.", pitch=pitch))
    length = _between(params, "length_m", 0.5, 2000, rng, (3.0, 6.0))
    first, last = site.lines
    spare = last - first - round(length * LINES_PER_M)
    if spare < 0:
        raise InputError(say("The strip has no room left for {n} marks of '{label}'.", n=1, label=name))
    start = first + int(rng.integers(spare + 1))
    marks = causes.chatter((start, start + round(length * LINES_PER_M)), speed, frequency, rng)
    return Laid(marks, [causes.hull(marks)], site.line.mill, {"pitch_mm": round(pitch, 2)})


def _clog(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    speed = _between(params, "casting_speed", 0.3, 3.0, rng, (1.1, 1.4))
    longest = (site.lines[1] - site.lines[0]) / LINES_PER_M
    per_s = causes.coil_metre(1.0, speed, site.elongation)
    release = number(params, "release_s", 0.15 * longest / per_s, 0.6 * longest / per_s, rng)
    width = _between(params, "width_mm", 60, 1190, rng, (200, 1050))
    metre = causes.coil_metre(release, speed, site.elongation) + site.lines[0] / LINES_PER_M
    marks = causes.slivers(metre, causes.wash(speed, site.elongation), width, site.lines, rng)
    if not marks:
        raise InputError(
            say("Steel cast {release:.4g} s after the slab's head lies at metre {metre:.4g}, and the coil ends before.",
                release=release, metre=metre)
        )  # fmt: skip
    told = {"release_s": round(release, 2), "casting_speed": round(speed, 3), "metre": round(metre, 2)}
    return _each(marks, "POH/STEEL/CC1/S1.MOLD", **told)


def _cold_edges(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    edge = _between(params, "temperature", 600, 1000, rng, (790.0, 815.0))
    return _each(causes.edge_cracks(site.lines, edge, _edges(site), rng), temperature=round(edge, 1))


def _crack(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    crack = _between(params, "crack_mm", 2, 2000, rng, (8.0, 24.0))
    width = _between(params, "width_mm", 60, 1190, rng, (200, 1050))
    length = round(causes.seam_of_crack(crack, site.elongation) * LINES_PER_M)
    first, last = site.lines
    end = first + int(rng.integers(max(1, last - first - length))) + length
    marks: list[Placed] = []
    line = end - length
    while line < min(end, last):
        look = stamp("seam", rng)
        marks.append(Placed("seam", line, EDGE + 2 * round(width) + int(rng.integers(-6, 7)), look))
        line += round(0.8 * look.box[3])
    return Laid(marks, [causes.hull(marks)], "POH/STEEL/CC1/S1.MOLD", {"crack_mm": round(crack, 1)})


def _weld(name: str, params: Params, site: Site, rng: np.random.Generator) -> Laid:
    """Coils are joined tail to head: the weld lies in the last metre."""
    _whole(params, 1, 1, rng)
    look = stamp("weld", rng)
    line = site.lines[1] - len(look.gain) - int(rng.integers(200, 1800))
    return _each([Placed("weld", max(site.lines[0], line), EDGE, look)])


_MADE: Mapping[str, Callable[[str, Params, Site, np.random.Generator], Laid]] = {
    "roll_mark": _roll,
    "blocked_descaler": _descaler,
    "chatter_marks": _chatter,
    "clog_release": _clog,
    "cold_edges": _cold_edges,
    "slab_crack": _crack,
    "weld": _weld,
}
_TAKES = {
    "roll_mark": ("stand",),
    "blocked_descaler": ("position_mm", "nozzle_mm", "severity"),
    "chatter_marks": ("speed", "frequency", "length_m"),
    "clog_release": ("release_s", "casting_speed", "width_mm"),
    "cold_edges": ("temperature",),
    "slab_crack": ("crack_mm", "width_mm"),
}
