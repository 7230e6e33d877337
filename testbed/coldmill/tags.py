"""The tag table of the mill: what is measured, how fast, how well, and how it travels.

All five stands carry an accelerometer at 5 kHz: nobody knows beforehand which of them will sing, and 5 kHz holds the
fifth octave with room to spare, while one stand at 25.6 kHz would see four stands not at all.
"""

from __future__ import annotations

from connectors.tags import Group, Kind, Tag
from testbed.coldmill.rolling import STANDS
from testbed.sensors import Sensor

LINE = "POH/COLD/TCM1"
UNITS = tuple(f"{LINE}/S{i}" for i in range(1, STANDS + 1))

_Row = tuple[str, tuple[float, float], Sensor]
# name: unit, normal range, sensor (lag in s, noise and quantum in the tag's unit); of each stand
_VIB: dict[str, _Row] = {"ACC": ("m/s2", (-5.0, 5.0), Sensor(0.0, 0.12, 0.01))}
_GAP: dict[str, _Row] = {
    "ROLL_FORCE": ("MN", (0.0, 15.0), Sensor(0.0, 0.01, 0.002)),
    "TENS": ("MPa", (0.0, 300.0), Sensor(0.0, 1.0, 0.1)),  # behind the stand
    "H_X": ("mm", (0.0, 3.0), Sensor(0.0, 0.0008, 0.0001)),  # a fast gauge, or a laser and mass flow
}
_DRIVE: dict[str, _Row] = {
    "V_ROLL": ("m/s", (0.0, 25.0), Sensor(0.02, 0.002, 0.001)),
    "MOTOR_I": ("kA", (0.0, 15.0), Sensor(0.05, 0.02, 0.01)),
    "ROLL_GAP": ("mm", (-5.0, 10.0), Sensor(0.0, 0.0005, 0.0005)),
    "EMU_FLOW": ("L/min", (0.0, 8000.0), Sensor(1.0, 40.0, 10.0)),
}
_LINE: dict[str, _Row] = {
    "EMU_TEMP": ("Cel", (30.0, 70.0), Sensor(5.0, 0.1, 0.1)),
    "EMU_CONC": ("%", (0.0, 6.0), Sensor(2.0, 0.02, 0.01)),
    "V_EXIT": ("m/min", (0.0, 1500.0), Sensor(0.05, 0.2, 0.1)),
    "STRIP_LEN": ("m", (0.0, 20000.0), Sensor(0.0, 0.0, 0.1)),
}


def _group(name: str, table: dict[str, _Row], units: tuple[str, ...], rate: float, kind: Kind = "scalars") -> Group:
    """Signal by signal, each of all `units`."""
    tags = tuple(
        Tag(name=f"{unit}/{short}", unit=measured, eu_range=limits, rate_hz=rate, group=name)
        for short, (measured, limits, _) in table.items()
        for unit in units
    )
    return Group(name, tags, kind)


VIB = _group("vib", _VIB, UNITS, 5000.0, "blocks")
GAP = _group("gap", _GAP, UNITS, 1000.0, "blocks")
DRIVE = _group("drive", _DRIVE, UNITS, 10.0)
EMULSION = _group("line", _LINE, (LINE,), 10.0)
COIL = Group(
    "coil", tuple(Tag(name=f"{LINE}/{short}", group="coil") for short in ("COIL_ID", "GRADE", "WELD")), "texts"
)
GROUPS = (VIB, GAP, DRIVE, EMULSION, COIL)

# Stands and drives are on the mill's own controller; the vibration monitor and the emulsion plant speak MQTT.
TRANSPORTS = {"vib": "mqtt", "gap": "opcua", "drive": "opcua", "line": "mqtt", "coil": "opcua"}

# What `spectrum` looks at: lines of the fifth octave, against the lines around each.
_LINES = tuple((500.0 + 10.0 * i, 510.0 + 10.0 * i) for i in range(20))
SPECTRUM = {
    "signals": tuple(tag.name for tag in VIB.tags), "rate_hz": 5000.0, "length": 10_000, "stride_s": 1.0, "average": 2,
    "bands": _LINES, "around": tuple(((low - 40.0, low - 15.0), (high + 15.0, high + 40.0)) for low, high in _LINES),
}  # fmt: skip


def _set(name: str, unit: str, low: float, high: float) -> Tag:
    return Tag(name=f"{LINE}/SET/{name.upper()}", unit=unit, eu_range=(low, high), group="set", writable=True)


# What may be set from outside, by the name the plant acts on.
SETPOINTS = {
    "mill_speed": _set("mill_speed", "m/min", 60.0, 1400.0),
    "slow_down": _set("slow_down", "m/min", 0.0, 1400.0),  # by so much, as fast as the drives can
    "emulsion_boost": _set("emulsion_boost", "1", 0.5, 2.0),  # multiple of the usual flow
    "weld_passage": _set("weld_passage", "1", 0.0, 1.0),  # the tension is taken back and the mill slowed
}


def sensors(group: Group) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order."""
    known = {**_VIB, **_GAP, **_DRIVE, **_LINE}
    return tuple(known[tag.short][2] for tag in group.tags)
