"""The tag table of the mould: what is measured, how fast, how well, and how it travels."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.sensors import Sensor, Table, sensors_of, tag_group

UNIT = "POH/STEEL/CC1/S1.MOLD"
FACES = ("BF", "FF")  # broad faces: fixed (base) and free
ROWS, COLUMNS = 3, 12


# name: unit, normal range, rate in Hz, sensor
_MOLD = {
    "LVL_PV": ("mm", (-160.0, -40.0), Sensor(0.0, 0.35, 0.1)),  # the lag is in the loop
    "LVL_SP": ("mm", (-160.0, -40.0), Sensor(0.0, 0.0, 0.1)),
    "STP_POS": ("mm", (0.0, 90.0), Sensor(0.0, 0.02, 0.01)),
    "STP_CMD": ("mm", (0.0, 90.0), Sensor(0.0, 0.0, 0.01)),
    "V_CAST": ("m/min", (0.0, 2.0), Sensor(0.0, 0.002, 0.001)),
    "OSC_FRQ": ("{cpm}", (0.0, 250.0), Sensor(0.0, 0.1, 0.1)),
    "OSC_STR": ("mm", (0.0, 12.0), Sensor(0.0, 0.01, 0.01)),
}
_WATER = {
    "MW_TIN": ("Cel", (10.0, 60.0), Sensor(3.0, 0.02, 0.01)),
    "MW_FLOW_BF": ("L/min", (2000.0, 6000.0), Sensor(1.0, 8.0, 1.0)),
    "MW_FLOW_FF": ("L/min", (2000.0, 6000.0), Sensor(1.0, 8.0, 1.0)),
    "MW_TOUT_BF": ("Cel", (10.0, 70.0), Sensor(3.0, 0.02, 0.01)),
    "MW_TOUT_FF": ("Cel", (10.0, 70.0), Sensor(3.0, 0.02, 0.01)),
    "Q_FACE_BF": (
        "MW/m2",
        (0.0, 3.0),
        Sensor(0.0, 0.007, 0.001),
    ),  # computed from flow and temperatures, which bring the noise
    "Q_FACE_FF": ("MW/m2", (0.0, 3.0), Sensor(0.0, 0.007, 0.001)),
    "TD_WT": ("t", (0.0, 80.0), Sensor(2.0, 0.05, 0.01)),
    "TD_TEMP": ("Cel", (1400.0, 1700.0), Sensor(5.0, 0.4, 0.1)),
    "AR_STP": ("L/min", (0.0, 20.0), Sensor(1.0, 0.05, 0.01)),
    "AR_SEN": ("bar", (0.0, 10.0), Sensor(1.0, 0.01, 0.001)),
}
_OSCILLATION = {"OSC_FORCE": ("kN", (-400.0, 400.0), Sensor(0.0, 1.5, 0.1))}
THERMOCOUPLE = Sensor(2.0, 0.4, 0.1)  # the lag is drawn for each, 1 … 3 s


def thermocouple_name(face: int, row: int, column: int) -> str:
    """Path of a thermocouple; rows and columns count from 1."""
    return f"{UNIT}/TC_{FACES[face]}_{row}_{column}"


THERMOCOUPLES = tuple(
    (face, row, column) for face in range(len(FACES)) for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1)
)
_TC: Table = {
    thermocouple_name(*place).rsplit("/", 1)[-1]: ("Cel", (20.0, 320.0), THERMOCOUPLE) for place in THERMOCOUPLES
}
_TEXTS = tuple(Tag(name=f"{UNIT}/{short}", group="genealogy") for short in ("HEAT_NO", "GRADE", "SLAB_ID"))

MOLD = tag_group(UNIT, "mold", _MOLD, 10.0)
TC = tag_group(UNIT, "thermocouples", _TC, 2.0)
WATER = tag_group(UNIT, "water", _WATER, 1.0)
OSCILLATION = tag_group(UNIT, "oscillation", _OSCILLATION, 100.0, "blocks")
GENEALOGY = Group("genealogy", _TEXTS, "texts")
GROUPS = (MOLD, TC, WATER, OSCILLATION, GENEALOGY)

# The level loop and the copper are on the caster's own controller; water station and oscillator speak MQTT.
TRANSPORTS = {
    "mold": "opcua",
    "thermocouples": "opcua",
    "water": "mqtt",
    "oscillation": "mqtt",
    "genealogy": "opcua",
}


# What may be set from outside, by the name the plant acts on.
SETPOINTS = {
    name: Tag(name=f"{UNIT}/SET/{name.upper()}", unit="m/min", eu_range=(0.0, 2.0), group="set", writable=True)
    for name in ("casting_speed", "slow_down")
}


def sensors(group: Group) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order."""
    return sensors_of(group, _MOLD, _WATER, _OSCILLATION, _TC)
