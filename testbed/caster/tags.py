"""The tag table of the caster: what is measured, how fast, how well, and how it travels."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.sensors import Sensor, Table, sensors_of, tag_group

UNIT = "POH/STEEL/CC1/S1.MOLD"
STRAND = "POH/STEEL/CC1/S1.STRAND"
FACES = ("BF", "FF")  # broad faces: fixed (base) and free
NARROW_FACES = ("NL", "NR")  # narrow faces: left and right
ROWS, COLUMNS, NARROW_COLUMNS = 3, 12, 2
ZONES, SEGMENTS = 9, 4  # of secondary cooling; driven segments with a measured gap


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
_NARROW_WATER: Table = {
    f"{what}_{face}": row
    for what, row in (
        ("MW_FLOW", ("L/min", (200.0, 800.0), Sensor(1.0, 2.0, 0.5))),
        ("MW_TOUT", ("Cel", (10.0, 70.0), Sensor(3.0, 0.02, 0.01))),
        ("Q_FACE", ("MW/m2", (0.0, 3.0), Sensor(0.0, 0.007, 0.001))),  # computed, as on the broad faces
    )
    for face in NARROW_FACES
}
_SPRAY: Table = {
    f"SPR_Z{zone}_{what}": row
    for what, row in (
        ("FLOW", ("L/min", (0.0, 1200.0), Sensor(1.0, 1.5, 0.5))),
        ("PRES", ("bar", (0.0, 12.0), Sensor(1.0, 0.02, 0.01))),
    )
    for zone in range(1, ZONES + 1)
}
_STRAND: Table = {
    "T_SURF_UNB": ("Cel", (600.0, 1150.0), Sensor(2.0, 3.0, 0.5)),  # a scale film flickers
    "T_SURF_STR": ("Cel", (600.0, 1150.0), Sensor(2.0, 3.0, 0.5)),
    **{f"WD_TRQ_{n}": ("%", (0.0, 120.0), Sensor(0.5, 0.6, 0.1)) for n in range(1, SEGMENTS + 1)},
    **{f"SEG_GAP_{n}": ("mm", (240.0, 260.0), Sensor(0.5, 0.01, 0.005)) for n in range(1, SEGMENTS + 1)},
    "CAST_LEN": ("m", (0.0, 5000.0), Sensor(0.0, 0.0005, 0.001)),
}
_OSCILLATION = {"OSC_FORCE": ("kN", (-400.0, 400.0), Sensor(0.0, 1.5, 0.1))}
THERMOCOUPLE = Sensor(2.0, 0.4, 0.1)  # the lag is drawn for each, 1 … 3 s


def thermocouple_name(face: int, row: int, column: int) -> str:
    """Path of a thermocouple; rows and columns count from 1."""
    return f"{UNIT}/TC_{(*FACES, *NARROW_FACES)[face]}_{row}_{column}"


THERMOCOUPLES = tuple(
    (face, row, column) for face in range(len(FACES)) for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1)
)
NARROW_THERMOCOUPLES = tuple(
    (len(FACES) + face, row, column)
    for face in range(len(NARROW_FACES))
    for row in range(1, ROWS + 1)
    for column in range(1, NARROW_COLUMNS + 1)
)


def _thermocouples(places: tuple[tuple[int, int, int], ...]) -> Table:
    return {thermocouple_name(*place).rsplit("/", 1)[-1]: ("Cel", (20.0, 320.0), THERMOCOUPLE) for place in places}


_TC, _NARROW_TC = _thermocouples(THERMOCOUPLES), _thermocouples(NARROW_THERMOCOUPLES)
_TEXTS = tuple(Tag(name=f"{UNIT}/{short}", group="genealogy") for short in ("HEAT_NO", "GRADE", "SLAB_ID"))

MOLD = tag_group(UNIT, "mold", _MOLD, 10.0)
TC = tag_group(UNIT, "thermocouples", _TC, 2.0)
WATER = tag_group(UNIT, "water", _WATER, 1.0)
OSCILLATION = tag_group(UNIT, "oscillation", _OSCILLATION, 100.0, "blocks")
GENEALOGY = Group("genealogy", _TEXTS, "texts")
NARROW_TC = tag_group(UNIT, "narrow_thermocouples", _NARROW_TC, 2.0)
NARROW_WATER = tag_group(UNIT, "narrow_water", _NARROW_WATER, 1.0)
SPRAY = tag_group(STRAND, "spray", _SPRAY, 1.0)
STRAND_GROUP = tag_group(STRAND, "strand", _STRAND, 1.0)
MARKS = Group("marks", (Tag(name=f"{UNIT}/SLAB_MARK", group="marks"),), "texts")
STATION = (WATER, NARROW_WATER, SPRAY, STRAND_GROUP)  # what is sampled once a second
GROUPS = (MOLD, TC, WATER, OSCILLATION, GENEALOGY, NARROW_TC, NARROW_WATER, SPRAY, STRAND_GROUP, MARKS)

# The level loop and the copper are on the caster's own controller; water stations and oscillator speak MQTT.
TRANSPORTS = {
    "mold": "opcua",
    "thermocouples": "opcua",
    "water": "mqtt",
    "oscillation": "mqtt",
    "genealogy": "opcua",
    "narrow_thermocouples": "opcua",
    "narrow_water": "mqtt",
    "spray": "mqtt",
    "strand": "opcua",
    "marks": "opcua",
}


# What `spectrum` looks at, in orders of the strand's passing of its rolls (0.25 m apart): the level, which bulging
# swings once a roll, and the stopper's command less its position, which a sticking rod swings about half as often.
SPECTRUM = {
    "signals": (f"{UNIT}/LVL_PV", f"{UNIT}/STP_CMD"), "speed": f"{UNIT}/V_CAST", "per": 1.0 / (60.0 * 0.25),
    "mix": ((), ((f"{UNIT}/STP_POS", -1.0),)), "rate_hz": 10.0, "length": 400, "stride_s": 1.0, "average": 5,
    "bands": ((0.85, 1.15), (0.25, 0.75)),
    "around": (((0.45, 0.7), (1.4, 1.8)), ((1.8, 2.6),)),
    "running": None,
}  # fmt: skip

# What `balance` holds together: the pressure before a zone's nozzles, by its root, follows from the zone's flow.
_SPRAYED = tuple((f"{STRAND}/SPR_Z{zone}_PRES", f"{STRAND}/SPR_Z{zone}_FLOW") for zone in range(1, ZONES + 1))
BALANCE = {
    "balances": tuple((f"zone {zone}", (bar,), (flow,)) for zone, (bar, flow) in enumerate(_SPRAYED, 1)),
    "roots": tuple(bar for bar, _ in _SPRAYED),
    "name": "nozzles", "condition": "process", "advice": "purge-spray",
}  # fmt: skip

# What may be set from outside, by the name the plant acts on: unit and range.
LIMITS = {
    "casting_speed": ("m/min", (0.0, 2.0)),
    "slow_down": ("m/min", (0.0, 2.0)),
    "level": ("mm", (-120.0, -80.0)),
    "argon": ("L/min", (0.0, 15.0)),
    "water": ("L/min", (2000.0, 5000.0)),
    "spray": ("1", (0.5, 1.5)),
    "purge_spray": ("1", (0.0, float(ZONES))),
    "exercise_stopper": ("1", (0.0, 1.0)),
    "mark_slab": ("1", (0.0, 1.0)),
}
SETPOINTS = {
    name: Tag(name=f"{UNIT}/SET/{name.upper()}", unit=unit, eu_range=limits, group="set", writable=True)
    for name, (unit, limits) in LIMITS.items()
}


def sensors(group: Group) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order."""
    return sensors_of(group, _MOLD, _WATER, _OSCILLATION, _TC, _NARROW_TC, _NARROW_WATER, _SPRAY, _STRAND)
