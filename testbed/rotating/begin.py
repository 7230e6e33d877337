"""Begins a fault or look-alike on a machine: where, how large, how long; what the script leaves open is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from connectors.times import SECOND
from testbed.drawn import nothing_left, number
from testbed.noise import stream
from testbed.plant import Injection
from testbed.rotating.machines import CODES, MACHINES, POINTS, SPALLS
from testbed.rotating.tags import EVERY_S, PUMP, UNIT
from testbed.rotating.troubles import DRAWN, FAULTS, Trouble

if TYPE_CHECKING:
    from testbed.rotating.unit import RotatingPlant

AFTERMATH_S = 6.0  # s after the end of a look-alike in which an alarm may still stand for it: three snapshots
AT_ONE_END = (*SPALLS, "loose_sensor")  # the others are of the whole machine
BEATS_HZ = (9.0, 14.0)  # of a compressor or a hammer next door


def begin(
    plant: RotatingPlant, name: str, where: str, params: Mapping[str, float | str], key: int
) -> tuple[Trouble, Injection]:
    """A fault or look-alike that begins now. Raises InputError for a place or parameter that is not known."""
    rng = stream(plant.seed, f"rotating/{name}@{plant.present}")
    code, end = place(where, name, rng)
    left = dict(params)
    spans, notice = FAULTS.get(name, ((1.0, 1.0), 0.0))
    days = number(left, "days", *spans, rng)
    sizes, lasts = DRAWN.get(name, ((0.0, 0.0), (0.0, 0.0)))
    size = number(left, "size", *sizes, rng)
    duration = number(left, "duration", *lasts, rng)
    pitch = number(left, "pitch", *BEATS_HZ, rng)
    nothing_left(left, name, ("days", "size", "duration", "pitch"))
    if not (days > 0.0 and duration >= 0.0 and pitch > 0.0):
        raise InputError(say("{name}: days and pitch must be above 0, and duration not below.", name=name))
    path = f"{UNIT}/{code}"
    if name in FAULTS:
        trouble = Trouble(key, name, code, end, plant.present, None, days, size)
        details: dict[str, float | str] = {"machine": code, "end": end, "days": round(days, 2)}
        if name in DRAWN:
            details["size"] = round(size, 3)
        reaction = notice * 24.0 / plant.hours * EVERY_S
        return trouble, Injection(key, name, path, "fault", expects=("machine",), reaction_s=reaction, details=details)
    until = plant.present + round(duration * SECOND)
    trouble = Trouble(key, name, code, end, plant.present, until, 0.0, size, pitch)
    details = {"machine": code, "size": round(size, 3)}
    expects = ("sensor",) if name == "loose_sensor" else ()
    return trouble, Injection(key, name, path, "lookalike", expects=expects, forbids=("machine",),
                              duration_s=duration + AFTERMATH_S, details=details)  # fmt: skip


def place(where: str, name: str, rng: np.random.Generator) -> tuple[str, str]:
    """(machine, end) of a text such as 'IDF DE'; what it leaves open is drawn.

    Raises InputError for a machine or end that is not there, and for what does not happen to such a machine.

    >>> place("IDF NDE", "outer_race", np.random.default_rng(1))
    ('IDF', 'NDE')
    """
    drawn = POINTS[int(rng.integers(len(POINTS)))]
    words = where.upper().replace(",", " ").split()
    code = next((word for word in words if word in CODES), "")
    end = next((word for word in words if word in ("DE", "NDE")), "")
    strange = [word for word in words if word not in (code, end)]
    if strange:
        raise InputError(
            say("'{where}' is no place at the machines: '{word}' is not understood.{hint} Write it like 'IDF DE'.",
                where=where, word=strange[0], hint=nearest(strange[0], [*CODES, "DE", "NDE"]))
        )  # fmt: skip
    if name == "cavitation" and code not in ("", PUMP):
        raise InputError(say("Only the pump {pump} cavitates, but '{where}' was named.", pump=PUMP, where=where))
    usual = (PUMP, "DE") if name == "cavitation" else drawn
    code = code or usual[0]
    ends = next(machine.ends for machine in MACHINES if machine.code == code)
    if end and end not in ends:
        raise InputError(say("{code} is watched at {ends}, not at {end}.", code=code, ends=", ".join(ends), end=end))
    if name not in AT_ONE_END:
        return code, ends[0]
    return code, end or (usual[1] if usual[1] in ends else ends[0])
