"""The tag tables of descaler, run-out table and coiler."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.runout.cooling import BANKS
from testbed.runout.descaler import HEADERS, ZONES
from testbed.sensors import Sensor, Table, sensors_of, tag_group

MILL = "POH/HOT/HSM2"
TABLE, DESCALER, COILER = f"{MILL}/ROT", f"{MILL}/DESC", f"{MILL}/DC1"
COLD = 200.0  # Cel, a pyrometer's low end

# name: unit, normal range, sensor (lag in s, noise and quantum in the tag's unit)
_TABLE: Table = {
    "T_FDT": ("Cel", (600.0, 1100.0), Sensor(0.1, 0.8, 0.1)),
    "MIDT": ("Cel", (200.0, 1000.0), Sensor(0.1, 1.0, 0.1)),
    "CT": ("Cel", (200.0, 900.0), Sensor(0.1, 1.2, 0.1)),
    "CT_SP": ("Cel", (200.0, 900.0), Sensor(0.0, 0.0, 0.1)),
    "V_STRIP": ("m/s", (0.0, 20.0), Sensor(0.05, 0.004, 0.001)),
    "H_SET": ("mm", (0.0, 25.0), Sensor(0.0, 0.0, 0.001)),
    "BANKS_ON": ("1", (0.0, float(BANKS)), Sensor(0.0, 0.0, 0.25)),
    "WTEMP": ("Cel", (5.0, 40.0), Sensor(5.0, 0.05, 0.1)),
}
_BANKS: Table = {f"BANK_{i}": ("%", (0.0, 100.0), Sensor(0.0, 0.4, 0.1)) for i in range(1, BANKS + 1)}
_DESCALER: Table = {
    "DESC_P": ("bar", (0.0, 250.0), Sensor(0.2, 0.4, 0.1)),
    **{f"DESC_HDR_{i}": ("m3/h", (0.0, 150.0), Sensor(0.5, 0.4, 0.1)) for i in range(1, HEADERS + 1)},
    **{f"T_RDT_{i}": ("Cel", (600.0, 1200.0), Sensor(0.1, 1.5, 0.1)) for i in range(1, ZONES + 1)},
}
_COILER: Table = {
    "MANDREL_RPM": ("/min", (0.0, 400.0), Sensor(0.05, 0.05, 0.01)),
    "MANDREL_TRQ": ("kN.m", (0.0, 150.0), Sensor(0.1, 0.2, 0.1)),
    "COIL_TENS": ("kN", (0.0, 200.0), Sensor(0.1, 0.5, 0.1)),
    "PINCH_GAP": ("mm", (0.0, 40.0), Sensor(0.1, 0.01, 0.01)),
    "PINCH_FRC": ("kN", (0.0, 60.0), Sensor(0.1, 0.3, 0.1)),
    "WRAP_POS": ("mm", (0.0, 150.0), Sensor(0.2, 0.2, 0.1)),
    "TELESCOPE": ("mm", (0.0, 40.0), Sensor(0.5, 0.3, 0.1)),
}

GROUPS = (
    tag_group(TABLE, "table", _TABLE, 10.0),
    tag_group(TABLE, "banks", _BANKS, 1.0),
    tag_group(DESCALER, "descaler", _DESCALER, 10.0),
    tag_group(COILER, "coiler", _COILER, 10.0),
    Group("coil", tuple(Tag(name=f"{COILER}/{short}", group="coil") for short in ("COIL_ID", "GRADE")), "texts"),
)
SENSORS: dict[str, tuple[Sensor, ...]] = {
    group.name: sensors_of(group, _TABLE, _BANKS, _DESCALER, _COILER) for group in GROUPS[:4]
}

# Cooling and descaling are on the mill's controller; the coiler speaks MQTT.
TRANSPORTS = {"table": "opcua", "banks": "opcua", "descaler": "opcua", "coiler": "mqtt", "coil": "opcua"}

# What may be set from outside, by the name the plant acts on.
SETPOINTS = {
    name: Tag(name=f"{place}/SET/{name.upper()}", unit=unit, eu_range=limits, group="set", writable=True)
    for name, place, unit, limits in (
        ("coiling_temperature", TABLE, "Cel", (300.0, 750.0)),
        ("banks_by_hand", TABLE, "1", (-1.0, float(BANKS))),
        ("clean_headers", DESCALER, "1", (0.0, 1.0)),
    )
}
