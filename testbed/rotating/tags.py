"""The tag table of the watched machines: what is measured, how fast, how well, and how it travels."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.rotating.machines import CODES, MACHINES, POINTS
from testbed.rotating.waveform import RATE
from testbed.sensors import Sensor, Table, tag_group

UNIT = "POH/UTIL/CMS1"
EVERY_S = 2  # s of source time from snapshot to snapshot
PUMP = "DSP"

# name: unit, normal range, sensor (lag in s, noise and quantum in the tag's unit). The noise of what is computed from
# a snapshot is that of the estimate, and comes with the snapshot.
_ACC = ("m/s2", (-200.0, 200.0), Sensor(0.0, 0.02, 0.005))
_CONDITION = {
    "VEL_RMS": ("mm/s", (0.0, 25.0), Sensor(0.0, 0.05, 0.01)),
    "ENV_RMS": ("m/s2", (0.0, 100.0), Sensor(0.0, 0.02, 0.005)),
    "KURT": ("1", (0.0, 200.0), Sensor(0.0, 0.1, 0.01)),
}
_POINT = {"TEMP_BRG": ("Cel", (0.0, 120.0), Sensor(0.0, 0.2, 0.1))}
_MACHINE = {
    "RPM": ("/min", (0.0, 4000.0), Sensor(0.0, 0.2, 0.1)),
    "LOAD": ("%", (0.0, 150.0), Sensor(0.0, 0.3, 0.1)),
    "OIL_T": ("Cel", (0.0, 100.0), Sensor(0.0, 0.2, 0.1)),
    "OIL_PART": ("/mL", (0.0, 20000.0), Sensor(0.0, 15.0, 1.0)),
}
_PUMP = {"SUCT_P": ("bar", (0.0, 6.0), Sensor(0.0, 0.01, 0.005))}


def _spread(tables: dict[str, Table]) -> Table:
    """One table of 'IDF/RPM' and the like."""
    return {f"{code}/{short}": row for code, table in tables.items() for short, row in table.items()}


def _points(table: Table, code: str) -> Table:
    ends = [end for at, end in POINTS if at == code]
    return {f"{short}_{end}": row for end in ends for short, row in table.items()}


_VIBRATION_TABLE = _spread({code: _points({"ACC": _ACC}, code) for code in CODES})
_CONDITION_TABLE = _spread({code: _points(_CONDITION, code) for code in CODES})
_RUNNING_TABLE = _spread(
    {code: {**_points(_POINT, code), **_MACHINE, **(_PUMP if code == PUMP else {})} for code in CODES}
)

VIBRATION = tag_group(UNIT, "vibration", _VIBRATION_TABLE, RATE, "blocks")
CONDITION = tag_group(UNIT, "condition", _CONDITION_TABLE, 1.0 / EVERY_S)
RUNNING = tag_group(UNIT, "running", _RUNNING_TABLE, 1.0)
GROUPS: tuple[Group, ...] = (VIBRATION, CONDITION, RUNNING)

# Waveforms and what is computed from them come from the vibration monitor by MQTT, the rest from the drives.
TRANSPORTS = {"vibration": "mqtt", "condition": "mqtt", "running": "opcua"}

# What may be set from outside: the number of a machine (1 = the fan, …) that is stopped and overhauled.
SETPOINTS = {
    "overhaul": Tag(name=f"{UNIT}/SET/OVERHAUL", eu_range=(1.0, float(len(MACHINES))), group="set", writable=True)
}


def sensors(group: Group) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order."""
    tables = {"vibration": _VIBRATION_TABLE, "condition": _CONDITION_TABLE, "running": _RUNNING_TABLE}
    return tuple(sensor for _, _, sensor in tables[group.name].values())


def accelerometer(code: str, end: str) -> str:
    """Name of the tag."""
    return f"{UNIT}/{code}/ACC_{end}"
