"""What may be injected from the desk: which kinds there are, at which places, and whether they come mild and severe."""

from __future__ import annotations

from typing import Any

from testbed.caster.tags import COLUMNS, FACES
from testbed.hotmill import troubles
from testbed.page import speech
from testbed.plant import Plant, kinds
from testbed.rotating.machines import POINTS, SPALLS
from testbed.severity import scaled

MOULD = tuple(f"{face} column {column}" for face in FACES for column in range(1, COLUMNS + 1))
SPRAY = tuple(f"zone {zone}" for zone in range(5, 9))
WATER = (*FACES, "NL", "NR")
COLD_STANDS = tuple(f"S{i}" for i in range(1, 6))
HOT = {"stand": tuple(f"F{i}" for i in range(1, 8)), "gap": tuple(f"F{i}" for i in range(1, 7))}
# unit: kind: places it may be given; what is not listed has none, or is drawn. Tried on every unit by a test.
PLACES: dict[str, dict[str, tuple[str, ...]]] = {
    "caster": {
        **dict.fromkeys(("sticker", "longitudinal_crack", "loose_thermocouple", "slag_patch", "air_gap"), MOULD),
        **dict.fromkeys(("blocked_spray_nozzle", "zone_setpoint", "pressure_drift"), SPRAY),
        **dict.fromkeys(("mould_water_loss", "flow_meter_drift"), WATER),
    },
    "hotmill": {
        name: HOT[at]
        for table in (troubles.FAULTS, troubles.LOOKALIKES)
        for name, (_, at, *_) in table.items()
        if at in HOT
    },
    "coldmill": dict.fromkeys(("chatter", "chatter_marks", "gear_mesh", "backup_bearing"), COLD_STANDS),
    "rotating": dict.fromkeys(SPALLS, tuple(f"{code} {end}" for code, end in POINTS)),
}  # fmt: skip


def offered(plant: Plant) -> list[dict[str, Any]]:
    """Of each kind its name in all languages, the places to choose from, and whether it comes mild and severe."""
    told = []
    for name in kinds(plant):
        unit, own = _unit(plant, name)
        places = PLACES.get(unit, {}).get(own, ())
        told.append({"name": name, "what": speech.called(name), "places": places, "severities": scaled(unit, own)})
    return told


def _unit(plant: Plant, name: str) -> tuple[str, str]:
    """The unit whose fault or look-alike this is, and its name there."""
    part = getattr(plant, "part", None)
    if part is None:
        return plant.name, name
    unit, own = part(name)
    return unit.name, own
